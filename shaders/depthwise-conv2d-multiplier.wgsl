// depthwise-conv2d-multiplier.wgsl - what makes a depthwise convolution with several output channels per channel a plain one.
//
// repeat   out[pixel, o] = x[pixel, o / m]                     for the convolution and its weight gradient
// fold     out[pixel, c] = Σ k < m: x[pixel, c·m + k]          for its input gradient
//
// Layouts: x [pixels, p.width], `out` of repeat [pixels] rows of p.wide vec4s, `out` of fold [pixels, p.wide], which may be a slice
//   of wider rows (out_stride, out_offset). Entries: repeat writes a vec4 per thread, fold a float.
// Edges: repeat fills its last vec4 with the last channel, where weights are zero. Accumulation: f32, in order.

//!include "lib/grid.wgsl"

struct Params {
  total: u32, // threads with work
  width: u32, // floats in a pixel of x
  wide: u32,
  m: u32,
  out_stride: u32, out_offset: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<storage, read_write> out4: array<vec4f>;

@compute @workgroup_size(WG)
fn repeat(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let start = t / p.wide * p.width;
  let at = min((t % p.wide * 4u + vec4u(0u, 1u, 2u, 3u)) / p.m, vec4u(p.width - 1u));
  out4[t] = vec4f(x[start + at.x], x[start + at.y], x[start + at.z], x[start + at.w]);
}

@compute @workgroup_size(WG)
fn fold(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let start = t / p.wide * p.width + t % p.wide * p.m;
  var sum = 0.0;
  for (var k = 0u; k < p.m; k++) {
    sum += x[start + k];
  }
  out[t / p.wide * p.out_stride + p.out_offset + t % p.wide] = sum;
}
