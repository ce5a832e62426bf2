// slice - part of an axis, and its gradient, which puts the part back between zeros.
//
//   forward    out[r·length + j] = x[r·stride + at + j]                          r < rows, j < length
//   gradient   out[r·stride + k] = grad[r·length + k − at] where at ≤ k < at + length, else 0
//
// A row is everything from the sliced axis inwards: rows = product of the axes before it, `stride` = the axis × the axes
// after it, length = the part × the axes after it, `at` = the start × the axes after it.
// Values are copied as 32-bit words, so every 4-byte dtype works, and f16 as its bits.
// Entries: `forward` and `gradient` (one thread per value of `out`), `forward4` and `gradient4` (one thread per four;
// length, stride and at divide by 4).

//!include "lib/divide.wgsl"
//!include "lib/grid.wgsl"

struct Params { rows: u32, length: u32, stride: u32, at: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> x4: array<vec4u>;
@group(0) @binding(1) var<storage, read> grad: array<u32>;
@group(0) @binding(1) var<storage, read> grad4: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;
@group(0) @binding(2) var<storage, read_write> out4: array<vec4u>;

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.rows * p.length) { return; }
  // Row r of x starts r·stride, that of the output r·length.
  out[t] = x[t + quotient(t, p.length) * (p.stride - p.length) + p.at];
}

@compute @workgroup_size(WG)
fn forward4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let length = p.length / 4u;
  if (t >= p.rows * length) { return; }
  out4[t] = x4[t + quotient(t, length) * (p.stride / 4u - length) + p.at / 4u];
}

@compute @workgroup_size(WG)
fn gradient(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.rows * p.stride) { return; }
  let row = quotient(t, p.stride);
  // Before the part this wraps to a huge number, so one comparison tests both ends.
  let j = t - row * p.stride - p.at;
  var v = 0u;
  if (j < p.length) { v = grad[row * p.length + j]; }
  out[t] = v;
}

@compute @workgroup_size(WG)
fn gradient4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let stride = p.stride / 4u;
  let length = p.length / 4u;
  if (t >= p.rows * stride) { return; }
  let row = quotient(t, stride);
  let j = t - row * stride - p.at / 4u;
  var v = vec4u(0u);
  if (j < length) { v = grad4[row * length + j]; }
  out4[t] = v;
}
