// pick2d - fetches for every window the value of a plane that its index names: the transpose of max pooling's gradient.
//
//   out[n, oy, ox, c] = plane[n, indices[n, oy, ox, c], c], and 0 for an index outside the plane
//
// Layouts: plane [n, size, C] with its two directions as one, indices and out [n, oh, ow, C], dense.
// Entry `forward`: one thread per window and channel (the indices of four channels point to four places, so there is nothing
// to load as a vec4).

//!include "lib/plane.wgsl"

struct Params { size: u32, oh: u32, ow: u32 }

override C: u32 = 4u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> plane: array<f32>;
@group(0) @binding(2) var<storage, read> indices: array<u32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.ow * C) { return; }
  let own = flat(gid, p.oh, p.ow, C);
  let index = indices[own];
  var value = 0.0;
  if (index < p.size) { value = plane[(gid.z * p.size + index) * C + gid.x % C]; }
  out[own] = value;
}
