// conv2d-lanes-weight-gradient.wgsl - the weight gradient of conv2d in registers, the lanes of a subgroup loading for one another,
// for adapters that are CPUs.
//
//   out[o,i,j,c] = Σ n,y,x: grad[n,y,x,o] · x[n, y·SH − top + i·DH, x·SW − left + j·DW, group(o)·cg + c]
//
// Layouts: x NHWC with channels filled up to a multiple of 4, grad NHWC as it is; `sums` is `chunks` times [o,kh,kw,cg] with o and cg filled
//   up likewise, to be added up by `reduce` of conv2d-direct-weight-gradient.wgsl.
// Entry: partial computes TK taps of a row of the kernel, of TO = LANES · LOADS output channels × 2·TC·LANES input channels per team of
//   LANES lanes, TC vec2s of input channels per lane. TK is 1, or KW where SW = DW = 1: then a window of TK pixels of x moves along the row.
//   A layer (z) of the dispatch is one chunk of output rows, for TK taps.
// Edges: what lies outside x counts as zero, without a branch (coordinates are unsigned, one before the edge is huge); rows of the
//   kernel that lie outside are left out. Past the last channel the last is computed and stored again.
// Accumulation: f32, in pixel order within a chunk. No atomics: the same result every time.
// Why it is fast on a CPU: as in conv2d-lanes.wgsl. A pixel takes LOADS numbers of grad and 2·TC of x for 2·TC·TO·TK multiply-adds: 24 per
//   number loaded with TO = 16, TC = 1, TK = 3, where a lane that loads for itself (conv2d-direct-weight-gradient.wgsl) makes 8.

enable subgroups;

//!include "lib/grid.wgsl"

struct Params {
  total: u32,    // threads with work in a layer
  lines: u32,    // n·oh
  per_chunk: u32, // rows of the output in one chunk
  h: u32, w: u32,
  oh: u32, ow: u32,
  c2: u32,       // vec2s in a pixel of x
  cg2: u32,      // vec2s in one group of x
  o: u32,        // channels of grad
  o4: u32,       // vec4s of output channels in sums
  group: u32,    // channels of grad in one group
  top: u32, left: u32,
  kh: u32,
  kw: u32,       // a multiple of TK
  sh: u32, sw: u32,
  dh: u32, dw: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec2f>;
@group(0) @binding(2) var<storage, read> grad: array<f32>;
@group(0) @binding(3) var<storage, read_write> sums: array<vec2f>;

/// Lanes that load for one another: a subgroup, or a half of one (threads of a subgroup are neighbours). TO = LANES · LOADS, TILE = TO · TK.
const LANES: u32 = 8u; //!tune
const LOADS: u32 = 2u; //!tune
const TO: u32 = 16u; //!tune
const TC: u32 = 1u; //!tune
const TK: u32 = 3u; //!tune
const TX: u32 = 3u; //!tune
const TILE: u32 = 48u; //!tune
//!variant LANES=4 LOADS=4 TC=2 TK=1 TX=2 TILE=32

@compute @workgroup_size(WG)
fn partial(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(workgroup_id) wid: vec3u, @builtin(subgroup_invocation_id) invocation: u32) {
  let blocks = (p.cg2 + LANES * TC - 1u) / (LANES * TC);
  // Threads beyond the last team do its work again: all lanes stay together.
  let number = min(flat_index(gid, groups), p.total - 1u) / LANES;
  let lane = invocation % LANES;
  let team = invocation - lane;
  let o = number / blocks * TO;
  var c: array<u32, TC>;
  var xc: array<u32, TC>;
  //!unroll
  for (var m = 0u; m < TC; m++) {
    c[m] = min((number % blocks * TC + m) * LANES + lane, p.cg2 - 1u);
    xc[m] = o / p.group * p.cg2 + c[m];
  }
  var channel: array<u32, LOADS>;
  //!unroll
  for (var q = 0u; q < LOADS; q++) {
    channel[q] = min(o + q * LANES + lane, p.o - 1u);
  }
  let columns = p.kw / TK;
  let chunk = wid.z / (p.kh * columns);
  let ky = wid.z / columns % p.kh;
  let kx = wid.z % columns * TK;
  let dy = ky * p.dh - p.top;
  let dx = kx * p.dw - p.left;
  var acc: array<vec2f, TILE>;
  let last = min((chunk + 1u) * p.per_chunk, p.lines);
  for (var line = chunk * p.per_chunk; line < last; line++) {
    let iy = line % p.oh * p.sh + dy;
    let above = (line / p.oh * p.h + min(iy, p.h - 1u)) * p.w;
    let width = select(0u, p.ow, iy < p.h);
    // v[k·TC …] is x at tap kx + k of the output pixel at hand; that of the last tap is loaded in the loop.
    var v: array<vec2f, TX>;
    //!unroll
    for (var k = 1u; k < TK; k++) {
      let ix = k - 1u + dx;
      //!unroll
      for (var m = 0u; m < TC; m++) {
        v[k * TC + m] = select(vec2f(), x[(above + min(ix, p.w - 1u)) * p.c2 + xc[m]], ix < p.w);
      }
    }
    for (var i = 0u; i < width; i++) {
      //!unroll
      for (var k = TC; k < TX; k++) {
        v[k - TC] = v[k];
      }
      let ix = i * p.sw + (TK - 1u) + dx;
      //!unroll
      for (var m = 0u; m < TC; m++) {
        v[TX - TC + m] = select(vec2f(), x[(above + min(ix, p.w - 1u)) * p.c2 + xc[m]], ix < p.w);
      }
      let pixel = (line * p.ow + i) * p.o;
      //!unroll
      for (var q = 0u; q < LOADS; q++) {
        let own = grad[pixel + channel[q]];
        //!unroll
        for (var j = 0u; j < LANES; j++) {
          let g = subgroupShuffle(own, team + j);
          //!unroll
          for (var k = 0u; k < TX; k++) {
            acc[(q * LANES + j) * TX + k] += g * v[k];
          }
        }
      }
    }
  }
  //!unroll
  for (var j = 0u; j < TO; j++) {
    let to = ((chunk * p.o4 * 4u + min(o + j, p.o - 1u)) * p.kh + ky) * p.kw + kx;
    //!unroll
    for (var k = 0u; k < TK; k++) {
      //!unroll
      for (var m = 0u; m < TC; m++) {
        sums[(to + k) * p.cg2 + c[m]] = acc[j * TX + k * TC + m];
      }
    }
  }
}
