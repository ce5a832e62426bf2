// pad2d - a plane with a frame of one value around it.
//
//   out[n, y, x, c] = x[n, y − top, x − left, c] inside the plane, else the value
//
// Layouts: x [n, h, w, C], out [n, oh, ow, C], dense. Values are copied as 32-bit words, so every 4-byte dtype works;
// `value` comes as the bits of that dtype.
// Entries: `forward` (one thread per output value), `forward4` (one thread per four channels; C divides by 4).
// Edges: a coordinate before the plane wraps to a huge number, so one comparison per axis tests both sides.

//!include "lib/grid.wgsl"

struct Params { n: u32, h: u32, w: u32, oh: u32, ow: u32, top: u32, left: u32, value: u32 }

override C: u32 = 4u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> x4: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;
@group(0) @binding(2) var<storage, read_write> out4: array<vec4u>;

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.n * p.oh * p.ow * C) { return; }
  let column = (t / C) % p.ow - p.left;
  let y = (t / C / p.ow) % p.oh - p.top;
  let n = t / C / (p.ow * p.oh);
  var v = p.value;
  if (y < p.h && column < p.w) { v = x[((n * p.h + y) * p.w + column) * C + t % C]; }
  out[t] = v;
}

@compute @workgroup_size(WG)
fn forward4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let channels = C / 4u;
  if (t >= p.n * p.oh * p.ow * channels) { return; }
  let column = (t / channels) % p.ow - p.left;
  let y = (t / channels / p.ow) % p.oh - p.top;
  let n = t / channels / (p.ow * p.oh);
  var v = vec4u(p.value);
  if (y < p.h && column < p.w) { v = x4[((n * p.h + y) * p.w + column) * channels + t % channels]; }
  out4[t] = v;
}
