// optimizer - one update of all parameters of a model, which lie in one flat buffer.
//
//   sgd    g ← g·clip + wd·p;  v ← μ·v + g;  p ← p − lr·(nesterov ? g + μ·v : v)                     (PyTorch's SGD)
//   adam   m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²;  p ← p − lr·(m / (1−β₁ᵗ)) / (√(v / (1−β₂ᵗ)) + ε)   (Kingma & Ba 2015)
//          decay: g ← g + wd·p before (Adam), or p ← p·(1 − lr·wd) (AdamW, Loshchilov & Hutter 2019)
//   rmsprop  g ← g·clip + wd·p;  v ← αv + (1−α)g²;  b ← μ·b + g / (√v + ε);  p ← p − lr·b           (Tieleman & Hinton 2012)
//   average  e ← d·e + (1−d)·p of the new p; d = 0 (of the first update) makes it p, as torch.optim.swa_utils does
//   clip   min(1, max_norm / (‖g‖ + 1e-6)) over all gradients, 1 when max_norm is 0
//
// Layout: flat f32 buffers in blocks of 64 elements; a block belongs to one parameter. table[block] = group | count << 8,
// where count (0 … 64) is how many of the block's elements are the parameter's and group picks two words of the step
// block: learning rate and weight decay. Count 0: not updated.
// Entries: `norm_partial` sums g² over every chunks-th four elements, one thread per chunk; `norm_final` adds the chunks, one
// thread; `sgd`, `adam` and `rmsprop` (whose α is beta2) update four elements of one block per thread, `sgd_average`,
// `adam_average` and `rmsprop_average` their average too, which costs a read and a write but no dispatch; `exchange` swaps
// parameters with their averages. Elements beyond a parameter's end keep what they hold.
// A norm that is not finite (told by its bits) leaves everything as it was, but for an average that does not exist yet.
// Four at a time because loads of vec4s, and one look at table and step block for all four, are what the update costs:
// 3 to 4 times faster than one element per thread on CPU adapters.

//!include "lib/grid.wgsl"
//!include "lib/step.wgsl"

override NESTEROV: u32 = 0u;
override DECOUPLED: u32 = 1u;

struct Params { size: u32, chunks: u32, groups: u32, corrections: u32, averaging: u32, momentum: f32, beta1: f32, beta2: f32, epsilon: f32, max_norm: f32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> grad: array<vec4f>;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read> table: array<u32>;
@group(0) @binding(3) var<storage, read> norm: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> sums: array<f32>;
@group(0) @binding(5) var<storage, read_write> first: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> second: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> average: array<vec4f>;

/// How many elements of a block are a parameter's.
fn count_of(entry: u32) -> u32 {
  return (entry >> 8u) & 127u;
}

/// Which of the four elements from `at` of a block are the parameter's.
fn live(at: u32, count: u32) -> vec4<bool> {
  return vec4u(at, at + 1u, at + 2u, at + 3u) < vec4u(count);
}

@compute @workgroup_size(WG)
fn norm_partial(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.chunks) { return; }
  var sum = vec4f(0.0);
  let rounds = (p.size / 4u - t + p.chunks - 1u) / p.chunks;
  for (var round = 0u; round < rounds; round++) {
    let i = t + round * p.chunks;
    let g = grad[i];
    sum += select(vec4f(0.0), g * g, live(i % 16u * 4u, count_of(table[i / 16u])));
  }
  sums[t] = (sum.x + sum.y) + (sum.z + sum.w);
}

@compute @workgroup_size(1)
fn norm_final() {
  var sum = 0.0;
  for (var i = 0u; i < p.chunks; i++) { sum += partial[i]; }
  sums[0] = sum;
}

fn finite(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}

fn clip() -> f32 {
  return select(1.0, min(1.0, p.max_norm / (sqrt(norm[0]) + 1e-6)), p.max_norm > 0.0);
}

