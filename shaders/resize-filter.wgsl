// resize-filter - separable resampling: bicubic, and with filters that smooth while they shrink (antialiasing), one axis at a
// time, and its gradient.
//
//   out[d] = Σ_k weights[d, k] · x[first[d] + k],     k = 0 … taps − 1
//   grad_x[i] = Σ_d weights[d, i − first[d]] · grad[d]     over the outputs d that read i
//
// The weights depend on the axis alone, so they are worked out once per output position:
//   `cubic_taps`     f = position(d) (lib/position.wgsl); the pixels floor(f) − 1 … + 2, those past an edge taken from the
//                    edge, weighted by Keys' cubic with a = −3/4 (PyTorch's, OpenCV's)
//   `filter_taps`    centre = position(d), in pixels' edges; the pixels whose centres are within `support` of it, weighted by
//                    the filter stretched by `stretch` = max(1, step), and divided by their sum: the triangle (CUBIC = 0, support
//                    `stretch`) or Keys' cubic with a = −1/2 (CUBIC = 1, support 2 · `stretch`): Pillow's BILINEAR and BICUBIC
//   `readers`        first and last output that reads each input, by bisection (first[] never falls): ranges [n, 2]
// one thread per output, or per input. Then
//   `forward`, `gradient`     one thread per value of the result; `forward4`, `gradient4` per four (INNER divides by 4)
// Layouts, dense: x [outer, n, inner], out [outer, o, inner]; rows of an image have inner = w · C, columns inner = C.
// Sums are f32, in order.

//!include "lib/divide.wgsl"
//!include "lib/grid.wgsl"
//!include "lib/position.wgsl"

struct Params {
  outer: u32, n: u32, o: u32, inner: u32, taps: u32, steps: u32,
  units: u32, rest: f32, start_units: i32, start_rest: f32,
  support: f32, stretch: f32,
}

override CUBIC: u32 = 0u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> x4: array<vec4f>;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(1) var<storage, read> grad4: array<vec4f>;
@group(0) @binding(2) var<storage, read> first: array<u32>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read> ranges: array<u32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<storage, read_write> out4: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> first_out: array<u32>;
@group(0) @binding(7) var<storage, read_write> weights_out: array<f32>;
@group(0) @binding(5) var<storage, read_write> ranges_out: array<u32>;

fn axis() -> Axis { return Axis(p.n, p.o, p.units, p.rest, p.start_units, p.start_rest, 0.0); }

/// Keys' cubic convolution kernel.
fn keys(t: f32, a: f32) -> f32 {
  let d = abs(t);
  let near = ((a + 2.0) * d - (a + 3.0)) * d * d + 1.0;
  let far = (((d - 5.0) * d + 8.0) * d - 4.0) * a;
  return select(select(0.0, far, d < 2.0), near, d <= 1.0);
}

@compute @workgroup_size(WG)
fn cubic_taps(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let d = flat_index(gid, groups);
  if (d >= p.o) { return; }
  let at = position(d, axis());
  let last = i32(p.n) - 1;
  let a = -0.75;
  let w = vec4f(keys(at.part + 1.0, a), keys(at.part, a), keys(1.0 - at.part, a), keys(2.0 - at.part, a));
  let pixels = clamp(vec4i(at.whole) + vec4i(-1, 0, 1, 2), vec4i(0), vec4i(last));
  first_out[d] = u32(pixels.x);
  for (var k = 0u; k < p.taps; k++) {
    weights_out[d * p.taps + k] = dot(w, select(vec4f(0.0), vec4f(1.0), pixels == vec4i(pixels.x + i32(k))));
  }
}

fn filter_weight(t: f32) -> f32 {
  if (CUBIC == 1u) { return keys(t, -0.5); }
  return max(0.0, 1.0 - abs(t));
}

@compute @workgroup_size(WG)
fn filter_taps(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let d = flat_index(gid, groups);
  if (d >= p.o) { return; }
  let centre = position(d, axis());
  let begin = clamp(centre.whole + i32(floor(centre.part - p.support + 0.5)), 0, i32(p.n) - 1);
  let end = clamp(centre.whole + i32(floor(centre.part + p.support + 0.5)), begin + 1, i32(p.n));
  let count = min(u32(end - begin), p.taps);
  // Distance of the first pixel's centre.
  let offset = f32(begin - centre.whole) + (0.5 - centre.part);
  var total = 0.0;
  for (var k = 0u; k < count; k++) { total += filter_weight((offset + f32(k)) / p.stretch); }
  first_out[d] = u32(begin);
  for (var k = 0u; k < p.taps; k++) {
    weights_out[d * p.taps + k] = select(0.0, filter_weight((offset + f32(k)) / p.stretch) / total, k < count);
  }
}

/// The first output d with first[d] + reach > i, or the number of outputs.
fn first_output(i: u32, reach: u32) -> u32 {
  var low = 0u;
  var high = p.o;
  for (var s = 0u; s < p.steps; s++) {
    let middle = (low + high) / 2u;
    // Where low has met high this reads a last element (or the one after it, if there is one) and changes nothing.
    let before = first[min(middle, p.o - 1u)] + reach <= i;
    let right = select(0u, 1u, before) * select(0u, 1u, low < high);
    low = select(low, middle + 1u, right == 1u);
    high = select(middle, high, right == 1u);
  }
  return low;
}

@compute @workgroup_size(WG)
fn readers(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_index(gid, groups);
  if (i >= p.n) { return; }
  ranges_out[2u * i] = first_output(i, p.taps);
  ranges_out[2u * i + 1u] = first_output(i, 0u);
}

/// Thread t among [outer, size, inner].
struct Place { o: u32, j: u32, i: u32 }

fn locate(t: u32, size: u32, inner: u32) -> Place {
  let row = quotient(t, inner);
  let o = quotient(row, size);
  return Place(o, row - o * size, t - row * inner);
}

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.o * p.inner) { return; }
  let at = locate(t, p.o, p.inner);
  let start = first[at.j];
  let count = min(p.taps, p.n - start);
  var sum = 0.0;
  for (var k = 0u; k < count; k++) { sum += weights[at.j * p.taps + k] * x[(at.o * p.n + start + k) * p.inner + at.i]; }
  out[t] = sum;
}

@compute @workgroup_size(WG)
fn forward4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let inner = p.inner / 4u;
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.o * inner) { return; }
  let at = locate(t, p.o, inner);
  let start = first[at.j];
  let count = min(p.taps, p.n - start);
  var sum = vec4f(0.0);
  for (var k = 0u; k < count; k++) { sum += weights[at.j * p.taps + k] * x4[(at.o * p.n + start + k) * inner + at.i]; }
  out4[t] = sum;
}

@compute @workgroup_size(WG)
fn gradient(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.n * p.inner) { return; }
  let at = locate(t, p.n, p.inner);
  let end = ranges[2u * at.j + 1u];
  var sum = 0.0;
  for (var d = ranges[2u * at.j]; d < end; d++) { sum += weights[d * p.taps + at.j - first[d]] * grad[(at.o * p.o + d) * p.inner + at.i]; }
  out[t] = sum;
}

@compute @workgroup_size(WG)
fn gradient4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let inner = p.inner / 4u;
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.n * inner) { return; }
  let at = locate(t, p.n, inner);
  let end = ranges[2u * at.j + 1u];
  var sum = vec4f(0.0);
  for (var d = ranges[2u * at.j]; d < end; d++) { sum += weights[d * p.taps + at.j - first[d]] * grad4[(at.o * p.o + d) * inner + at.i]; }
  out4[t] = sum;
}
