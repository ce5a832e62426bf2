// reduce - sums and extremes over a middle extent.
//
//   out[o, i] = scale · Σ over r of map(x[o, r, i])      (sum; mean: scale = 1 / count; norms: map = |x| or x², and a root)
//   out[o, i] = max or min over r of x[o, r, i]
//
// Layouts: x is seen as [outer, extent, inner], out as [outer, inner]; between stages as [outer, chunks, inner].
// Entries: `sum`, `sum4` (four neighbours of `inner`, which divides by 4, per thread: vec4 loads are what a sum costs),
// `sum_int` (u32, and i32 by two's complement; wraps), `extreme_float`, `extreme_u32` and `extreme_i32`. Each takes one stage:
// one thread per element (or four) of [outer, chunks, inner], which folds the elements chunk, chunk + chunks, chunk + 2·chunks, …
// so that neighbouring threads always read neighbouring addresses, whatever `inner` is.
// Long extents take several stages of at most 64 elements per thread (128 where one stage is enough), in a fixed order: the
// rounding error grows with the logarithm of the extent (a pairwise sum with a wide base), and the bits are the same every time.
// NaN wins an extreme; it is found by its bits.

//!include "lib/grid.wgsl"
//!include "lib/lane.wgsl"
//!include "lib/nan.wgsl"

struct Params { outer: u32, extent: u32, inner: u32, chunks: u32, scale: f32 }

/// What is added up: 0 the elements, 1 their magnitudes, 2 their squares.
override MAP: u32 = 0u;
/// 1: the root of the result.
override ROOT: u32 = 0u;
/// 1: the smallest element, 0: the largest.
override SMALLEST: u32 = 0u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> x4: array<vec4f>;
@group(0) @binding(1) var<storage, read> xu: array<u32>;
@group(0) @binding(1) var<storage, read> xi: array<i32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<storage, read_write> out4: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> outu: array<u32>;
@group(0) @binding(2) var<storage, read_write> outi: array<i32>;

fn mapped(v: vec4f) -> vec4f {
  if (MAP == 1u) { return abs(v); }
  if (MAP == 2u) { return v * v; }
  return v;
}

fn finished(v: vec4f) -> vec4f {
  if (ROOT == 1u) { return sqrt(v); }
  return v;
}

@compute @workgroup_size(WG)
fn sum(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.chunks * p.inner) { return; }
  let l = lane(t, p.inner);
  var total = 0.0;
  for (var k = 0u; k < l.count; k++) { total += mapped(vec4f(x[l.first + k * l.stride])).x; }
  out[t] = finished(vec4f(total * p.scale)).x;
}

@compute @workgroup_size(WG)
fn sum4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.chunks * (p.inner / 4u)) { return; }
  let l = lane(t, p.inner / 4u);
  var total = vec4f(0.0);
  for (var k = 0u; k < l.count; k++) { total += mapped(x4[l.first + k * l.stride]); }
  out4[t] = finished(total * p.scale);
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

/// Whether v takes the place of the best so far.
fn better(v: f32, best: f32) -> bool {
  if (SMALLEST == 1u) { return v < best; }
  return v > best;
}

@compute @workgroup_size(WG)
fn extreme_float(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.chunks * p.inner) { return; }
  let l = lane(t, p.inner);
  var best = x[l.first];
  for (var k = 1u; k < l.count; k++) {
    let v = x[l.first + k * l.stride];
    if (is_nan(v) || (better(v, best) && !is_nan(best))) { best = v; }
  }
  out[t] = best;
}

@compute @workgroup_size(WG)
fn extreme_u32(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.chunks * p.inner) { return; }
  let l = lane(t, p.inner);
  var best = xu[l.first];
  for (var k = 1u; k < l.count; k++) {
    let v = xu[l.first + k * l.stride];
    if (SMALLEST == 1u) { best = min(best, v); } else { best = max(best, v); }
  }
  outu[t] = best;
}

@compute @workgroup_size(WG)
fn extreme_i32(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.chunks * p.inner) { return; }
  let l = lane(t, p.inner);
  var best = xi[l.first];
  for (var k = 1u; k < l.count; k++) {
    let v = xi[l.first + k * l.stride];
    if (SMALLEST == 1u) { best = min(best, v); } else { best = max(best, v); }
  }
  outi[t] = best;
}