fn sgd_update(t: u32) {
  let entry = table[t / 16u];
  if (count_of(entry) == 0u || !finite(norm[0])) { return; }
  let mine = live(t % 16u * 4u, count_of(entry));
  let rate = step_f32(p.groups + 2u * (entry & 255u));
  let decay = step_f32(p.groups + 2u * (entry & 255u) + 1u);
  let old = out[t];
  let g = grad[t] * clip() + decay * old;
  let v = p.momentum * first[t] + g;
  first[t] = select(first[t], v, mine);
  out[t] = select(old, old - rate * select(v, g + p.momentum * v, NESTEROV != 0u), mine);
}

fn adam_update(t: u32) {
  let entry = table[t / 16u];
  if (count_of(entry) == 0u || !finite(norm[0])) { return; }
  let mine = live(t % 16u * 4u, count_of(entry));
  let rate = step_f32(p.groups + 2u * (entry & 255u));
  let decay = step_f32(p.groups + 2u * (entry & 255u) + 1u);
  let old = out[t];
  let decayed = select(old, old * (1.0 - rate * decay), DECOUPLED != 0u);
  let g = grad[t] * clip() + select(decay * old, vec4f(0.0), DECOUPLED != 0u);
  let m = p.beta1 * first[t] + (1.0 - p.beta1) * g;
  let v = p.beta2 * second[t] + (1.0 - p.beta2) * g * g;
  first[t] = select(first[t], m, mine);
  second[t] = select(second[t], v, mine);
  let denominator = sqrt(v * step_f32(p.corrections + 1u)) + p.epsilon;
  out[t] = select(old, decayed - rate * (m * step_f32(p.corrections)) / denominator, mine);
}

fn rmsprop_update(t: u32) {
  let entry = table[t / 16u];
  if (count_of(entry) == 0u || !finite(norm[0])) { return; }
  let mine = live(t % 16u * 4u, count_of(entry));
  let rate = step_f32(p.groups + 2u * (entry & 255u));
  let decay = step_f32(p.groups + 2u * (entry & 255u) + 1u);
  let old = out[t];
  let g = grad[t] * clip() + decay * old;
  let v = p.beta2 * second[t] + (1.0 - p.beta2) * g * g;
  let b = p.momentum * first[t] + g / (sqrt(v) + p.epsilon);
  first[t] = select(first[t], b, mine);
  second[t] = select(second[t], v, mine);
  out[t] = select(old, old - rate * b, mine);
}

/// Lets the average follow the parameters. Word `averaging` of the step block is d.
fn follow(t: u32) {
  let d = step_f32(p.averaging);
  if (!finite(norm[0]) && d != 0.0) { return; }
  let old = average[t];
  average[t] = select(old, d * old + (1.0 - d) * out[t], live(t % 16u * 4u, count_of(table[t / 16u])));
}

@compute @workgroup_size(WG)
fn sgd(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.size / 4u) { return; }
  sgd_update(t);
}

@compute @workgroup_size(WG)
fn sgd_average(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.size / 4u) { return; }
  sgd_update(t);
  follow(t);
}

@compute @workgroup_size(WG)
fn adam(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.size / 4u) { return; }
  adam_update(t);
}

@compute @workgroup_size(WG)
fn adam_average(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.size / 4u) { return; }
  adam_update(t);
  follow(t);
}

@compute @workgroup_size(WG)
fn rmsprop(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.size / 4u) { return; }
  rmsprop_update(t);
}

@compute @workgroup_size(WG)
fn rmsprop_average(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.size / 4u) { return; }
  rmsprop_update(t);
  follow(t);
}

@compute @workgroup_size(WG)
fn exchange(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.size / 4u) { return; }
  let mine = live(t % 16u * 4u, count_of(table[t / 16u]));
  let old = out[t];
  let averaged = average[t];
  out[t] = select(old, averaged, mine);
  average[t] = select(averaged, old, mine);
}
