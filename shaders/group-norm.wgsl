// group-norm - normalisation of each group of channels of each image, of which instance and layer norm are cases.
//
//   out = (x − mean) · inv · gamma + beta,   inv = 1 / √(variance + eps),   statistics per image and group (shaders/variance.wgsl)
//   a = Σ g·gamma,   b = Σ g·gamma·(x − mean)      over the m = pixels · width values of a group
//   dx = inv · (g·gamma − a / m − (x − mean) · inv² · b / m)
//   dbeta = Σ g,   dgamma = Σ g·(x − mean)·inv     over images and pixels
//
// Layouts: x, grad, out [images, pixels, channels] (NHWC with H and W joined); mean, variance [images, groups] with groups =
// channels / width; gamma, beta [channels]; group sums [images, groups, 2]: a, b; parameter sums [2, channels]: dbeta, dgamma.
// Instance norm has width 1. Layer norm takes rows for images, with pixels 1 and width = channels = the length of a row.
// Entries: `apply` and `apply_gradient`: one thread per element. For feature maps `channel_sums`: one thread per image, chunk of
// pixels (chunk, chunk + chunks, …) and channel, Σ g and Σ g·(x − mean) as [images, chunks, 2, channels], of which, chunks
// added up, `group_finish` (one thread per image and group) and `parameter_finish` (one per channel) make the rest. For rows
// `row_sums`: one thread per row and chunk of it; `column_sums`: one per chunk of rows and column. The forms with a 4 do four channels
// per thread (channels divide by 4, and the width too or is 1). Neighbouring threads hold neighbouring channels.
// Accumulation: f32, chunks in a fixed order.

//!include "lib/grid.wgsl"
//!include "lib/divide.wgsl"

struct Params { images: u32, pixels: u32, channels: u32, width: u32, chunks: u32, eps: f32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> x4: array<vec4f>;
@group(0) @binding(1) var<storage, read> sums: array<f32>;
@group(0) @binding(2) var<storage, read> mean: array<f32>;
@group(0) @binding(3) var<storage, read> variance: array<f32>;
@group(0) @binding(4) var<storage, read> gamma: array<f32>;
@group(0) @binding(4) var<storage, read> gamma4: array<vec4f>;
@group(0) @binding(5) var<storage, read> beta: array<f32>;
@group(0) @binding(5) var<storage, read> beta4: array<vec4f>;
@group(0) @binding(5) var<storage, read> grad: array<f32>;
@group(0) @binding(5) var<storage, read> grad4: array<vec4f>;
@group(0) @binding(6) var<storage, read> group_sums: array<f32>;
@group(0) @binding(7) var<storage, read_write> out: array<f32>;
@group(0) @binding(7) var<storage, read_write> out4: array<vec4f>;

/// Where an element stands.
struct Place { channel: u32, image: u32 }

/// The place of element t, which is a channel or, with `step` 4, four of them.
fn place(t: u32, step: u32) -> Place {
  let across = p.channels / step;
  let row = quotient(t, across);
  return Place((t - row * across) * step, quotient(row, p.pixels));
}

fn group(at: Place) -> u32 {
  return at.image * quotient(p.channels, p.width) + quotient(at.channel, p.width);
}

/// How many of `count` things chunk k holds when things go round the chunks in turn.
fn share(count: u32, k: u32) -> u32 {
  return (count - k + p.chunks - 1u) / p.chunks;
}

fn mean_of(at: Place) -> vec4f {
  let s = group(at);
  if (p.width == 1u) { return vec4f(mean[s], mean[s + 1u], mean[s + 2u], mean[s + 3u]); }
  return vec4f(mean[s]);
}

fn inverse_of(at: Place) -> vec4f {
  let s = group(at);
  if (p.width == 1u) { return 1.0 / sqrt(vec4f(variance[s], variance[s + 1u], variance[s + 2u], variance[s + 3u]) + p.eps); }
  return vec4f(1.0 / sqrt(variance[s] + p.eps));
}

@compute @workgroup_size(WG)
fn apply(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.images * p.pixels * p.channels) { return; }
  let at = place(t, 1u);
  let s = group(at);
  out[t] = (x[t] - mean[s]) * (gamma[at.channel] / sqrt(variance[s] + p.eps)) + beta[at.channel];
}

@compute @workgroup_size(WG)
fn apply4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.images * p.pixels * (p.channels / 4u)) { return; }
  let at = place(t, 4u);
  let c = at.channel / 4u;
  out4[t] = (x4[t] - mean_of(at)) * (gamma4[c] * inverse_of(at)) + beta4[c];
}

@compute @workgroup_size(WG)
fn apply_gradient(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.images * p.pixels * p.channels) { return; }
  let at = place(t, 1u);
  let s = group(at);
  let inv = 1.0 / sqrt(variance[s] + p.eps);
  let m = f32(p.pixels * p.width);
  out[t] = inv * (grad[t] * gamma[at.channel] - group_sums[2u * s] / m - (x[t] - mean[s]) * (inv * inv * group_sums[2u * s + 1u] / m));
}

