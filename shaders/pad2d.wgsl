// pad2d - a plane with a frame of one value around it.
//
//   out[n, y, x, c] = x[n, y − top, x − left, c] inside the plane, else the value
//
// Layouts: x [n, h, w, C], out [n, oh, ow, C], dense. Values are copied as 32-bit words, so every 4-byte dtype works;
// `value` comes as the bits of that dtype.
// Entries: `forward` (one thread per output value), `forward4` (one thread per four channels; C divides by 4).
// Edges: a coordinate before the plane wraps to a huge number, so one comparison per axis tests both sides.

//!include "lib/plane.wgsl"

struct Params { h: u32, w: u32, oh: u32, ow: u32, top: u32, left: u32, value: u32 }

override C: u32 = 4u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> x4: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;
@group(0) @binding(2) var<storage, read_write> out4: array<vec4u>;

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.ow * C) { return; }
  let at = place(gid, C);
  let column = at.x - p.left;
  let y = at.y - p.top;
  var v = p.value;
  if (y < p.h && column < p.w) { v = x[((at.n * p.h + y) * p.w + column) * C + at.c]; }
  out[flat(gid, p.oh, p.ow, C)] = v;
}

@compute @workgroup_size(WG)
fn forward4(@builtin(global_invocation_id) gid: vec3u) {
  let channels = C / 4u;
  if (gid.x >= p.ow * channels) { return; }
  let at = place(gid, channels);
  let column = at.x - p.left;
  let y = at.y - p.top;
  var v = vec4u(p.value);
  if (y < p.h && column < p.w) { v = x4[((at.n * p.h + y) * p.w + column) * channels + at.c]; }
  out4[flat(gid, p.oh, p.ow, channels)] = v;
}
