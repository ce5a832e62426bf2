// conv2d-direct-weight-gradient.wgsl - the weight gradient of conv2d in registers, for adapters that are CPUs (correct everywhere).
//
//   out[o,i,j,c] = Σ n,y,x: grad[n,y,x,o] · x[n, y·SH − top + i·DH, x·SW − left + j·DW, group(o)·cg + c]
//
// Layouts: x NHWC and grad NHWC with channels filled up to a multiple of 4 (conv2d-pack.wgsl); `sums` is `chunks` times
//   [o,kh,kw,cg] with o and cg filled up likewise; out OHWI, dense.
// Entries: partial computes one tap of 4·TO output channels × 4·TC input channels over one chunk of output rows per thread;
//   partial_row is for SW = DW = 1: all TK = KW taps of a row of the kernel for 4·TO × 4 channels, with a window of TK pixels
//   of x that moves along the row, so that each step loads one vec4 of x. reduce adds the chunks up, one thread per weight.
// Edges: what lies outside x counts as zero, without a branch (coordinates are unsigned, one before the edge is huge);
//   rows of the kernel that lie outside are left out.
// Accumulation: f32, in pixel order within a chunk, then chunk by chunk: the same result every time. No atomics.
// Why it is fast on a CPU: as in conv2d-direct.wgsl; 4 (partial) and 8 (partial_row, TO = 2) multiply-adds per loaded number.

//!include "lib/grid.wgsl"