@compute @workgroup_size(WG)
fn apply_gradient4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.images * p.pixels * (p.channels / 4u)) { return; }
  let at = place(t, 4u);
  let s = 2u * group(at);
  let inv = inverse_of(at);
  let m = f32(p.pixels * p.width);
  var a = vec4f(group_sums[s]);
  var b = vec4f(group_sums[s + 1u]);
  if (p.width == 1u) {
    a = vec4f(group_sums[s], group_sums[s + 2u], group_sums[s + 4u], group_sums[s + 6u]);
    b = vec4f(group_sums[s + 1u], group_sums[s + 3u], group_sums[s + 5u], group_sums[s + 7u]);
  }
  out4[t] = inv * (grad4[t] * gamma4[at.channel / 4u] - a / m - (x4[t] - mean_of(at)) * (inv * inv * b / m));
}

@compute @workgroup_size(WG)
fn channel_sums(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.images * p.chunks * p.channels) { return; }
  let c = t % p.channels;
  let chunk = t / p.channels % p.chunks;
  let image = t / (p.channels * p.chunks);
  let m = mean[group(Place(c, image))];
  let count = share(p.pixels, chunk);
  var plain = 0.0;
  var centred = 0.0;
  for (var k = 0u; k < count; k++) {
    let at = (image * p.pixels + chunk + k * p.chunks) * p.channels + c;
    plain += grad[at];
    centred += grad[at] * (x[at] - m);
  }
  let to = (image * p.chunks + chunk) * 2u * p.channels + c;
  out[to] = plain;
  out[to + p.channels] = centred;
}

@compute @workgroup_size(WG)
fn channel_sums4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let quads = p.channels / 4u;
  if (t >= p.images * p.chunks * quads) { return; }
  let c = t % quads;
  let chunk = t / quads % p.chunks;
  let image = t / (quads * p.chunks);
  let m = mean_of(Place(c * 4u, image));
  let count = share(p.pixels, chunk);
  var plain = vec4f(0.0);
  var centred = vec4f(0.0);
  for (var k = 0u; k < count; k++) {
    let at = (image * p.pixels + chunk + k * p.chunks) * quads + c;
    plain += grad4[at];
    centred += grad4[at] * (x4[at] - m);
  }
  let to = (image * p.chunks + chunk) * 2u * quads + c;
  out4[to] = plain;
  out4[to + quads] = centred;
}

@compute @workgroup_size(WG)
fn group_finish(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let count = p.channels / p.width;
  if (t >= p.images * count) { return; }
  let first = t % count * p.width;
  let image = t / count;
  var a = 0.0;
  var b = 0.0;
  for (var k = 0u; k < p.width; k++) {
    let at = image * 2u * p.channels + first + k;
    a += gamma[first + k] * sums[at];
    b += gamma[first + k] * sums[at + p.channels];
  }
  out[2u * t] = a;
  out[2u * t + 1u] = b;
}

@compute @workgroup_size(WG)
fn parameter_finish(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let c = flat_index(gid, groups);
  if (c >= p.channels) { return; }
  var dbeta = 0.0;
  var dgamma = 0.0;
  for (var n = 0u; n < p.images; n++) {
    let at = n * 2u * p.channels + c;
    dbeta += sums[at];
    dgamma += sums[at + p.channels] / sqrt(variance[group(Place(c, n))] + p.eps);
  }
  out[c] = dbeta;
  out[p.channels + c] = dgamma;
}

@compute @workgroup_size(WG)
fn row_sums(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.images * p.chunks) { return; }
  let chunk = t % p.chunks;
  let row = t / p.chunks;
  let m = mean[row];
  let count = share(p.channels, chunk);
  var a = 0.0;
  var b = 0.0;
  for (var k = 0u; k < count; k++) {
    let c = chunk + k * p.chunks;
    let at = row * p.channels + c;
    let scaled = grad[at] * gamma[c];
    a += scaled;
    b += scaled * (x[at] - m);
  }
  out[2u * t] = a;
  out[2u * t + 1u] = b;
}

@compute @workgroup_size(WG)
fn column_sums(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.chunks * p.channels) { return; }
  let c = t % p.channels;
  let chunk = t / p.channels;
  let count = share(p.images, chunk);
  var dbeta = 0.0;
  var dgamma = 0.0;
  for (var k = 0u; k < count; k++) {
    let row = chunk + k * p.chunks;
    let at = row * p.channels + c;
    dbeta += grad[at];
    dgamma += grad[at] * ((x[at] - mean[row]) / sqrt(variance[row] + p.eps));
  }
  let to = chunk * 2u * p.channels + c;
  out[to] = dbeta;
  out[to + p.channels] = dgamma;
}
