// conv2d-direct.wgsl - convolution in registers, for adapters that are CPUs (correct everywhere).
//
//   out[n,y,x,o] = act(bias[o] + Σ_{i,j,c} x[n, y·SH − top + i·DH, x·SW − left + j·DW, group(o)·cg + c] · weight[o,i,j,c] (+ residual[n,y,x,o]))
//
// Layouts: x NHWC, weight OHWI [o,kh,kw,cg], out NHWC, perhaps a channel slice of wider rows (out_stride, out_offset, in vec4s).
//   `packed` is [kh·kw·cg + 1][o4 vec4s]: output channels innermost, padded with zeros to a multiple of 4; its last row is the bias.
//
// pack: one thread per float of `packed`.   unpack: one thread per output, drops the channels added to make a multiple of 4.
// forward, forward_residual: one thread computes TP pixels, consecutive in the flattened (n,y,x), times 4·TQ channels.
// row, row_residual: the same for SW = DW = 1, with TP pixels of one row, so that an x value serves all KW taps that touch it.
//
// Edges: coordinates are clamped into x and what was outside is replaced by zero, so that no load sits behind a branch.
//   Pixels past the end are computed and not stored. Channels of a thread lie in one group: o/groups is a multiple of 4·TQ.
// Accumulation: f32, taps outermost, channels innermost, in order.
//
// Why it is fast on a CPU: lavapipe turns each load inside a loop into one scalar load and bounds check per lane, whether uniform
//   or not, so loads cost ten times what multiply-adds do; a tile of 64 sums makes 4 (forward) to 6.4 (row) multiply-adds of each
//   loaded value. Larger tiles leave the 32 KiB instruction cache and halve the speed. Workgroup memory would need barriers, which
//   are slower still. Channels stand in Params, not in constants: compiling takes 0.2 s, and one pipeline serves every layer.

//!include "lib/grid.wgsl"

struct Params {
  total: u32,        // threads with work
  pixels: u32,       // n·oh·ow
  h: u32, w: u32,    // of x
  oh: u32, ow: u32,
  c: u32,            // channels of x
  cg: u32,           // of one group
  o: u32,            // output channels
  o4: u32,           // the same in vec4s, rounded up
  group4: u32,       // output vec4s of one group
  top: i32, left: i32,
  out_stride: u32, out_offset: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> packed: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(4) var<storage, read> residual: array<vec4f>;

@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> packed_out: array<f32>;
@group(0) @binding(1) var<storage, read> padded: array<f32>;
@group(0) @binding(3) var<storage, read_write> cropped: array<f32>;

override KH: u32 = 3;
override KW: u32 = 3;
override SH: u32 = 1;
override SW: u32 = 1;
override DH: u32 = 1;
override DW: u32 = 1;
override HAS_BIAS: u32 = 0;
override RELU: u32 = 0;
// pack for an input gradient: taps are turned round, and input and output channels change places.
override FLIP: u32 = 0;

const TP: u32 = 8u; //!tune
const TQ: u32 = 2u; //!tune
const TK: u32 = 3u; //!tune

/// ReLU that keeps NaN: max(NaN, 0) may be 0.
fn relu(v: vec4f) -> vec4f {
  let nan = (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
  return select(max(v, vec4f()), v, nan);
}

fn activate(v: vec4f) -> vec4f {
  if (RELU == 1u) { return relu(v); }
  return v;
}

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let blocks = p.o4 / TQ;
  let o = (t % blocks) * TQ;
  let first = (t / blocks) * TP;
  let acc = tile(first, o);
  //!unroll
  for (var i = 0u; i < TP; i++) {
    if (first + i < p.pixels) {
      let at = (first + i) * p.out_stride + p.out_offset + o;
      //!unroll
      for (var q = 0u; q < TQ; q++) {
        out[at + q] = activate(acc[i * TQ + q]);
      }
    }
  }
}

/// Sums of TP pixels from `first` on and 4·TQ channels from the vec4 `o` on, bias included.
fn tile(first: u32, o: u32) -> array<vec4f, TP * TQ> {
  var acc: array<vec4f, TP * TQ>;
  var y: array<i32, TP>;
  var xx: array<i32, TP>;
  var base: array<u32, TP>;
  let c0 = (o / p.group4) * p.cg;
  let bias_row = KH * KW * p.cg * p.o4 + o;
  //!unroll
  for (var i = 0u; i < TP; i++) {
    let pixel = min(first + i, p.pixels - 1u);
    let line = pixel / p.ow;
    y[i] = i32((line % p.oh) * SH) - p.top;
    xx[i] = i32((pixel - line * p.ow) * SW) - p.left;
    base[i] = (line / p.oh) * p.h;
    //!unroll
    for (var q = 0u; q < TQ; q++) {
      acc[i * TQ + q] = packed[bias_row + q];
    }
  }
  for (var ky = 0u; ky < KH; ky++) {
    for (var kx = 0u; kx < KW; kx++) {
      var at: array<u32, TP>;
      var inside: array<bool, TP>;
      //!unroll
      for (var i = 0u; i < TP; i++) {
        let iy = y[i] + i32(ky * DH);
        let ix = xx[i] + i32(kx * DW);
        inside[i] = iy >= 0 && iy < i32(p.h) && ix >= 0 && ix < i32(p.w);
        at[i] = ((base[i] + u32(clamp(iy, 0, i32(p.h) - 1))) * p.w + u32(clamp(ix, 0, i32(p.w) - 1))) * p.c + c0;
      }
      let row = (ky * KW + kx) * p.cg;
      for (var c = 0u; c < p.cg; c++) {
        var v: array<f32, TP>;
        //!unroll
        for (var i = 0u; i < TP; i++) {
          v[i] = select(0.0, x[at[i] + c], inside[i]);
        }
        let wr = (row + c) * p.o4 + o;
        //!unroll
        for (var q = 0u; q < TQ; q++) {
          let wq = packed[wr + q];
          //!unroll
          for (var i = 0u; i < TP; i++) {
            acc[i * TQ + q] += v[i] * wq;
          }
        }
      }
    }
  }
  return acc;
}
