// resize - bilinear and nearest resampling of feature maps, and their gradients.
//
//   bilinear  position of output d: f = d · step + start (lib/position.wgsl), not below 0
//             out[n, y, x, c] = sum of the four neighbours floor(f), floor(f) + 1 (clamped to the edge), weighted 1 − frac, frac
//   nearest   out[n, y, x, c] = x[n, row, column, c], each the smaller of floor((d + start_rest) · rest) and n − 1, in f32:
//             rest is the step rounded to f32, start_rest 0 or ½, so that indices come out as PyTorch's, rounding included
//   gradients grad_x = the transposed sums, gathered: the outputs that read position i are those with i − 1 < f < i + 1
//             (bilinear) or whose index is i (nearest), an interval that is guessed with 1 / step and then put right by one
//
// Layouts: x [n, h, w, C], out [n, oh, ow, C]; rows of `out` may be a channel slice of a wider buffer (STRIDE, OFFSET).
// Entries: `bilinear`, `nearest` (one thread per output value), `bilinear4`, `nearest4` (per four channels), the same
// four with `_gradient`, one thread per input value or four channels of it, and `bilinear_pixel` (one thread per output pixel, for
// channel counts like 21: positions are worked out once per pixel, which is most of the work on a CPU: 3 times faster there).
// Edges: a neighbour past the edge is the edge itself. Sums are f32, rows first.
// Nearest copies 32-bit words, so that it works for integer labels too.

//!include "lib/position.wgsl"
//!include "lib/plane.wgsl"

struct Params {
  h: u32, w: u32, oh: u32, ow: u32,
  units_h: u32, rest_h: f32, start_units_h: i32, start_rest_h: f32, inverse_h: f32,
  units_w: u32, rest_w: f32, start_units_w: i32, start_rest_w: f32, inverse_w: f32,
}

override C: u32 = 4u;
/// Elements from one pixel of `out` to the next, and the first of ours (forward entries only).
override STRIDE: u32 = 4u;
override OFFSET: u32 = 0u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> x4: array<vec4f>;
@group(0) @binding(1) var<storage, read> words: array<u32>;
@group(0) @binding(1) var<storage, read> words4: array<vec4u>;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(1) var<storage, read> grad4: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<storage, read_write> out4: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out_words: array<u32>;
@group(0) @binding(2) var<storage, read_write> out_words4: array<vec4u>;

fn rows() -> Axis { return Axis(p.h, p.oh, p.units_h, p.rest_h, p.start_units_h, p.start_rest_h, p.inverse_h); }
fn columns() -> Axis { return Axis(p.w, p.ow, p.units_w, p.rest_w, p.start_units_w, p.start_rest_w, p.inverse_w); }

/// Two neighbours along an axis and how much the second one weighs.
struct Pair { a: u32, b: u32, weight: f32 }

fn source(d: u32, axis: Axis) -> Pair {
  let at = position(d, axis);
  let a = min(u32(max(at.whole, 0)), axis.n - 1u);
  return Pair(a, min(a + 1u, axis.n - 1u), select(at.part, 0.0, at.whole < 0));
}

/// The input that output d is a copy of.
fn copied(d: u32, axis: Axis) -> u32 {
  return min(u32((f32(d) + axis.start_rest) * axis.rest), axis.n - 1u);
}

/// Number of an output pixel.
fn pixel(at: Place) -> u32 { return (at.n * p.oh + at.y) * p.ow + at.x; }

@compute @workgroup_size(WG)
fn bilinear(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.ow * C) { return; }
  let at = place(gid, C);
  let sx = source(at.x, columns());
  let sy = source(at.y, rows());
  let top = (at.n * p.h + sy.a) * p.w;
  let bottom = (at.n * p.h + sy.b) * p.w;
  let upper = mix(x[(top + sx.a) * C + at.c], x[(top + sx.b) * C + at.c], sx.weight);
  let lower = mix(x[(bottom + sx.a) * C + at.c], x[(bottom + sx.b) * C + at.c], sx.weight);
  out[pixel(at) * STRIDE + OFFSET + at.c] = mix(upper, lower, sy.weight);
}

