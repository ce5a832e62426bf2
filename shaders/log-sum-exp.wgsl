// log-sum-exp - logarithms of sums of exponentials over a middle extent.
//
//   out[o, i] = m + log Σ over r of exp(x[o, r, i] − m),   m = max over r of x[o, r, i]
//
// Layouts and stages: those of shaders/reduce.wgsl, but between stages there are two planes [outer, chunks, inner], one after
// the other: the largest value, and the sum of exponentials relative to it.
// Entries: `exponentials` (the first stage) and `exponentials_merge` (later ones), one thread per element of a plane;
// `exponentials_finish` turns planes into results, one thread each.
// NaN wins the maximum; it is found by its bits. An infinite maximum is the result: nothing is subtracted from it.

//!include "lib/grid.wgsl"
//!include "lib/lane.wgsl"
//!include "lib/nan.wgsl"

struct Params { outer: u32, extent: u32, inner: u32, chunks: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

/// The variable keeps the compiler from evaluating it, which WGSL forbids for constants.
fn minus_infinity() -> f32 {
  var bits = 0xff800000u;
  return bitcast<f32>(bits);
}

/// The largest of a thread's elements (NaN wins), or −∞ of none; x or the first plane of partials.
fn largest(l: Lane) -> f32 {
  var best = minus_infinity();
  for (var k = 0u; k < l.count; k++) {
    let v = x[l.first + k * l.stride];
    if (is_nan(v) || (v > best && !is_nan(best))) { best = v; }
  }
  return best;
}

@compute @workgroup_size(WG)
fn exponentials(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let size = p.outer * p.chunks * p.inner;
  if (t >= size) { return; }
  let l = lane(t, p.inner);
  let m = largest(l);
  var total = 0.0;
  if (is_finite(m)) {
    for (var k = 0u; k < l.count; k++) { total += exp(x[l.first + k * l.stride] - m); }
  }
  out[t] = m;
  out[t + size] = total;
}

@compute @workgroup_size(WG)
fn exponentials_merge(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let size = p.outer * p.chunks * p.inner;
  if (t >= size) { return; }
  let l = lane(t, p.inner);
  let plane = p.outer * p.extent * p.inner;
  let m = largest(l);
  var total = 0.0;
  if (is_finite(m)) {
    for (var k = 0u; k < l.count; k++) {
      let at = l.first + k * l.stride;
      let n = x[at];
      if (is_finite(n)) { total += x[at + plane] * exp(n - m); }
    }
  }
  out[t] = m;
  out[t + size] = total;
}

@compute @workgroup_size(WG)
fn exponentials_finish(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let size = p.outer * p.inner;
  if (t >= size) { return; }
  let m = x[t];
  var result = m;
  if (is_finite(m)) { result = m + log(x[t + size]); }
  out[t] = result;
}
