// softmax - probabilities and log-probabilities along the last axis, with gradients.
//
//   softmax:     y[c] = exp(x[c] − m) / Σ over k of exp(x[k] − m),   m = max over k of x[k]
//   log_softmax: y[c] = x[c] − m − log Σ over k of exp(x[k] − m)
//   gradients:   dx = y · (g − Σ g·y)   and   dx[c] = g[c] − exp(y[c]) · Σ g
//
// Layouts: everything [rows, C], dense.
// Every entry: one thread per row, which walks the row two or three times (rows are a few classes long and stay in cache).
// Sums run in order of the classes. A NaN in a row makes the whole row NaN, as do +infinity and nothing but −infinity; else
// −infinity gets probability 0.

//!include "lib/grid.wgsl"
//!include "lib/nan.wgsl"
//!include "lib/row.wgsl"

struct Params { rows: u32, classes: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(3) var<storage, read> y: array<f32>;
@group(0) @binding(4) var<storage, read> grad: array<f32>;

@compute @workgroup_size(WG)
fn softmax(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let n = classes();
  let t = flat_index(gid, groups);
  if (t >= p.rows) { return; }
  let row = t * n;
  let m = row_max(row);
  if (!is_finite(m)) {
    for (var c = 0u; c < n; c++) { out[row + c] = quiet_nan(); }
    return;
  }
  var total = 0.0;
  for (var c = 0u; c < n; c++) {
    let e = exp(x[row + c] - m);
    out[row + c] = e;
    total += e;
  }
  for (var c = 0u; c < n; c++) { out[row + c] = out[row + c] / total; }
}

@compute @workgroup_size(WG)
fn log_softmax(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let n = classes();
  let t = flat_index(gid, groups);
  if (t >= p.rows) { return; }
  let row = t * n;
  let m = row_max(row);
  if (!is_finite(m)) {
    for (var c = 0u; c < n; c++) { out[row + c] = quiet_nan(); }
    return;
  }
  var total = 0.0;
  for (var c = 0u; c < n; c++) { total += exp(x[row + c] - m); }
  let shift = log(total);
  for (var c = 0u; c < n; c++) { out[row + c] = x[row + c] - m - shift; }
}

@compute @workgroup_size(WG)
fn softmax_gradient(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let n = classes();
  let t = flat_index(gid, groups);
  if (t >= p.rows) { return; }
  let row = t * n;
  var total = 0.0;
  for (var c = 0u; c < n; c++) { total += grad[row + c] * y[row + c]; }
  for (var c = 0u; c < n; c++) { out[row + c] = y[row + c] * (grad[row + c] - total); }
}

@compute @workgroup_size(WG)
fn log_softmax_gradient(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let n = classes();
  let t = flat_index(gid, groups);
  if (t >= p.rows) { return; }
  let row = t * n;
  var total = 0.0;
  for (var c = 0u; c < n; c++) { total += grad[row + c]; }
  for (var c = 0u; c < n; c++) { out[row + c] = grad[row + c] - exp(y[row + c]) * total; }
}