struct Params {
  total: u32,    // threads with work
  lines: u32,    // n·oh
  per_chunk: u32, // rows of the output in one chunk
  h: u32, w: u32,
  oh: u32, ow: u32,
  c4: u32,       // vec4s in a pixel of x
  cg4: u32,      // vec4s in one group of x
  o4: u32,       // vec4s in a pixel of grad
  group4: u32,   // vec4s of output channels in one group
  top: u32, left: u32,
  chunks: u32,
  kh: u32, kw: u32,
  sh: u32, sw: u32,
  dh: u32, dw: u32,
  o: u32, cg: u32, // sizes of the weight itself, for reduce
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> grad: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> sums: array<vec4f>;

@group(0) @binding(1) var<storage, read> parts: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

const TO: u32 = 2u; //!tune
const TC: u32 = 2u; //!tune
const TILE: u32 = 16u; //!tune
const TK: u32 = 3u; //!tune
const TILE_ROW: u32 = 24u; //!tune

@compute @workgroup_size(WG)
fn partial(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let c_blocks = p.cg4 / TC;
  let o_blocks = p.o4 / TO;
  let c = t % c_blocks * TC;
  let o = t / c_blocks % o_blocks * TO;
  let tap = t / (c_blocks * o_blocks) % (p.kh * p.kw);
  let chunk = t / (c_blocks * o_blocks * p.kh * p.kw);
  let dy = tap / p.kw * p.dh - p.top;
  let dx = tap % p.kw * p.dw - p.left;
  let xc = o / p.group4 * p.cg4 + c;
  var acc: array<vec4f, TILE>;
  let last = min((chunk + 1u) * p.per_chunk, p.lines);
  for (var line = chunk * p.per_chunk; line < last; line++) {
    let iy = line % p.oh * p.sh + dy;
    let above = (line / p.oh * p.h + min(iy, p.h - 1u)) * p.w;
    let width = select(0u, p.ow, iy < p.h);
    for (var i = 0u; i < width; i++) {
      let ix = i * p.sw + dx;
      let at = (above + min(ix, p.w - 1u)) * p.c4 + xc;
      let place = (line * p.ow + i) * p.o4 + o;
      var v: array<vec4f, TC>;
      //!unroll
      for (var k = 0u; k < TC; k++) {
        v[k] = select(vec4f(), x[at + k], ix < p.w);
      }
      //!unroll
      for (var q = 0u; q < TO; q++) {
        let g = grad[place + q];
        //!unroll
        for (var k = 0u; k < TC; k++) {
          acc[(q * TC + k) * 4u] += g.x * v[k];
          acc[(q * TC + k) * 4u + 1u] += g.y * v[k];
          acc[(q * TC + k) * 4u + 2u] += g.z * v[k];
          acc[(q * TC + k) * 4u + 3u] += g.w * v[k];
        }
      }
    }
  }
  let base = chunk * p.o4 * 4u;
  //!unroll
  for (var q = 0u; q < TO; q++) {
    //!unroll
    for (var j = 0u; j < 4u; j++) {
      let to = ((base + (o + q) * 4u + j) * (p.kh * p.kw) + tap) * p.cg4 + c;
      //!unroll
      for (var k = 0u; k < TC; k++) {
        sums[to + k] = acc[(q * TC + k) * 4u + j];
      }
    }
  }
}

@compute @workgroup_size(WG)
fn partial_row(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let o_blocks = p.o4 / TO;
  let c = t % p.cg4;
  let o = t / p.cg4 % o_blocks * TO;
  let ky = t / (p.cg4 * o_blocks) % p.kh;
  let chunk = t / (p.cg4 * o_blocks * p.kh);
  let dy = ky * p.dh - p.top;
  let xc = o / p.group4 * p.cg4 + c;
  var acc: array<vec4f, TILE_ROW>;
  let last = min((chunk + 1u) * p.per_chunk, p.lines);
  for (var line = chunk * p.per_chunk; line < last; line++) {
    let iy = line % p.oh * p.sh + dy;
    let above = (line / p.oh * p.h + min(iy, p.h - 1u)) * p.w;
    let width = select(0u, p.ow, iy < p.h);
    // v[k] is x at tap k of the output pixel at hand; the last is loaded in the loop.
    var v: array<vec4f, TK>;
    //!unroll
    for (var k = 1u; k < TK; k++) {
      let ix = k - 1u - p.left;
      v[k] = select(vec4f(), x[(above + min(ix, p.w - 1u)) * p.c4 + xc], ix < p.w);
    }
    for (var i = 0u; i < width; i++) {
      //!unroll
      for (var k = 1u; k < TK; k++) {
        v[k - 1u] = v[k];
      }
      let ix = i + (TK - 1u) - p.left;
      v[TK - 1u] = select(vec4f(), x[(above + min(ix, p.w - 1u)) * p.c4 + xc], ix < p.w);
      let place = (line * p.ow + i) * p.o4 + o;
      //!unroll
      for (var q = 0u; q < TO; q++) {
        let g = grad[place + q];
        //!unroll
        for (var k = 0u; k < TK; k++) {
          acc[(q * TK + k) * 4u] += g.x * v[k];
          acc[(q * TK + k) * 4u + 1u] += g.y * v[k];
          acc[(q * TK + k) * 4u + 2u] += g.z * v[k];
          acc[(q * TK + k) * 4u + 3u] += g.w * v[k];
        }
      }
    }
  }
  let base = chunk * p.o4 * 4u;
  //!unroll
  for (var q = 0u; q < TO; q++) {
    //!unroll
    for (var j = 0u; j < 4u; j++) {
      let to = (((base + (o + q) * 4u + j) * p.kh + ky) * TK) * p.cg4 + c;
      //!unroll
      for (var k = 0u; k < TK; k++) {
        sums[to + k * p.cg4] = acc[(q * TK + k) * 4u + j];
      }
    }
  }
}

@compute @workgroup_size(WG)
fn reduce(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let wide = p.cg4 * 4u;
  let at = t / p.cg * wide + t % p.cg;
  let size = p.o4 * 4u * p.kh * p.kw * wide;
  var sum = 0.0;
  for (var chunk = 0u; chunk < p.chunks; chunk++) {
    sum += parts[chunk * size + at];
  }
  out[t] = sum;
}
