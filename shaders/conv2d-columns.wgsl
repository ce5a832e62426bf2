// conv2d-columns.wgsl - convolution of horizontal stride 1 in registers, for adapters that are CPUs (and correct everywhere).
//
//   out[n,y,x,o] = act(bias[o] + Σ i,j,c: x[n, y·SH − top + i·DH, x − left + j·DW, group(o)·cg + c] · weight[o,i,j,c] (+ residual[n,y,x,o]))
//
// Layouts: x NHWC; `columns` [n, h, c, row4 vec4s]: the pixels of a row lie side by side, `left` zeros before them and zeros
//   after them; `packed` [kh·kw·cg + 1] rows of o4 vec4s: output channels innermost, filled up with zeros to a multiple of 4,
//   the last row is the bias (conv2d-pack.wgsl); out NHWC, rows of out_stride vec4s, from out_offset on.
// Entries: spread4 and spread write `columns`, 4 pixels of 4 channels (c divides by 4) or of one channel per thread.
//   forward computes TP pixels of a row times 4·TQ channels per thread: it loads WINDOW = ⌈(TP + (TK − 1)·TD) / 4⌉ vec4s of
//   pixels and uses each for all of the TK = KW taps, TD = DW apart. forward_residual adds a tensor shaped like `out` (dense).
// Edges: zeros stand in `columns` left and right; rows above and below are left out. Pixels past the end of a row are computed
//   from zeros, and then the last pixel is stored again in their place, so that no store sits behind a branch.
//   All channels of a thread lie in one group: o / groups is a multiple of 4·TQ, or there is one group.
// Accumulation: f32, the bias first, then kernel rows, channels, and taps innermost.
//
// Why it is fast on a CPU: in lavapipe and SwiftShader each lane makes each load for itself, with a bounds check for every
//   number, whether the address is the same in all lanes or not. That costs ten times what a multiply-add does, but a vec4
//   costs little more than a scalar. With pixels side by side everything is a vec4, and 8 loads serve 192 multiply-adds
//   (3×3, TP = 16, TQ = 1): about 25 % faster than scalar loads of pixels in place, spreading included, and more for 5×5. Larger
//   tiles leave the 32 KiB instruction cache and halve the speed; workgroup memory would need barriers, which cost more still;
//   `&&` would be a branch. Channels stand in Params, not in constants: that costs nothing here, and one pipeline (half a
//   second to compile) serves all layers.

//!include "lib/grid.wgsl"
//!include "lib/activate.wgsl"

struct Params {
  total: u32,   // threads with work
  h: u32, w: u32,
  oh: u32, ow: u32,
  c: u32,       // channels of x
  cg: u32,      // channels of one group of x
  row4: u32,    // vec4s of a row of `columns`
  o4: u32,      // vec4s of a row of `packed`
  group4: u32,  // vec4s of output channels in one group
  top: u32, left: u32,
  out_stride: u32, out_offset: u32, // in vec4s
  kh: u32, sh: u32, dh: u32,
  activation: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> columns: array<vec4f>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> x4: array<vec4f>;
@group(0) @binding(2) var<storage, read> packed: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> spread_out: array<vec4f>;
@group(0) @binding(4) var<storage, read> residual: array<vec4f>;

const TP: u32 = 16u; //!tune
const TQ: u32 = 1u; //!tune
const TILE: u32 = 16u; //!tune
const TK: u32 = 3u; //!tune
const TD: u32 = 1u; //!tune
const WINDOW: u32 = 5u; //!tune

@compute @workgroup_size(WG)
fn spread(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let i = t % p.row4;
  let c = t / p.row4 % p.c;
  let line = t / p.row4 / p.c;
  var v: vec4f;
  //!unroll
  for (var j = 0u; j < 4u; j++) {
    let ix = i * 4u + j - p.left;
    v[j] = select(0.0, x[(line * p.w + min(ix, p.w - 1u)) * p.c + c], ix < p.w);
  }
  spread_out[t] = v;
}

@compute @workgroup_size(WG)
fn spread4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let c4 = p.c / 4u;
  let c = t % c4;
  let i = t / c4 % p.row4;
  let line = t / c4 / p.row4;
  var v: mat4x4f;
  //!unroll
  for (var j = 0u; j < 4u; j++) {
    let ix = i * 4u + j - p.left;
    v[j] = select(vec4f(), x4[(line * p.w + min(ix, p.w - 1u)) * c4 + c], ix < p.w);
  }
  let turned = transpose(v);
  let to = (line * p.c + c * 4u) * p.row4 + i;
  //!unroll
  for (var j = 0u; j < 4u; j++) {
    spread_out[to + j * p.row4] = turned[j];
  }
}

