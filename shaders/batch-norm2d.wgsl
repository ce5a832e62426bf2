// batch-norm2d - normalisation of each channel over a batch of feature maps, with its gradient sums. (Statistics of a batch:
// shaders/variance.wgsl.)
//
//   out     = (x − mean) · inv · gamma + beta,   inv = 1 / √(variance + eps)
//   dbeta   = Σ g,   dgamma = inv · Σ g·(x − mean)   over the n rows (batch × height × width)
//   dx      = gamma · inv · (g − dbeta / n − (x − mean) · inv · dgamma / n)
//   g       = grad, and 0 where an activation behind (p.activation: ReLU or ReLU6) is flat at `out`, which is worked out again from x
//
// Layouts: x, grad, out [rows, C] (NHWC with the first three axes joined); statistics and parameters [C];
// partial [chunks, 2, C]: Σ g and Σ g·(x − mean); slopes [2, C]: dbeta and dgamma.
// Entries: `apply`, `apply_gradient` and `gradient_sums`: one thread per channel and some neighbouring rows (p.fold, the last thread of a
// channel what is left), so that roots, divisions and loads of what a channel has are spread over them; `finish_gradient`: one thread per
// channel. The forms with a 4 do four channels per thread (C divides by 4), with one address and one vec4 load. Neighbouring threads hold
// neighbouring channels, so loads are contiguous. `apply` stores act(out), by p.activation.
// Accumulation: f32, chunks in a fixed order; x less its mean first, so that a mean far from zero costs no digits.

//!include "lib/grid.wgsl"
//!include "lib/activate.wgsl"

struct Params { rows: u32, chunks: u32, fold: u32, eps: f32, activation: u32 }

override C: u32 = 4u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> x4: array<vec4f>;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read> mean: array<f32>;
@group(0) @binding(2) var<storage, read> mean4: array<vec4f>;
@group(0) @binding(3) var<storage, read> variance: array<f32>;
@group(0) @binding(3) var<storage, read> variance4: array<vec4f>;
@group(0) @binding(4) var<storage, read> gamma: array<f32>;
@group(0) @binding(4) var<storage, read> gamma4: array<vec4f>;
@group(0) @binding(5) var<storage, read> beta: array<f32>;
@group(0) @binding(5) var<storage, read> beta4: array<vec4f>;
@group(0) @binding(5) var<storage, read> grad: array<f32>;
@group(0) @binding(5) var<storage, read> grad4: array<vec4f>;
@group(0) @binding(6) var<storage, read> slopes: array<f32>;
@group(0) @binding(6) var<storage, read> slopes4: array<vec4f>;
@group(0) @binding(7) var<storage, read> shift: array<f32>;
@group(0) @binding(7) var<storage, read> shift4: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> out: array<f32>;
@group(0) @binding(8) var<storage, read_write> out4: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> out_beta: array<f32>;
@group(0) @binding(7) var<storage, read_write> out_gamma: array<f32>;

/// Rows of chunk k: from k · fold, this many.
fn share(k: u32) -> u32 {
  return min(p.fold, p.rows - k * p.fold);
}

/// The part of g that passes the activation behind y, which callers work out by the expression of `apply`: both must find the same parts flat.
fn passed(g: vec4f, y: vec4f) -> vec4f {
  if (p.activation == 0u) { return g; }
  return select(g, vec4f(), (y <= vec4f()) | ((y >= vec4f(6.0)) & vec4<bool>(p.activation == RELU6)));
}

@compute @workgroup_size(WG)
fn apply(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.chunks * C) { return; }
  let c = t % C;
  let chunk = t / C;
  let count = share(chunk);
  let m = mean[c];
  let scale = gamma[c] / sqrt(variance[c] + p.eps);
  let shift = beta[c];
  for (var k = 0u; k < count; k++) {
    let at = (chunk * p.fold + k) * C + c;
    out[at] = activate(vec4f((x[at] - m) * scale + shift)).x;
  }
}

