// conv2d - 2-D convolution with stride, zero padding, dilation (the atrous rate) and groups, and its two gradients. The clear one.
//
//   forward          out[n,i,j,o]     = act(bias[o] + Σ over r,s,c of x[n, i·SH + r·DH − top, j·SW + s·DW − left, c] · weight[o,r,s,c] (+ residual))
//   input_gradient   out[n,y,z,c]     = act(bias[c] + Σ over o,r,s of grad[n,i,j,o] · weight[o,r,s,c] (+ residual)),  i·SH + r·DH − top = y, j·SW + s·DW − left = z
//   weight_gradient  out[o,r,s,c]     = Σ over n,i,j of grad[n,i,j,o] · x[n, i·SH + r·DH − top, j·SW + s·DW − left, c]
//
// c runs over the channels of o's group. The input gradient is the forward pass of a transposed convolution.
// Layouts: x, grad and feature maps NHWC; weight OHWI [o, kh, kw, c / groups]. `out` of the first two may be a slice of the
// channels of a wider tensor (out_stride, out_offset). Without a bias, any buffer stands in its place and HAS_BIAS is 0.
// Each entry: one thread per element of its output; reads outside a map count as 0; f32 sums in the order of the loops.
// Gathers, no atomics: the same bits every time. Faster: conv2d-direct.wgsl.

//!include "lib/grid.wgsl"
//!include "lib/activate.wgsl"

override KH: u32 = 3u;
override KW: u32 = 3u;
override SH: u32 = 1u;
override SW: u32 = 1u;
override DH: u32 = 1u;
override DW: u32 = 1u;
override HAS_BIAS: u32 = 0u;

/// h, w, c: of x (and of the input gradient); oh, ow, o: of the output (and of grad); cg, og: channels per group.
struct Params { n: u32, h: u32, w: u32, c: u32, oh: u32, ow: u32, o: u32, cg: u32, og: u32, top: u32, left: u32, out_stride: u32, out_offset: u32, activation: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> grad: array<f32>;
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> residual: array<f32>;
@group(0) @binding(6) var<storage, read_write> out: array<f32>;

fn epilogue(sum: f32) -> f32 {
  return activate(vec4f(sum)).x;
}

fn convolve(t: u32) -> f32 {
  let o = t % p.o;
  let j = t / p.o % p.ow;
  let i = t / (p.o * p.ow) % p.oh;
  let n = t / (p.o * p.ow * p.oh);
  let first = o / p.og * p.cg;
  var sum = 0.0;
  if (HAS_BIAS != 0u) { sum = bias[o]; }
  for (var r = 0u; r < KH; r++) {
    let y = i * SH + r * DH - p.top; // wraps below 0, and is then past h
    if (y >= p.h) { continue; }
    for (var s = 0u; s < KW; s++) {
      let z = j * SW + s * DW - p.left;
      if (z >= p.w) { continue; }
      for (var c = 0u; c < p.cg; c++) {
        sum += x[((n * p.h + y) * p.w + z) * p.c + first + c] * weight[((o * KH + r) * KW + s) * p.cg + c];
      }
    }
  }
  return sum;
}

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.n * p.oh * p.ow * p.o) { return; }
  out[t / p.o * p.out_stride + p.out_offset + t % p.o] = epilogue(convolve(t));
}

@compute @workgroup_size(WG)
fn forward_residual(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.n * p.oh * p.ow * p.o) { return; }
  out[t / p.o * p.out_stride + p.out_offset + t % p.o] = epilogue(convolve(t) + residual[t]);
}

/// The output position that meets input position `at` through a tap, or `size` when there is none.
fn untap(at: u32, stride: u32, size: u32) -> u32 {
  return select(size, at / stride, at % stride == 0u && at / stride < size);
}

fn transpose(t: u32) -> f32 {
  let c = t % p.c;
  let z = t / p.c % p.w;
  let y = t / (p.c * p.w) % p.h;
  let n = t / (p.c * p.w * p.h);
  let first = c / p.cg * p.og;
  var sum = 0.0;
  if (HAS_BIAS != 0u) { sum = bias[c]; }
  for (var r = 0u; r < KH; r++) {
    if (y + p.top < r * DH) { continue; }
    let i = untap(y + p.top - r * DH, SH, p.oh);
    if (i >= p.oh) { continue; }
    for (var s = 0u; s < KW; s++) {
      if (z + p.left < s * DW) { continue; }
      let j = untap(z + p.left - s * DW, SW, p.ow);
      if (j >= p.ow) { continue; }
      for (var o = 0u; o < p.og; o++) {
        sum += grad[((n * p.oh + i) * p.ow + j) * p.o + first + o] * weight[(((first + o) * KH + r) * KW + s) * p.cg + c % p.cg];
      }
    }
  }
  return sum;
}

@compute @workgroup_size(WG)
fn input_gradient(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.n * p.h * p.w * p.c) { return; }
  out[t / p.c * p.out_stride + p.out_offset + t % p.c] = epilogue(transpose(t));
}

@compute @workgroup_size(WG)
fn input_gradient_residual(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.n * p.h * p.w * p.c) { return; }
  out[t / p.c * p.out_stride + p.out_offset + t % p.c] = epilogue(transpose(t) + residual[t]);
}

@compute @workgroup_size(WG)
fn weight_gradient(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.o * KH * KW * p.cg) { return; }
  let c = t % p.cg;
  let s = t / p.cg % KW;
  let r = t / (p.cg * KW) % KH;
  let o = t / (p.cg * KW * KH);
  let channel = o / p.og * p.cg + c;
  var sum = 0.0;
  for (var n = 0u; n < p.n; n++) {
    for (var i = 0u; i < p.oh; i++) {
      let y = i * SH + r * DH - p.top;
      if (y >= p.h) { continue; }
      var line = 0.0; // one row at a time: the rounding error grows with rows plus columns, not with their product
      for (var j = 0u; j < p.ow; j++) {
        let z = j * SW + s * DW - p.left;
        if (z >= p.w) { continue; }
        line += grad[((n * p.oh + i) * p.ow + j) * p.o + o] * x[((n * p.h + y) * p.w + z) * p.c + channel];
      }
      sum += line;
    }
  }
  out[t] = sum;
}
