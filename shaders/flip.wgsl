// flip - a copy with some axes reversed.
//
//   out[i_0, …, i_k] = x[j_0, …, j_k] with j_a = n_a − 1 − i_a along a reversed axis of n_a, i_a along the others
//
// Layouts: dense in, dense out. Neighbouring axes that are both reversed are one run (reversed as a whole), so the host passes
// up to four runs, outermost first: n, the run's size, and s, how many elements lie between its neighbours. What has more
// runs takes another pass. Values are copied as 32-bit words, so every 4-byte dtype works, and f16 as its bits.
// Entries: `forward` (one thread per value), `forward4` (one thread per four; total and strides divide by 4 and count vec4s.
// With MIRROR the innermost run has stride 1; then its size divides instead, and vectors are reversed too).

//!include "lib/divide.wgsl"
//!include "lib/grid.wgsl"
//!variant RUNS=4 MIRROR=1

struct Params {
  total: u32,
  n0: u32, n1: u32, n2: u32, n3: u32,
  s0: u32, s1: u32, s2: u32, s3: u32,
}

/// Runs that are really used, the last ones of the four.
override RUNS: u32 = 1u;
override MIRROR: u32 = 0u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> x4: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;
@group(0) @binding(2) var<storage, read_write> out4: array<vec4u>;

/// How far beyond t its source stands because of a run of n with stride s. Before t it wraps, and the sum is right again.
fn shift(t: u32, n: u32, s: u32) -> u32 {
  let position = quotient(t, s);
  let i = position - quotient(position, n) * n;
  return (n - 1u - 2u * i) * s;
}

fn source_index(t: u32) -> u32 {
  var index = t + shift(t, p.n3, p.s3);
  if (RUNS > 1u) { index += shift(t, p.n2, p.s2); }
  if (RUNS > 2u) { index += shift(t, p.n1, p.s1); }
  if (RUNS > 3u) { index += shift(t, p.n0, p.s0); }
  return index;
}

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  out[t] = x[source_index(t)];
}

@compute @workgroup_size(WG)
fn forward4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let v = x4[source_index(t)];
  out4[t] = select(v, v.wzyx, MIRROR == 1u);
}
