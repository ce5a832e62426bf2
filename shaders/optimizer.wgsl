// optimizer - one update of all parameters of a model, which lie in one flat buffer.
//
//   sgd    g ← g·clip + wd·p;  v ← μ·v + g;  p ← p − lr·(nesterov ? g + μ·v : v)                     (PyTorch's SGD)
//   adam   m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²;  p ← p − lr·(m / (1−β₁ᵗ)) / (√(v / (1−β₂ᵗ)) + ε)   (Kingma & Ba 2015)
//          decay: g ← g + wd·p before (Adam), or p ← p·(1 − lr·wd) (AdamW, Loshchilov & Hutter 2019)
//   clip   min(1, max_norm / (‖g‖ + 1e-6)) over all gradients, 1 when max_norm is 0
//
// Layout: flat f32 buffers in blocks of 64 elements; a block belongs to one parameter. table[block] = group | count << 8,
// where count (0 … 64) is how many of the block's elements are the parameter's and group picks two words of the step
// block: learning rate and weight decay. Count 0: not updated.
// Entries: `norm_partial` sums g² over every chunks-th block, one thread per chunk; `norm_final` adds the chunks, one
// thread; `sgd` and `adam` update one element per thread. A norm that is not finite (told by its bits) leaves everything as it was.

//!include "lib/grid.wgsl"
//!include "lib/step.wgsl"

override NESTEROV: u32 = 0u;
override DECOUPLED: u32 = 1u;

struct Params { size: u32, chunks: u32, groups: u32, corrections: u32, momentum: f32, beta1: f32, beta2: f32, epsilon: f32, max_norm: f32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(2) var<storage, read> table: array<u32>;
@group(0) @binding(3) var<storage, read> norm: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<storage, read_write> first: array<f32>;
@group(0) @binding(6) var<storage, read_write> second: array<f32>;

@compute @workgroup_size(WG)
fn norm_partial(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.chunks) { return; }
  var sum = 0.0;
  let blocks = p.size / 64u;
  for (var round = 0u; round < (blocks + p.chunks - 1u) / p.chunks; round++) {
    let block = t + round * p.chunks;
    if (block >= blocks) { break; }
    let count = (table[block] >> 8u) & 127u;
    var part = 0.0;
    for (var i = 0u; i < 64u; i++) {
      let g = grad[block * 64u + i];
      part += select(0.0, g * g, i < count);
    }
    sum += part;
  }
  out[t] = sum;
}

@compute @workgroup_size(1)
fn norm_final() {
  var sum = 0.0;
  for (var i = 0u; i < p.chunks; i++) { sum += grad[i]; }
  out[0] = sum;
}

fn finite(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}

fn clip() -> f32 {
  return select(1.0, min(1.0, p.max_norm / (sqrt(norm[0]) + 1e-6)), p.max_norm > 0.0);
}

@compute @workgroup_size(WG)
fn sgd(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.size) { return; }
  let entry = table[t / 64u];
  if (t % 64u >= ((entry >> 8u) & 127u) || !finite(norm[0])) { return; }
  let rate = step_f32(p.groups + 2u * (entry & 255u));
  let decay = step_f32(p.groups + 2u * (entry & 255u) + 1u);
  let g = grad[t] * clip() + decay * out[t];
  let v = p.momentum * first[t] + g;
  first[t] = v;
  out[t] -= rate * select(v, g + p.momentum * v, NESTEROV != 0u);
}

@compute @workgroup_size(WG)
fn adam(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.size) { return; }
  let entry = table[t / 64u];
  if (t % 64u >= ((entry >> 8u) & 127u) || !finite(norm[0])) { return; }
  let rate = step_f32(p.groups + 2u * (entry & 255u));
  let decay = step_f32(p.groups + 2u * (entry & 255u) + 1u);
  let decayed = select(out[t], out[t] * (1.0 - rate * decay), DECOUPLED != 0u);
  let g = grad[t] * clip() + select(decay * out[t], 0.0, DECOUPLED != 0u);
  let m = p.beta1 * first[t] + (1.0 - p.beta1) * g;
  let v = p.beta2 * second[t] + (1.0 - p.beta2) * g * g;
  first[t] = m;
  second[t] = v;
  let denominator = sqrt(v * step_f32(p.corrections + 1u)) + p.epsilon;
  out[t] = decayed - rate * (m * step_f32(p.corrections)) / denominator;
}