/// All channels of one output pixel.
@compute @workgroup_size(WG)
fn bilinear_pixel(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.ow) { return; }
  let sx = source(gid.x, columns());
  let sy = source(gid.y, rows());
  let top = (gid.z * p.h + sy.a) * p.w;
  let bottom = (gid.z * p.h + sy.b) * p.w;
  let to = ((gid.z * p.oh + gid.y) * p.ow + gid.x) * STRIDE + OFFSET;
  for (var c = 0u; c < C; c++) {
    let upper = mix(x[(top + sx.a) * C + c], x[(top + sx.b) * C + c], sx.weight);
    let lower = mix(x[(bottom + sx.a) * C + c], x[(bottom + sx.b) * C + c], sx.weight);
    out[to + c] = mix(upper, lower, sy.weight);
  }
}

@compute @workgroup_size(WG)
fn bilinear4(@builtin(global_invocation_id) gid: vec3u) {
  let channels = C / 4u;
  if (gid.x >= p.ow * channels) { return; }
  let at = place(gid, channels);
  let sx = source(at.x, columns());
  let sy = source(at.y, rows());
  let top = (at.n * p.h + sy.a) * p.w;
  let bottom = (at.n * p.h + sy.b) * p.w;
  let upper = mix(x4[(top + sx.a) * channels + at.c], x4[(top + sx.b) * channels + at.c], sx.weight);
  let lower = mix(x4[(bottom + sx.a) * channels + at.c], x4[(bottom + sx.b) * channels + at.c], sx.weight);
  out4[pixel(at) * (STRIDE / 4u) + OFFSET / 4u + at.c] = mix(upper, lower, sy.weight);
}

@compute @workgroup_size(WG)
fn nearest(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.ow * C) { return; }
  let at = place(gid, C);
  let y = copied(at.y, rows());
  let column = copied(at.x, columns());
  out_words[pixel(at) * STRIDE + OFFSET + at.c] = words[((at.n * p.h + y) * p.w + column) * C + at.c];
}

@compute @workgroup_size(WG)
fn nearest4(@builtin(global_invocation_id) gid: vec3u) {
  let channels = C / 4u;
  if (gid.x >= p.ow * channels) { return; }
  let at = place(gid, channels);
  let y = copied(at.y, rows());
  let column = copied(at.x, columns());
  out_words4[pixel(at) * (STRIDE / 4u) + OFFSET / 4u + at.c] =
    words4[((at.n * p.h + y) * p.w + column) * channels + at.c];
}

/// Whether output d stands at `limit` or beyond it; `strict`: beyond it only.
fn reached(d: u32, limit: i32, axis: Axis, strict: bool) -> bool {
  let at = position(d, axis);
  let ahead = f32(at.whole - limit) + at.part;
  return select(ahead >= 0.0, ahead > 0.0, strict);
}

/// The first output that has reached `limit`, or the number of outputs.
fn first_reaching(limit: i32, axis: Axis, strict: bool) -> u32 {
  let guess = ceil((f32(limit) - f32(axis.start_units) * 0.0009765625 - axis.start_rest) * axis.inverse);
  let d = u32(clamp(guess, 0.0, f32(axis.o)));
  let before = max(d, 1u) - 1u;
  if (reached(before, limit, axis, strict)) { return before; }
  return min(d + select(1u, 0u, reached(d, limit, axis, strict)), axis.o);
}

/// Outputs [start, end) along an axis that read input i, by bilinear weights; all beyond an edge read the edge.
fn readers(i: u32, axis: Axis) -> vec2u {
  var range = vec2u(0u, axis.o);
  if (i > 0u) { range.x = first_reaching(i32(i) - 1, axis, true); }
  if (i + 1u < axis.n) { range.y = first_reaching(i32(i) + 1, axis, false); }
  return range;
}

