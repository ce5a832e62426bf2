// running-statistics - what a batch norm remembers of the batches it has seen.
//
//   running_mean ← (1 − m) · running_mean + m · mean
//   running_var  ← (1 − m) · running_var + m · variance · n / (n − 1)      (the batch's biased variance made unbiased)
//   batches      ← batches + 1
//
// Layouts: all [C]; batches has one element. n is batch × height × width, correction = n / (n − 1), m the momentum.
// Entry `update`: one thread per channel, in place; thread 0 counts the batch.

//!include "lib/grid.wgsl"

struct Params { momentum: f32, correction: f32 }

override C: u32 = 4u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> mean: array<f32>;
@group(0) @binding(2) var<storage, read> variance: array<f32>;
@group(0) @binding(3) var<storage, read_write> running_mean: array<f32>;
@group(0) @binding(4) var<storage, read_write> running_var: array<f32>;
@group(0) @binding(5) var<storage, read_write> batches: array<i32>;

@compute @workgroup_size(WG)
fn update(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let c = flat_index(gid, groups);
  if (c >= C) { return; }
  let m = p.momentum;
  running_mean[c] = (1.0 - m) * running_mean[c] + m * mean[c];
  running_var[c] = (1.0 - m) * running_var[c] + m * p.correction * variance[c];
  if (c == 0u) { batches[0] += 1; }
}
