// adapter-limits - what an adapter can do at most: the denominators of "percent of peak".
//
//   fma_*   every thread runs ROUNDS rounds of eight multiply-adds on each of its accumulators, which depend on nothing
//           but themselves. Several forms, because compilers differ in which one they turn into the fastest code:
//           8 or 16 scalars, 2, 4 or 8 vec4s; written with fma() or as a product and a sum.
//           The fastest counts as the adapter's peak.
//   copy    out[i] = x[i] in vec4s, four per thread and neighbouring threads side by side: the bandwidth of a memory-bound kernel.
//
// One thread stores one number, so that nothing is optimised away; the numbers mean nothing.

//!include "lib/grid.wgsl"

struct Params { total: u32, a: f32, b: f32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<storage, read_write> out4: array<vec4f>;

const ROUNDS: u32 = 32u;
const N: u32 = 8u; //!tune

@compute @workgroup_size(WG)
fn fma_scalar(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  var acc: array<f32, N>;
  //!unroll
  for (var i = 0u; i < N; i++) { acc[i] = f32(t + i); }
  for (var round = 0u; round < ROUNDS; round++) {
    //!unroll
    for (var k = 0u; k < 8u; k++) {
      //!unroll
      for (var i = 0u; i < N; i++) { acc[i] = fma(acc[i], p.a, p.b); }
    }
  }
  var sum = 0.0;
  //!unroll
  for (var i = 0u; i < N; i++) { sum += acc[i]; }
  out[t] = sum;
}

@compute @workgroup_size(WG)
fn mul_add_scalar(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  var acc: array<f32, N>;
  //!unroll
  for (var i = 0u; i < N; i++) { acc[i] = f32(t + i); }
  for (var round = 0u; round < ROUNDS; round++) {
    //!unroll
    for (var k = 0u; k < 8u; k++) {
      //!unroll
      for (var i = 0u; i < N; i++) { acc[i] = acc[i] * p.a + p.b; }
    }
  }
  var sum = 0.0;
  //!unroll
  for (var i = 0u; i < N; i++) { sum += acc[i]; }
  out[t] = sum;
}

@compute @workgroup_size(WG)
fn fma_vec4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  var acc: array<vec4f, N>;
  //!unroll
  for (var i = 0u; i < N; i++) { acc[i] = vec4f(f32(t + i)); }
  for (var round = 0u; round < ROUNDS; round++) {
    //!unroll
    for (var k = 0u; k < 8u; k++) {
      //!unroll
      for (var i = 0u; i < N; i++) { acc[i] = fma(acc[i], vec4f(p.a), vec4f(p.b)); }
    }
  }
  var sum = vec4f();
  //!unroll
  for (var i = 0u; i < N; i++) { sum += acc[i]; }
  out[t] = sum.x + sum.y + sum.z + sum.w;
}

@compute @workgroup_size(WG)
fn mul_add_vec4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  var acc: array<vec4f, N>;
  //!unroll
  for (var i = 0u; i < N; i++) { acc[i] = vec4f(f32(t + i)); }
  for (var round = 0u; round < ROUNDS; round++) {
    //!unroll
    for (var k = 0u; k < 8u; k++) {
      //!unroll
      for (var i = 0u; i < N; i++) { acc[i] = acc[i] * vec4f(p.a) + vec4f(p.b); }
    }
  }
  var sum = vec4f();
  //!unroll
  for (var i = 0u; i < N; i++) { sum += acc[i]; }
  out[t] = sum.x + sum.y + sum.z + sum.w;
}

@compute @workgroup_size(WG)
fn copy(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  //!unroll
  for (var i = 0u; i < 4u; i++) { out4[t + i * p.total] = x[t + i * p.total]; }
}