/// How much output d takes from input i along an axis: 1 − |f − i|, and all of it beyond an edge.
fn share(d: u32, i: u32, axis: Axis) -> f32 {
  let at = position(d, axis);
  let distance = f32(at.whole - i32(i)) + at.part;
  let after = select(max(distance, 0.0), 0.0, i + 1u == axis.n);
  let before = select(max(-distance, 0.0), 0.0, i == 0u);
  return max(0.0, 1.0 - after - before);
}

/// The first output whose copied index is i or more, or the number of outputs.
fn first_copying(i: u32, axis: Axis) -> u32 {
  let d = u32(clamp(ceil(f32(i) * axis.inverse - axis.start_rest), 0.0, f32(axis.o)));
  let before = max(d, 1u) - 1u;
  if (floor((f32(before) + axis.start_rest) * axis.rest) >= f32(i)) { return before; }
  let enough = floor((f32(d) + axis.start_rest) * axis.rest) >= f32(i);
  return min(d + select(1u, 0u, enough), axis.o);
}

/// Outputs [start, end) along an axis that are copies of input i.
fn takers(i: u32, axis: Axis) -> vec2u {
  return vec2u(first_copying(i, axis), select(first_copying(i + 1u, axis), axis.o, i + 1u == axis.n));
}

@compute @workgroup_size(WG)
fn bilinear_gradient(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.w * C) { return; }
  let at = place(gid, C);
  let ys = readers(at.y, rows());
  let xs = readers(at.x, columns());
  var sum = 0.0;
  for (var oy = ys.x; oy < ys.y; oy++) {
    var row = 0.0;
    for (var ox = xs.x; ox < xs.y; ox++) {
      row += share(ox, at.x, columns()) * grad[((at.n * p.oh + oy) * p.ow + ox) * C + at.c];
    }
    sum += share(oy, at.y, rows()) * row;
  }
  out[flat(gid, p.h, p.w, C)] = sum;
}

@compute @workgroup_size(WG)
fn bilinear4_gradient(@builtin(global_invocation_id) gid: vec3u) {
  let channels = C / 4u;
  if (gid.x >= p.w * channels) { return; }
  let at = place(gid, channels);
  let ys = readers(at.y, rows());
  let xs = readers(at.x, columns());
  var sum = vec4f(0.0);
  for (var oy = ys.x; oy < ys.y; oy++) {
    var row = vec4f(0.0);
    for (var ox = xs.x; ox < xs.y; ox++) {
      row += share(ox, at.x, columns()) * grad4[((at.n * p.oh + oy) * p.ow + ox) * channels + at.c];
    }
    sum += share(oy, at.y, rows()) * row;
  }
  out4[flat(gid, p.h, p.w, channels)] = sum;
}

@compute @workgroup_size(WG)
fn nearest_gradient(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.w * C) { return; }
  let at = place(gid, C);
  let ys = takers(at.y, rows());
  let xs = takers(at.x, columns());
  var sum = 0.0;
  for (var oy = ys.x; oy < ys.y; oy++) {
    var row = 0.0;
    for (var ox = xs.x; ox < xs.y; ox++) { row += grad[((at.n * p.oh + oy) * p.ow + ox) * C + at.c]; }
    sum += row;
  }
  out[flat(gid, p.h, p.w, C)] = sum;
}

@compute @workgroup_size(WG)
fn nearest4_gradient(@builtin(global_invocation_id) gid: vec3u) {
  let channels = C / 4u;
  if (gid.x >= p.w * channels) { return; }
  let at = place(gid, channels);
  let ys = takers(at.y, rows());
  let xs = takers(at.x, columns());
  var sum = vec4f(0.0);
  for (var oy = ys.x; oy < ys.y; oy++) {
    var row = vec4f(0.0);
    for (var ox = xs.x; ox < xs.y; ox++) { row += grad4[((at.n * p.oh + oy) * p.ow + ox) * channels + at.c]; }
    sum += row;
  }
  out4[flat(gid, p.h, p.w, channels)] = sum;
}
