// transpose - a copy with the axes in another order.
//
//   out[i_0, …, i_k] = x[j_0, …, j_k] with j_permutation[a] = i_a
//
// Layouts: dense in, dense out; the host merges axes that stay neighbours and passes the input's strides in the order of
// the output (lib/strided.wgsl). Values are copied as 32-bit words, so every 4-byte dtype works, and f16 as its bits.
// Entries: `forward` (one thread per value), `forward4` (one thread per four values of an innermost axis that stays
// innermost; sizes and strides then count vec4s).

//!include "lib/divide.wgsl"
//!include "lib/grid.wgsl"
//!include "lib/strided.wgsl"

@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> x4: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;
@group(0) @binding(2) var<storage, read_write> out4: array<vec4u>;

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
  out4[t] = x4[source_index(t)];
}
