// reduce - sums and maxima over a middle extent.
//
//   out[o, i] = scale · Σ over r of x[o, r, i]      (sum, mean: scale = 1 / count)
//   out[o, i] = max over r of x[o, r, i]
//
// Layouts: x is seen as [outer, extent, inner], out as [outer, inner]; between stages as [outer, chunks, inner].
// Entries: `sum`, `sum4` (four neighbours of `inner`, which divides by 4, per thread: vec4 loads are what a sum costs),
// `sum_int` (u32, and i32 by two's complement; wraps), `max_float`, `max_u32`, `max_i32`. Each takes one stage:
// one thread per element (or four) of [outer, chunks, inner], which folds the elements chunk, chunk + chunks, chunk + 2·chunks, …
// so that neighbouring threads always read neighbouring addresses, whatever `inner` is.
// Long extents take several stages of at most 64 elements per thread, in a fixed order: the rounding error grows with the
// logarithm of the extent (a pairwise sum with a wide base), and the bits are the same every time.
// NaN wins a maximum; it is found by its bits.

//!include "lib/grid.wgsl"
//!include "lib/nan.wgsl"

struct Params { outer: u32, extent: u32, inner: u32, chunks: u32, scale: f32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> x4: array<vec4f>;
@group(0) @binding(1) var<storage, read> xu: array<u32>;
@group(0) @binding(1) var<storage, read> xi: array<i32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<storage, read_write> out4: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> outu: array<u32>;
@group(0) @binding(2) var<storage, read_write> outi: array<i32>;

struct Lane { first: u32, stride: u32, count: u32 }

/// The elements of thread t when `inner` of them lie side by side: `count` from `first`, `stride` apart.
fn lane(t: u32, inner: u32) -> Lane {
  let i = t % inner;
  let chunk = t / inner % p.chunks;
  let o = t / (inner * p.chunks);
  return Lane((o * p.extent + chunk) * inner + i, p.chunks * inner, (p.extent - chunk + p.chunks - 1u) / p.chunks);
}

@compute @workgroup_size(WG)
fn sum(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.chunks * p.inner) { return; }
  let l = lane(t, p.inner);
  var total = 0.0;
  for (var k = 0u; k < l.count; k++) { total += x[l.first + k * l.stride]; }
  out[t] = total * p.scale;
}

@compute @workgroup_size(WG)
fn sum4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.chunks * (p.inner / 4u)) { return; }
  let l = lane(t, p.inner / 4u);
  var total = vec4f(0.0);
  for (var k = 0u; k < l.count; k++) { total += x4[l.first + k * l.stride]; }
  out4[t] = total * p.scale;
}

@compute @workgroup_size(WG)
fn sum_int(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.chunks * p.inner) { return; }
  let l = lane(t, p.inner);
  var total = 0u;
  for (var k = 0u; k < l.count; k++) { total += xu[l.first + k * l.stride]; }
  outu[t] = total;
}

@compute @workgroup_size(WG)
fn max_float(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.chunks * p.inner) { return; }
  let l = lane(t, p.inner);
  var best = x[l.first];
  for (var k = 1u; k < l.count; k++) {
    let v = x[l.first + k * l.stride];
    if (is_nan(v) || (v > best && !is_nan(best))) { best = v; }
  }
  out[t] = best;
}

@compute @workgroup_size(WG)
fn max_u32(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.chunks * p.inner) { return; }
  let l = lane(t, p.inner);
  var best = xu[l.first];
  for (var k = 1u; k < l.count; k++) { best = max(best, xu[l.first + k * l.stride]); }
  outu[t] = best;
}

@compute @workgroup_size(WG)
fn max_i32(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.chunks * p.inner) { return; }
  let l = lane(t, p.inner);
  var best = xi[l.first];
  for (var k = 1u; k < l.count; k++) { best = max(best, xi[l.first + k * l.stride]); }
  outi[t] = best;
}
