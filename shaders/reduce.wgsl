// reduce - sums, products, extremes, log-sum-exps and variances over a middle extent.
//
//   out[o, i] = scale · Σ over r of map(x[o, r, i])      (sum; mean: scale = 1 / count; norms: map = |x| or x², and a root)
//   out[o, i] = max, min or Π over r of x[o, r, i]
//   out[o, i] = m + log Σ over r of exp(x[o, r, i] − m),   m = max over r of x[o, r, i]
//   out[o, i] = Σ over r of (x[o, r, i] − mean)² / (extent − correction)
//
// Layouts: x is seen as [outer, extent, inner], out as [outer, inner]; between stages as [outer, chunks, inner]. What needs
// several numbers per element keeps them in planes of that shape, one after the other: log-sum-exp the largest value and the
// sum of exponentials relative to it, variance the count, the mean and the squared deviations from it.
// Entries: `sum`, `sum4` (four neighbours of `inner`, which divides by 4, per thread: vec4 loads are what a sum costs),
// `sum_int` (u32, and i32 by two's complement; wraps), `product`, `product_int` (likewise), `extreme_float`, `extreme_u32`,
// `extreme_i32`, `exponentials` and `exponentials_merge`, `moments`, `moments4` and `moments_merge`. Each takes one stage:
// one thread per element (or four) of [outer, chunks, inner], which folds the elements chunk, chunk + chunks, chunk + 2·chunks, …
// so that neighbouring threads always read neighbouring addresses, whatever `inner` is. `exponentials_finish` and
// `moments_finish` turn planes into results, one thread each.
// Long extents take several stages of at most 64 elements per thread, in a fixed order: the rounding error grows with the
// logarithm of the extent (a pairwise sum with a wide base), and the bits are the same every time.
// Variances: a thread takes the mean of its few elements, then their deviations from that mean, in a second walk that hits the
// cache (both relative to the first of them, which rounds nothing large), and partials are joined by the formula of Chan, Golub and LeVeque (1979): no cancellation, however far the mean is from 0.
// NaN wins an extreme; it is found by its bits. An infinite maximum is the log-sum-exp: nothing is subtracted from it.

//!include "lib/grid.wgsl"
//!include "lib/nan.wgsl"

struct Params { outer: u32, extent: u32, inner: u32, chunks: u32, scale: f32, correction: f32 }

/// What is folded in place of an element: 0 itself, 1 its magnitude, 2 its square, 3 whether it is 0, 4 1 where it is 0.
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
@group(0) @binding(3) var<storage, read_write> out_mean: array<f32>;

struct Lane { first: u32, stride: u32, count: u32 }

/// The elements of thread t when `inner` of them lie side by side: `count` from `first`, `stride` apart.
fn lane(t: u32, inner: u32) -> Lane {
  let i = t % inner;
  let chunk = t / inner % p.chunks;
  let o = t / (inner * p.chunks);
  return Lane((o * p.extent + chunk) * inner + i, p.chunks * inner, (p.extent - chunk + p.chunks - 1u) / p.chunks);
}

fn mapped(v: vec4f) -> vec4f {
  if (MAP == 1u) { return abs(v); }
  if (MAP == 2u) { return v * v; }
  if (MAP == 3u) { return select(vec4f(0.0), vec4f(1.0), v == vec4f(0.0)); }
  if (MAP == 4u) { return select(v, vec4f(1.0), v == vec4f(0.0)); }
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

@compute @workgroup_size(WG)
fn product(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.chunks * p.inner) { return; }
  let l = lane(t, p.inner);
  var total = 1.0;
  for (var k = 0u; k < l.count; k++) { total *= mapped(vec4f(x[l.first + k * l.stride])).x; }
  out[t] = total;
}

@compute @workgroup_size(WG)
fn product_int(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.chunks * p.inner) { return; }
  let l = lane(t, p.inner);
  var total = 1u;
  for (var k = 0u; k < l.count; k++) { total *= xu[l.first + k * l.stride]; }
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

@compute @workgroup_size(WG)
fn moments(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let size = p.outer * p.chunks * p.inner;
  if (t >= size) { return; }
  let l = lane(t, p.inner);
  let origin = x[l.first];
  var total = 0.0;
  for (var k = 0u; k < l.count; k++) { total += x[l.first + k * l.stride] - origin; }
  let m = total / f32(l.count);
  var deviations = 0.0;
  for (var k = 0u; k < l.count; k++) {
    let d = (x[l.first + k * l.stride] - origin) - m;
    deviations += d * d;
  }
  out[t] = f32(l.count);
  out[t + size] = origin + m;
  out[t + 2u * size] = deviations;
}

@compute @workgroup_size(WG)
fn moments4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let size = p.outer * p.chunks * (p.inner / 4u);
  if (t >= size) { return; }
  let l = lane(t, p.inner / 4u);
  let origin = x4[l.first];
  var total = vec4f(0.0);
  for (var k = 0u; k < l.count; k++) { total += x4[l.first + k * l.stride] - origin; }
  let m = total / f32(l.count);
  var deviations = vec4f(0.0);
  for (var k = 0u; k < l.count; k++) {
    let d = (x4[l.first + k * l.stride] - origin) - m;
    deviations += d * d;
  }
  out4[t] = vec4f(f32(l.count));
  out4[t + size] = origin + m;
  out4[t + 2u * size] = deviations;
}

@compute @workgroup_size(WG)
fn moments_merge(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let size = p.outer * p.chunks * p.inner;
  if (t >= size) { return; }
  let l = lane(t, p.inner);
  let plane = p.outer * p.extent * p.inner;
  // Deviations from one of the means: what is added up is small next to them.
  let origin = x[l.first + plane];
  var n = 0.0;
  var weighted = 0.0;
  for (var k = 0u; k < l.count; k++) {
    let at = l.first + k * l.stride;
    n += x[at];
    weighted += x[at] * (x[at + plane] - origin);
  }
  let m = origin + weighted / n;
  var deviations = 0.0;
  for (var k = 0u; k < l.count; k++) {
    let at = l.first + k * l.stride;
    let d = x[at + plane] - m;
    deviations += x[at + 2u * plane] + x[at] * d * d;
  }
  out[t] = n;
  out[t + size] = m;
  out[t + 2u * size] = deviations;
}

@compute @workgroup_size(WG)
fn moments_finish(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let size = p.outer * p.inner;
  if (t >= size) { return; }
  out_mean[t] = x[t + size];
  out[t] = finished(vec4f(x[t + 2u * size] / (x[t] - p.correction))).x;
}
