// cross-entropy - softmax and negative log-likelihood of labels in one pass over the logits, and its gradient.
//
//   nll[c]  = log Σ over k of exp(x[k] − m) − (x[c] − m),   m = max over k of x[k]
//   loss[i] = v·((1 − s)·w[y]·nll[y] + s / C · Σ over c of w[c]·nll[c])      (y the label of pixel i, v its weight, s the smoothing)
//   none: loss[i];  sum: Σ loss;  mean: Σ loss / Σ v·w[y] over the pixels that are not ignored
//   dx[c]   = g · v·((1 − s)·w[y]·(q[c] − [c = y]) + s / C · (q[c]·Σ w − w[c])),   q = softmax(x)
//   with g = grad (sum), grad / Σ v·w[y] (mean), grad[i] (none)
//
// Layouts: x [n, C], labels [n] as u32 or i32 (U8 = 0) or packed u8 (U8 = 1), weight [C] (read only when WEIGHTED = 1),
// pixel_weight [n] (read only when PIXELS = 1), grad [1] or [n], partial [k, 2] with a loss and a weight each.
// Entries: `none` one thread per pixel; `partial_sums` one thread per `count / chunks` pixels, chunks apart, so that neighbouring
// threads read neighbouring pixels; `merge` folds partials in the same way, again until few are left; `finish` is one thread;
// `gradient_none`, `gradient_sum`, `gradient_mean` one thread per pixel, which recomputes the softmax instead of keeping it.
// Fixed order: the same bits every time.
// Edges: ignored pixels, and those of weight 0, have loss 0, weight 0 and gradient 0. A label that is neither a class nor ignored makes the loss and
// its gradient NaN (by bits), so that training stops instead of learning from a broken mask; so do logits without a finite
// maximum. No pixel left: mean is NaN as in PyTorch, or 0 when EMPTY_IS_ZERO = 1.

//!include "lib/grid.wgsl"
//!include "lib/labels.wgsl"
//!include "lib/nan.wgsl"
//!include "lib/row.wgsl"

struct Params { count: u32, classes: u32, chunks: u32, ignored: u32, smoothing: f32 }

override EMPTY_IS_ZERO: u32 = 0u;
override MEAN: u32 = 1u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<storage, read_write> sums: array<vec2f>;
@group(0) @binding(5) var<storage, read> partial: array<vec2f>;
@group(0) @binding(6) var<storage, read_write> total: array<f32>;
@group(0) @binding(7) var<storage, read> grad: array<f32>;
@group(0) @binding(8) var<storage, read> divisor: array<f32>;
@group(0) @binding(9) var<storage, read> pixel_weight: array<f32>;

/// Σ exp(x − m) of a row.
fn row_sum(row: u32, m: f32) -> f32 {
  let n = classes();
  var s = 0.0;
  for (var c = 0u; c < n; c++) { s += exp(x[row + c] - m); }
  return s;
}

/// Loss of pixel i and the weight it counts with.
fn pixel(i: u32) -> vec2f {
  let n = classes();
  let y = label(i);
  let v = weight_at(i);
  if (y == p.ignored || v == 0.0) { return vec2f(0.0); }
  if (y >= n) { return vec2f(quiet_nan(), v); }
  let row = i * n;
  let m = row_max(row);
  if (!is_finite(m)) { return vec2f(quiet_nan(), v * weight_of(y)); }
  let log_sum = log(row_sum(row, m));
  let w = weight_of(y);
  let loss = w * (log_sum - (x[row + y] - m));
  if (p.smoothing == 0.0) { return vec2f(v * loss, v * w); }
  var spread = 0.0;
  for (var c = 0u; c < n; c++) { spread += weight_of(c) * (log_sum - (x[row + c] - m)); }
  return vec2f(v * ((1.0 - p.smoothing) * loss + p.smoothing / f32(n) * spread), v * w);
}

@compute @workgroup_size(WG)
fn none(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.count) { return; }
  out[t] = pixel(t).x;
}

@compute @workgroup_size(WG)
fn partial_sums(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.chunks) { return; }
  let steps = (p.count - t + p.chunks - 1u) / p.chunks;
  var s = vec2f(0.0);
  for (var k = 0u; k < steps; k++) { s += pixel(t + k * p.chunks); }
  sums[t] = s;
}

@compute @workgroup_size(WG)
fn merge(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.chunks) { return; }
  let steps = (p.count - t + p.chunks - 1u) / p.chunks;
  var s = vec2f(0.0);
  for (var k = 0u; k < steps; k++) { s += partial[t + k * p.chunks]; }
  sums[t] = s;
}

@compute @workgroup_size(1)
fn finish() {
  var s = vec2f(0.0);
  for (var k = 0u; k < p.count; k++) { s += partial[k]; }
  var value = s.x;
  if (MEAN == 1u) {
    if (s.y != 0.0) {
      value = s.x / s.y;
    } else if (EMPTY_IS_ZERO == 1u && !is_nan(s.x)) {
      value = 0.0;
    } else {
      value = quiet_nan();
    }
  }
  out[0] = value;
  total[0] = s.y;
}

/// Writes the gradient of pixel i, whose loss is multiplied by `factor`.
fn write_gradient(i: u32, factor: f32) {
  let n = classes();
  let row = i * n;
  let y = label(i);
  let v = weight_at(i);
  if (y == p.ignored || v == 0.0) {
    for (var c = 0u; c < n; c++) { out[row + c] = 0.0; }
    return;
  }
  let m = row_max(row);
  if (y >= n || !is_finite(m)) {
    for (var c = 0u; c < n; c++) { out[row + c] = quiet_nan(); }
    return;
  }
  let s = row_sum(row, m);
  let g = factor * v;
  let direct = g * (1.0 - p.smoothing) * weight_of(y);
  let spread = g * p.smoothing / f32(n);
  var weights = 0.0;
  for (var c = 0u; c < n; c++) { weights += weight_of(c); }
  for (var c = 0u; c < n; c++) {
    let q = exp(x[row + c] - m) / s;
    out[row + c] = direct * (q - select(0.0, 1.0, c == y)) + spread * (q * weights - weight_of(c));
  }
}

@compute @workgroup_size(WG)
fn gradient_none(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_index(gid, groups);
  if (i >= p.count) { return; }
  write_gradient(i, grad[i]);
}

@compute @workgroup_size(WG)
fn gradient_sum(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_index(gid, groups);
  if (i >= p.count) { return; }
  write_gradient(i, grad[0]);
}

@compute @workgroup_size(WG)
fn gradient_mean(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_index(gid, groups);
  if (i >= p.count) { return; }
  var g = quiet_nan();
  if (divisor[0] != 0.0) { g = grad[0] / divisor[0]; } else if (EMPTY_IS_ZERO == 1u) { g = 0.0; }
  write_gradient(i, g);
}
