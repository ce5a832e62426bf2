// variance - means and variances over a middle extent.
//
//   mean[o, i] = Σ over r of x[o, r, i] / extent
//   out[o, i]  = Σ over r of (x[o, r, i] − mean)² / (extent − correction)      (ROOT = 1: the root of that)
//
// Layouts and stages: those of shaders/reduce.wgsl, but between stages there are three planes [outer, chunks, inner], one after
// the other: the count, the mean and the squared deviations from it.
// Entries: `moments` and `moments4` (four neighbours of `inner`, which divides by 4, per thread) take the first stage,
// `merge` later ones, one thread per element (or four) of a plane; `finish` takes the last and turns it into results.
// A thread takes the sums of its few elements and of their squares, both less the first of them. As that is one of them, squares and
// what is taken off them are at most n + 1 times the deviations, which costs few digits, however far the mean is from 0. Partials are
// joined by the formula of Chan, Golub and LeVeque (1979): mean = Σ nᵢ mᵢ / n, deviations = Σ dᵢ + Σ nᵢ (mᵢ − mean)², in a fixed order.
// In the first stage a thread has neighbouring elements of the extent where `inner` is wide enough for whole lines of memory, else
// elements that are chunks apart, so that neighbouring threads read what lies side by side.

//!include "lib/grid.wgsl"
//!include "lib/lane.wgsl"

struct Params { outer: u32, extent: u32, inner: u32, chunks: u32, correction: f32 }

/// 1: the standard deviation in place of the variance.
override ROOT: u32 = 0u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> x4: array<vec4f>;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<storage, read_write> out4: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out_mean: array<f32>;

/// The elements that thread t takes in the first stage.
fn first_lane(t: u32, inner: u32) -> Lane {
  if (inner < 8u) { return lane(t, inner); }
  let line = t / inner;
  let o = line / p.chunks;
  let chunk = line - o * p.chunks;
  let each = p.extent / p.chunks;
  let rest = p.extent - each * p.chunks;
  let begin = chunk * each + min(chunk, rest);
  return Lane((o * p.extent + begin) * inner + t - line * inner, inner, each + select(0u, 1u, chunk < rest));
}

@compute @workgroup_size(WG)
fn moments(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let size = p.outer * p.chunks * p.inner;
  if (t >= size) { return; }
  let l = first_lane(t, p.inner);
  let origin = x[l.first];
  var total = 0.0;
  var squares = 0.0;
  for (var k = 0u; k < l.count; k++) {
    let d = x[l.first + k * l.stride] - origin;
    total += d;
    squares += d * d;
  }
  let m = total / f32(l.count);
  out[t] = f32(l.count);
  out[t + size] = origin + m;
  out[t + 2u * size] = max(squares - total * m, 0.0);
}

@compute @workgroup_size(WG)
fn moments4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let size = p.outer * p.chunks * (p.inner / 4u);
  if (t >= size) { return; }
  let l = first_lane(t, p.inner / 4u);
  let origin = x4[l.first];
  var total = vec4f(0.0);
  var squares = vec4f(0.0);
  for (var k = 0u; k < l.count; k++) {
    let d = x4[l.first + k * l.stride] - origin;
    total += d;
    squares += d * d;
  }
  let m = total / f32(l.count);
  out4[t] = vec4f(f32(l.count));
  out4[t + size] = origin + m;
  out4[t + 2u * size] = max(squares - total * m, vec4f(0.0));
}

struct Moments { count: f32, mean: f32, deviations: f32 }

fn joined(l: Lane) -> Moments {
  let plane = p.outer * p.extent * p.inner;
  // Means relative to one of them: what is added up is small, however far they are from zero.
  let origin = partial[l.first + plane];
  var n = 0.0;
  var weighted = 0.0;
  for (var k = 0u; k < l.count; k++) {
    let at = l.first + k * l.stride;
    n += partial[at];
    weighted += partial[at] * (partial[at + plane] - origin);
  }
  let m = origin + weighted / n;
  var deviations = 0.0;
  for (var k = 0u; k < l.count; k++) {
    let at = l.first + k * l.stride;
    let d = partial[at + plane] - m;
    deviations += partial[at + 2u * plane] + partial[at] * d * d;
  }
  return Moments(n, m, deviations);
}

@compute @workgroup_size(WG)
fn merge(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let size = p.outer * p.chunks * p.inner;
  if (t >= size) { return; }
  let m = joined(lane(t, p.inner));
  out[t] = m.count;
  out[t + size] = m.mean;
  out[t + 2u * size] = m.deviations;
}

@compute @workgroup_size(WG)
fn finish(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.inner) { return; }
  let m = joined(lane(t, p.inner));
  out_mean[t] = m.mean;
  var result = m.deviations / (m.count - p.correction);
  if (ROOT == 1u) { result = sqrt(result); }
  out[t] = result;
}
