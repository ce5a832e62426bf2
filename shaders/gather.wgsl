// gather - elements chosen by index along an axis, and the way back for indices that name every element at most once.
//
//   forward   out[o, k, i] = x[o, index, i]      index = indices[o, k, i], or indices[k] for whole rows (ROWS = 1)
//   back      out[o, index, i] = grad[o, k, i]   zeros elsewhere
//
// Layouts, dense: x [outer, n, inner]; indices [outer, m, inner] or [m], u32 (i32 is read as u32, so a negative index is a
// huge one); out [outer, m, inner]. An index beyond the axis gives NaN (0 in whole-number tensors, and where NANS = 0).
// Entries: `forward`, `forward_int` (one thread per element of out), `forward4` (four neighbours of a row; inner divides by 4),
// `zero` (one thread per element) before `back` (one thread per element of grad; those beyond the axis are left out).
// `back` scatters: with every index at most once in its row no two threads write one element.

//!include "lib/divide.wgsl"
//!include "lib/grid.wgsl"
//!include "lib/nan.wgsl"

struct Params { outer: u32, n: u32, m: u32, inner: u32 }

override ROWS: u32 = 0u;
override NANS: u32 = 1u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> x4: array<vec4f>;
@group(0) @binding(1) var<storage, read> xu: array<u32>;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(2) var<storage, read> indices: array<u32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@group(0) @binding(3) var<storage, read_write> out4: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> outu: array<u32>;

/// Of thread t among [outer, m, inner]: the index, and where in [outer, n, inner] it points to if it is below n.
struct Place { index: u32, at: u32 }

fn locate(t: u32, inner: u32) -> Place {
  let row = quotient(t, inner);
  let o = quotient(row, p.m);
  var index = 0u;
  if (ROWS == 1u) { index = indices[row - o * p.m]; } else { index = indices[t]; }
  return Place(index, (o * p.n + min(index, p.n - 1u)) * inner + t - row * inner);
}

fn missing() -> f32 {
  if (NANS == 1u) { return quiet_nan(); }
  return 0.0;
}

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.m * p.inner) { return; }
  let place = locate(t, p.inner);
  var v = missing();
  if (place.index < p.n) { v = x[place.at]; }
  out[t] = v;
}

@compute @workgroup_size(WG)
fn forward4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let inner = p.inner / 4u;
  if (t >= p.outer * p.m * inner) { return; }
  let place = locate(t, inner);
  var v = vec4f(missing());
  if (place.index < p.n) { v = x4[place.at]; }
  out4[t] = v;
}

@compute @workgroup_size(WG)
fn forward_int(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.m * p.inner) { return; }
  let place = locate(t, p.inner);
  var v = 0u;
  if (place.index < p.n) { v = xu[place.at]; }
  outu[t] = v;
}

@compute @workgroup_size(WG)
fn zero(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.n * p.inner) { return; }
  out[t] = 0.0;
}

@compute @workgroup_size(WG)
fn back(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.m * p.inner) { return; }
  let place = locate(t, p.inner);
  if (place.index < p.n) { out[place.at] = grad[t]; }
}