@compute @workgroup_size(WG)
fn apply4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let quads = C / 4u;
  if (t >= p.chunks * quads) { return; }
  let c = t % quads;
  let chunk = t / quads;
  let count = share(chunk);
  let m = mean4[c];
  let scale = gamma4[c] / sqrt(variance4[c] + p.eps);
  let shift = beta4[c];
  for (var k = 0u; k < count; k++) {
    let at = (chunk * p.fold + k) * quads + c;
    out4[at] = activate((x4[at] - m) * scale + shift);
  }
}

@compute @workgroup_size(WG)
fn gradient_sums(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.chunks * C) { return; }
  let c = t % C;
  let chunk = t / C;
  let count = share(chunk);
  let m = mean[c];
  let scale = gamma[c] / sqrt(variance[c] + p.eps);
  let beta_c = shift[c];
  var plain = 0.0;
  var centred = 0.0;
  for (var k = 0u; k < count; k++) {
    let at = (chunk * p.fold + k) * C + c;
    let from_mean = x[at] - m;
    let g = passed(vec4f(grad[at]), vec4f(from_mean * scale + beta_c)).x;
    plain += g;
    centred += g * from_mean;
  }
  out[chunk * 2u * C + c] = plain;
  out[chunk * 2u * C + C + c] = centred;
}

@compute @workgroup_size(WG)
fn gradient_sums4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let quads = C / 4u;
  if (t >= p.chunks * quads) { return; }
  let c = t % quads;
  let chunk = t / quads;
  let count = share(chunk);
  let m = mean4[c];
  let scale = gamma4[c] / sqrt(variance4[c] + p.eps);
  let beta_c = shift4[c];
  var plain = vec4f(0.0);
  var centred = vec4f(0.0);
  for (var k = 0u; k < count; k++) {
    let at = (chunk * p.fold + k) * quads + c;
    let from_mean = x4[at] - m;
    let g = passed(grad4[at], from_mean * scale + beta_c);
    plain += g;
    centred += g * from_mean;
  }
  out4[chunk * 2u * quads + c] = plain;
  out4[chunk * 2u * quads + quads + c] = centred;
}

/// Adds up the last chunks of `gradient_sums` and scales.
@compute @workgroup_size(WG)
fn finish_gradient(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let c = flat_index(gid, groups);
  if (c >= C) { return; }
  var plain = 0.0;
  var centred = 0.0;
  for (var k = 0u; k < p.chunks; k++) {
    plain += partial[k * 2u * C + c];
    centred += partial[k * 2u * C + C + c];
  }
  let slope = centred / sqrt(variance[c] + p.eps);
  out_beta[c] = plain;
  out_gamma[c] = slope;
  out[c] = plain;
  out[C + c] = slope;
}

@compute @workgroup_size(WG)
fn apply_gradient(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.chunks * C) { return; }
  let c = t % C;
  let chunk = t / C;
  let count = share(chunk);
  let n = f32(p.rows);
  let inv = 1.0 / sqrt(variance[c] + p.eps);
  let scale = gamma[c] / sqrt(variance[c] + p.eps);
  let beta_c = shift[c];
  let plain = slopes[c] / n;
  let centred = inv * slopes[C + c] / n;
  let m = mean[c];
  for (var k = 0u; k < count; k++) {
    let at = (chunk * p.fold + k) * C + c;
    let from_mean = x[at] - m;
    out[at] = scale * (passed(vec4f(grad[at]), vec4f(from_mean * scale + beta_c)).x - plain - from_mean * centred);
  }
}

@compute @workgroup_size(WG)
fn apply_gradient4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let quads = C / 4u;
  if (t >= p.chunks * quads) { return; }
  let c = t % quads;
  let chunk = t / quads;
  let count = share(chunk);
  let n = f32(p.rows);
  let inv = vec4f(1.0) / sqrt(variance4[c] + p.eps);
  let scale = gamma4[c] / sqrt(variance4[c] + p.eps);
  let beta_c = shift4[c];
  let plain = slopes4[c] / n;
  let centred = inv * slopes4[quads + c] / n;
  let m = mean4[c];
  for (var k = 0u; k < count; k++) {
    let at = (chunk * p.fold + k) * quads + c;
    let from_mean = x4[at] - m;
    out4[at] = scale * (passed(grad4[at], from_mean * scale + beta_c) - plain - from_mean * centred);
  }
}
