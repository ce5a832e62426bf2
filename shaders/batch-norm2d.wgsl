// batch-norm2d - normalisation of each channel over a batch of feature maps, with its gradient sums. (Statistics of a batch:
// shaders/variance.wgsl.)
//
//   out     = (x − mean) · inv · gamma + beta,   inv = 1 / √(variance + eps)
//   dbeta   = Σ g,   dgamma = inv · Σ g·(x − mean)   over the n rows (batch × height × width)
//   dx      = gamma · inv · (g − dbeta / n − (x − mean) · inv · dgamma / n)
//
// Layouts: x, grad, out [rows, C] (NHWC with the first three axes joined); statistics and parameters [C];
// partial [chunks, 2, C]: Σ g and Σ g·(x − mean).
// Entries: `apply` and `apply_gradient`: one thread per element; `gradient_sums`: one thread per channel and chunk of rows (row
// chunk, chunk + chunks, …); `finish_gradient`: one thread per channel. The forms with a 4 do four channels per thread (C
// divides by 4), with one address and one vec4 load. Neighbouring threads hold neighbouring channels, so loads are contiguous.
// Accumulation: f32, chunks in a fixed order; x less its mean first, so that a mean far from zero costs no digits.

//!include "lib/grid.wgsl"

struct Params { rows: u32, chunks: u32, eps: f32 }

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
@group(0) @binding(6) var<storage, read> dgamma: array<f32>;
@group(0) @binding(6) var<storage, read> dgamma4: array<vec4f>;
@group(0) @binding(7) var<storage, read> dbeta: array<f32>;
@group(0) @binding(7) var<storage, read> dbeta4: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> out: array<f32>;
@group(0) @binding(8) var<storage, read_write> out4: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> out_beta: array<f32>;
@group(0) @binding(7) var<storage, read_write> out_gamma: array<f32>;

/// How many of `count` things chunk k holds when things go round the chunks in turn.
fn share(count: u32, k: u32) -> u32 {
  return (count - k + p.chunks - 1u) / p.chunks;
}

@compute @workgroup_size(WG)
fn apply(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.rows * C) { return; }
  let c = t % C;
  let scale = gamma[c] / sqrt(variance[c] + p.eps);
  out[t] = (x[t] - mean[c]) * scale + beta[c];
}

@compute @workgroup_size(WG)
fn apply4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.rows * (C / 4u)) { return; }
  let c = t % (C / 4u);
  let scale = gamma4[c] / sqrt(variance4[c] + p.eps);
  out4[t] = (x4[t] - mean4[c]) * scale + beta4[c];
}

@compute @workgroup_size(WG)
fn gradient_sums(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.chunks * C) { return; }
  let c = t % C;
  let chunk = t / C;
  let count = share(p.rows, chunk);
  let m = mean[c];
  var plain = 0.0;
  var centred = 0.0;
  for (var k = 0u; k < count; k++) {
    let at = (chunk + k * p.chunks) * C + c;
    plain += grad[at];
    centred += grad[at] * (x[at] - m);
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
  let count = share(p.rows, chunk);
  let m = mean4[c];
  var plain = vec4f(0.0);
  var centred = vec4f(0.0);
  for (var k = 0u; k < count; k++) {
    let at = (chunk + k * p.chunks) * quads + c;
    plain += grad4[at];
    centred += grad4[at] * (x4[at] - m);
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
  out_beta[c] = plain;
  out_gamma[c] = centred / sqrt(variance[c] + p.eps);
}

@compute @workgroup_size(WG)
fn apply_gradient(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.rows * C) { return; }
  let c = t % C;
  let inv = 1.0 / sqrt(variance[c] + p.eps);
  let n = f32(p.rows);
  out[t] = gamma[c] * inv * (grad[t] - dbeta[c] / n - (x[t] - mean[c]) * (inv * dgamma[c] / n));
}

@compute @workgroup_size(WG)
fn apply_gradient4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.rows * (C / 4u)) { return; }
  let c = t % (C / 4u);
  let inv = vec4f(1.0) / sqrt(variance4[c] + p.eps);
  let n = f32(p.rows);
  out4[t] = gamma4[c] * inv * (grad4[t] - dbeta4[c] / n - (x4[t] - mean4[c]) * (inv * dgamma4[c] / n));
}
