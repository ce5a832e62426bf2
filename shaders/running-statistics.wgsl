// running-statistics - what a batch norm remembers of the batches it has seen.
//
//   running_mean ← (1 − m) · running_mean + m · mean
//   running_var  ← (1 − m) · running_var + m · variance · n / (n − 1)      (the batch's biased variance made unbiased)
//   batches      ← batches + 1
//
// Layouts: all [C]; batches has one element. n is batch × height × width, correction = n / (n − 1), m the momentum.
// Entries: `update`: one thread per channel, in place; thread 0 counts the batch. `update_cumulative` takes m = 1 / (batches + 1),
// which makes the running values the plain average of all batches; every thread reads the count, so `count` adds to it afterwards.

//!include "lib/grid.wgsl"

struct Params { momentum: f32, correction: f32 }

override C: u32 = 4u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> mean: array<f32>;
@group(0) @binding(2) var<storage, read> variance: array<f32>;
@group(0) @binding(3) var<storage, read_write> running_mean: array<f32>;
@group(0) @binding(4) var<storage, read_write> running_var: array<f32>;
@group(0) @binding(5) var<storage, read_write> batches: array<i32>;
@group(0) @binding(5) var<storage, read> seen: array<i32>;

@compute @workgroup_size(WG)
fn update(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let c = flat_index(gid, groups);
  if (c >= C) { return; }
  let m = p.momentum;
  running_mean[c] = (1.0 - m) * running_mean[c] + m * mean[c];
  running_var[c] = (1.0 - m) * running_var[c] + m * p.correction * variance[c];
  if (c == 0u) { batches[0] += 1; }
}

@compute @workgroup_size(WG)
fn update_cumulative(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let c = flat_index(gid, groups);
  if (c >= C) { return; }
  let m = 1.0 / f32(seen[0] + 1);
  running_mean[c] = (1.0 - m) * running_mean[c] + m * mean[c];
  running_var[c] = (1.0 - m) * running_var[c] + m * p.correction * variance[c];
}

@compute @workgroup_size(1)
fn count() {
  batches[0] += 1;
}
