// upsampled-argmax - the class map of coarse logits that are resampled bilinearly to its size, without storing them at that size: what
// resize.wgsl and argmax.wgsl compute one after the other, to the bit.
//
//   z[y, x, c]   = Σ over the four coarse neighbours of pixel (y, x) of their logits of class c, by bilinear weights (resize.wgsl)
//   out[n, y, x] = first c with the largest z[y, x, c]; the first NaN wins over everything
//
// Layouts, dense: x [n, h, w, classes]; out [n, oh, ow], u32 (`forward`) or bytes, four a word, the first in the lowest bits (`bytes`).
// Entries: one thread per four neighbouring pixels, in the order of memory: four words of `out`, or one. They may stand in two rows.
// Edges: a neighbour past the edge is the edge itself. Pixels past the last are not stored; in the last word of bytes they are 0.
// Why fast: memory traffic is the coarse logits (out of a cache) and the classes; see also lib/four.wgsl.

//!include "lib/divide.wgsl"
//!include "lib/grid.wgsl"
//!include "lib/position.wgsl"
//!include "lib/four.wgsl"

struct Params {
  h: u32, w: u32, oh: u32, ow: u32,
  units_h: u32, rest_h: f32, start_units_h: i32, start_rest_h: f32,
  units_w: u32, rest_w: f32, start_units_w: i32, start_rest_w: f32,
  count: u32, classes: u32,
}

/// Classes, baked in where they are few; 0: they stand in p.classes (compilers take seconds to unroll a loop over many).
override C: u32 = 0u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;

fn class_count() -> u32 {
  if (C != 0u) { return C; }
  return p.classes;
}

fn rows() -> Axis { return Axis(p.h, p.oh, p.units_h, p.rest_h, p.start_units_h, p.start_rest_h, 0.0); }
fn columns() -> Axis { return Axis(p.w, p.ow, p.units_w, p.rest_w, p.start_units_w, p.start_rest_w, 0.0); }

/// Two neighbours along an axis and how much the second one weighs.
struct Pair { a: u32, b: u32, weight: f32 }

fn source(d: u32, axis: Axis) -> Pair {
  let at = position(d, axis);
  let a = min(u32(max(at.whole, 0)), axis.n - 1u);
  return Pair(a, min(a + 1u, axis.n - 1u), select(at.part, 0.0, at.whole < 0));
}

fn source_y(d: u32) -> Pair { return source(d, rows()); }
fn source_x(d: u32) -> Pair { return source(d, columns()); }

fn minus_infinity() -> f32 {
  var bits = 0xff800000u;
  return bitcast<f32>(bits);
}

/// The classes of pixels first … first + 3.
fn classes(first: u32) -> vec4u {
  let at = four(first);
  let count = class_count();
  var found = vec4u(0u);
  var left = vec4<bool>(true);
  for (var k = 0u; k < 4u; k++) {
    if (!left[k]) { continue; }
    let here = near(at, k);
    var best = vec4f(minus_infinity());
    var place = vec4u(0u);
    // Nothing replaces a NaN.
    var settled = vec4<bool>(false);
    for (var c = 0u; c < count; c++) {
      let z = near_logits(here, c);
      let unknown = is_nan4(z);
      let take = !settled & ((z > best) | unknown);
      best = select(best, z, take);
      place = select(place, vec4u(c), take);
      settled = settled | unknown;
    }
    found = select(found, place, left & here.members);
    left = left & !here.members;
  }
  return found;
}

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let first = 4u * flat_index(gid, groups);
  if (first >= p.count) { return; }
  let found = classes(first);
  out[first] = found.x;
  if (first + 1u < p.count) { out[first + 1u] = found.y; }
  if (first + 2u < p.count) { out[first + 2u] = found.z; }
  if (first + 3u < p.count) { out[first + 3u] = found.w; }
}

@compute @workgroup_size(WG)
fn bytes(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (4u * t >= p.count) { return; }
  let there = vec4u(4u * t) + vec4u(0u, 1u, 2u, 3u) < vec4u(p.count);
  let found = select(vec4u(0u), classes(4u * t), there);
  out[t] = found.x | (found.y << 8u) | (found.z << 16u) | (found.w << 24u);
}
