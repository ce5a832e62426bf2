// dropout - zeroes elements (or whole channels) at random and scales up the rest.
//
//   out = x · scale where hash(seed, key, step, unit) ≥ threshold, else 0;   scale = 1 / (1 − rate), threshold = rate · 2³²
//
// Layouts: x and out [n, inner, C] seen flat. The unit is the element itself, or with CHANNELS = 1 the pair (n, channel).
// Counter-based: nothing is stored; the gradient is the same entry on the incoming gradient, and draws the same mask.
// The hash is two rounds of PCG (Jarzynski and Olano, "Hash Functions for GPU Rendering", JCGT 2020), keyed between rounds.
// Entries: `dropout` (step 0) and `dropout_step` (the step number stands in the step block): one thread per element.
// A dropped element is exactly 0, even where x is NaN.

//!include "lib/grid.wgsl"
//!include "lib/step.wgsl"

struct Params { total: u32, inner: u32, seed: u32, key: u32, threshold: u32, scale: f32, slot: u32 }

/// Channels, used with CHANNELS = 1.
override C: u32 = 1u;
override CHANNELS: u32 = 0u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

fn pcg(v: u32) -> u32 {
  let state = v * 747796405u + 2891336453u;
  let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
  return (word >> 22u) ^ word;
}

fn draw(t: u32, number: u32) -> f32 {
  var unit = t;
  if (CHANNELS == 1u) { unit = t / (p.inner * C) * C + t % C; }
  let first = pcg(number + pcg(p.key + pcg(p.seed)));
  let second = pcg(first ^ 0x9e3779b9u);
  let hash = pcg(pcg(unit ^ first) + second);
  return select(0.0, x[t] * p.scale, hash >= p.threshold);
}

@compute @workgroup_size(WG)
fn dropout(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  out[t] = draw(t, 0u);
}

@compute @workgroup_size(WG)
fn dropout_step(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  out[t] = draw(t, step_u32(p.slot));
}