/// Sums of TP pixels from column `first` of an output row on (rows counted through the batch), 4·TQ channels from the vec4 `o` on.
fn tile(line: u32, first: u32, o: u32) -> array<vec4f, TILE> {
  var acc: array<vec4f, TILE>;
  let bias_row = p.kh * TK * p.cg * p.o4 + o;
  //!unroll
  for (var q = 0u; q < TQ; q++) {
    let b = packed[bias_row + q];
    //!unroll
    for (var i = 0u; i < TP; i++) {
      acc[i * TQ + q] = b;
    }
  }
  let y = line % p.oh * p.sh - p.top;
  let plane = line / p.oh * p.h;
  let c0 = o / p.group4 * p.cg;
  for (var ky = 0u; ky < p.kh; ky++) {
    let iy = y + ky * p.dh;
    let above = ((plane + min(iy, p.h - 1u)) * p.c + c0) * p.row4 + first / 4u;
    let count = select(0u, p.cg, iy < p.h);
    for (var c = 0u; c < count; c++) {
      var v: array<vec4f, WINDOW>;
      //!unroll
      for (var i = 0u; i < WINDOW; i++) {
        v[i] = columns[above + c * p.row4 + i];
      }
      //!unroll
      for (var kx = 0u; kx < TK; kx++) {
        let wr = ((ky * TK + kx) * p.cg + c) * p.o4 + o;
        //!unroll
        for (var q = 0u; q < TQ; q++) {
          let wq = packed[wr + q];
          //!unroll
          for (var i = 0u; i < TP; i++) {
            acc[i * TQ + q] += v[(i + kx * TD) / 4u][(i + kx * TD) % 4u] * wq;
          }
        }
      }
    }
  }
  return acc;
}

/// Which row, column and channels a thread computes.
struct Place { line: u32, first: u32, o: u32 }

fn place(t: u32) -> Place {
  let blocks = p.o4 / TQ;
  let tiles = (p.ow + TP - 1u) / TP;
  return Place(t / blocks / tiles, t / blocks % tiles * TP, t % blocks * TQ);
}

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let at = place(t);
  let acc = tile(at.line, at.first, at.o);
  //!unroll
  for (var q = 0u; q < TQ; q++) {
    var last = acc[q];
    //!unroll
    for (var i = 0u; i < TP; i++) {
      last = select(last, acc[i * TQ + q], at.first + i < p.ow);
      let pixel = at.line * p.ow + min(at.first + i, p.ow - 1u);
      out[pixel * p.out_stride + p.out_offset + at.o + q] = activate(last);
    }
  }
}

@compute @workgroup_size(WG)
fn forward_residual(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let at = place(t);
  let acc = tile(at.line, at.first, at.o);
  //!unroll
  for (var q = 0u; q < TQ; q++) {
    var last = acc[q];
    //!unroll
    for (var i = 0u; i < TP; i++) {
      last = select(last, acc[i * TQ + q], at.first + i < p.ow);
      let pixel = at.line * p.ow + min(at.first + i, p.ow - 1u);
      out[pixel * p.out_stride + p.out_offset + at.o + q] = activate(last + residual[pixel * p.o4 + at.o + q]);
    }
  }
}
