// depthwise-conv2d-input-gradient.wgsl - the input gradient of a strided depthwise convolution (groups = channels), and so the
// transposed depthwise convolution, in registers. For stride 1 it is a convolution with mirrored taps: depthwise-conv2d.wgsl.
//
//   out[n,y,x,c] = act(bias[c] + Σ i,j: grad[n, (y + top − i·DH) / SH, (x + left − j·DW) / SW, c] · weight[c,i,j] (+ residual[n,y,x,c]))
//   over the taps where both divisions leave no remainder and land inside grad
//
// Layouts: grad NHWC [n,gh,gw,c] with whole vec4s of channels; `packed` [KH·KW + 1] rows of c4 vec4s, taps first, the bias last
//   (conv2d-pack.wgsl); out NHWC [n,h,w,c], rows of out_stride vec4s, from out_offset on.
// Entries: transposed computes, for one vec4 of channels, TX·SW neighbouring columns of one row per thread; transposed_residual
//   adds a tensor shaped like `out` (dense) before the activation.
// Columns are counted from `left` before the map on, in blocks of SW, so that which taps meet a column, and in which column of
//   grad, depends on its place in the block only: these decisions are constants, and no zero between strides is multiplied.
// Edges: coordinates are unsigned, one before the edge is huge; they are clamped into grad and what was outside is replaced by
//   zero. Columns of the first and the last block that lie outside the map are not stored.
// Accumulation: f32, the bias first, then taps row by row. A gather: deterministic.
//
// Why it is fast: a row of grad is read once, as WINDOW = TX + ⌈(KW − 1)·DW / SW⌉ vec4s, for all columns of the thread: with
//   3×3, stride 2 and TX = 4, 5 loads serve 12 multiply-adds of vec4s. Neighbouring threads take neighbouring channels.

//!include "lib/grid.wgsl"
//!include "lib/activate.wgsl"
//!variant TX=2 SW=3 TILE=6 KW=5 DW=2 SPAN=3 WINDOW=5

struct Params {
  total: u32,   // threads with work
  tiles: u32,   // threads that share the columns of a row
  h: u32, w: u32,   // of the result
  gh: u32, gw: u32, // of grad
  c4: u32,      // vec4s of a pixel of grad, and of a row of `packed`
  top: u32, left: u32,
  out_stride: u32, out_offset: u32, // in vec4s
  activation: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> grad: array<vec4f>;
@group(0) @binding(2) var<storage, read> packed: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(4) var<storage, read> residual: array<vec4f>;

override KH: u32 = 3u;
override SH: u32 = 2u;
override DH: u32 = 1u;
const KW: u32 = 3u; //!tune
const SW: u32 = 2u; //!tune
const DW: u32 = 1u; //!tune
/// Blocks of SW columns that a thread computes, and TILE = TX·SW.
const TX: u32 = 4u; //!tune
const TILE: u32 = 8u; //!tune
/// Columns of grad that the taps reach back: ⌈(KW − 1)·DW / SW⌉.
const SPAN: u32 = 1u; //!tune
const WINDOW: u32 = 5u; //!tune

/// What a thread computes: a vec4 of channels, a row (`line` counts through the batch) and blocks of columns from `block` on.
struct Place { c: u32, image: u32, y: u32, line: u32, block: u32 }

fn place(t: u32) -> Place {
  let line = t / p.c4 / p.tiles;
  return Place(t % p.c4, line / p.h, line % p.h, line, p.left / SW + t / p.c4 % p.tiles * TX);
}

/// Sums of the thread's columns, bias included.
fn tile(at: Place) -> array<vec4f, TILE> {
  var acc: array<vec4f, TILE>;
  let bias = packed[KH * KW * p.c4 + at.c];
  //!unroll
  for (var i = 0u; i < TILE; i++) {
    acc[i] = bias;
  }
  for (var ky = 0u; ky < KH; ky++) {
    let below = at.y + p.top - ky * DH; // wraps when the tap reaches above grad
    if ((at.y + p.top < ky * DH) | (below % SH != 0u) | (below / SH >= p.gh)) { continue; }
    let row = (at.image * p.gh + below / SH) * p.gw;
    var v: array<vec4f, WINDOW>;
    //!unroll
    for (var k = 0u; k < WINDOW; k++) {
      let gx = at.block + k - SPAN;
      v[k] = select(vec4f(), grad[(row + min(gx, p.gw - 1u)) * p.c4 + at.c], gx < p.gw);
    }
    //!unroll
    for (var kx = 0u; kx < KW; kx++) {
      let wk = packed[(ky * KW + kx) * p.c4 + at.c];
      //!unroll
      for (var rx = 0u; rx < SW; rx++) {
        if ((rx + SPAN * SW - kx * DW) % SW == 0u) {
          //!unroll
          for (var i = 0u; i < TX; i++) {
            acc[i * SW + rx] += v[i + (rx + SPAN * SW - kx * DW) / SW] * wk;
          }
        }
      }
    }
  }
  return acc;
}

@compute @workgroup_size(WG)
fn transposed(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let at = place(t);
  let acc = tile(at);
  //!unroll
  for (var i = 0u; i < TILE; i++) {
    let column = at.block * SW + i - p.left;
    if (column < p.w) {
      out[(at.line * p.w + column) * p.out_stride + p.out_offset + at.c] = activate(acc[i]);
    }
  }
}

@compute @workgroup_size(WG)
fn transposed_residual(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let at = place(t);
  let acc = tile(at);
  //!unroll
  for (var i = 0u; i < TILE; i++) {
    let column = at.block * SW + i - p.left;
    if (column < p.w) {
      let pixel = at.line * p.w + column;
      out[pixel * p.out_stride + p.out_offset + at.c] = activate(acc[i] + residual[pixel * p.c4 + at.c]);
    }
  }
}
