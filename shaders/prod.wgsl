// prod - products over a middle extent.
//
//   out[o, i] = Π over r of x[o, r, i]
//
// Layouts and stages: those of shaders/reduce.wgsl. Entries: `product` and `product_int` (u32, and i32 by two's complement;
// wraps), one thread per element of [outer, chunks, inner]. Products are f32, in a fixed order.

//!include "lib/grid.wgsl"
//!include "lib/lane.wgsl"

struct Params { outer: u32, extent: u32, inner: u32, chunks: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> xu: array<u32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<storage, read_write> outu: array<u32>;

@compute @workgroup_size(WG)
fn product(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.chunks * p.inner) { return; }
  let l = lane(t, p.inner);
  var total = 1.0;
  for (var k = 0u; k < l.count; k++) { total *= x[l.first + k * l.stride]; }
  out[t] = total;
}

@compute @workgroup_size(WG)
fn product_int(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.chunks * p.inner) { return; }
  let l = lane(t, p.inner);
  var total = 1u;
  for (var k = 0u; k < l.count; k++) { total *= xu[l.first + k * l.stride]; }
  outu[t] = total;
}
