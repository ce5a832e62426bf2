// resize - bilinear and nearest resampling of feature maps, and their gradients.
//
//   position along an axis    f = max(d·MUL + ADD, SUB) − SUB over DEN, as an exact fraction of integers:
//     corners aligned         f = d (n − 1) / (o − 1)                 (o = 1: f = 0)
//     not aligned             f = max(0, (d + ½) n / o − ½)
//     nearest                 f = d n / o, of which only the floor is used
//   bilinear  out[n, y, x, c] = sum of the four neighbours floor(f), floor(f) + 1 (clamped to the edge), weighted 1 − frac, frac
//   nearest   out[n, y, x, c] = x[n, floor(fy), floor(fx), c]
//   gradients                 grad_x = the transposed sums, gathered: the outputs that read position i are those with
//                             i − 1 < f < i + 1 (bilinear) or i ≤ f < i + 1 (nearest), an interval solved for d in integers
//
// Layouts: x [n, h, w, C], out [n, oh, ow, C]; rows of `out` may be a channel slice of a wider buffer (STRIDE, OFFSET).
// Entries: `bilinear`, `nearest` (one thread per output value), `bilinear4`, `nearest4` (per four channels), the same
// four with `_gradient`, one thread per input value or four channels of it, and `bilinear_pixel` (one thread per output pixel, for
// channel counts like 21: positions are worked out once per pixel, which is most of the work on a CPU: 3 times faster there).
// Edges: a neighbour past the edge is the edge itself. Sums are f32, rows first. Integers stay below 2^31 for n·o < 2^30.
// Nearest copies 32-bit words, so that it works for integer labels too.

//!include "lib/divide.wgsl"
//!include "lib/plane.wgsl"

struct Params {
  h: u32, w: u32, oh: u32, ow: u32,
  mul_h: u32, add_h: u32, sub_h: u32, den_h: u32,
  mul_w: u32, add_w: u32, sub_w: u32, den_w: u32,
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

/// Two neighbours along an axis and how much the second one weighs.
struct Pair { a: u32, b: u32, weight: f32 }

fn source(d: u32, size: u32, mul: u32, add: u32, sub: u32, den: u32) -> Pair {
  let f = max(d * mul + add, sub) - sub;
  let whole = small_quotient(f, den);
  let a = min(whole, size - 1u);
  return Pair(a, min(a + 1u, size - 1u), f32(f - whole * den) / f32(den));
}

fn source_y(d: u32) -> Pair { return source(d, p.h, p.mul_h, p.add_h, p.sub_h, p.den_h); }
fn source_x(d: u32) -> Pair { return source(d, p.w, p.mul_w, p.add_w, p.sub_w, p.den_w); }

/// Number of an output pixel.
fn pixel(at: Place) -> u32 { return (at.n * p.oh + at.y) * p.ow + at.x; }

@compute @workgroup_size(WG)
fn bilinear(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.ow * C) { return; }
  let at = place(gid, C);
  let sx = source_x(at.x);
  let sy = source_y(at.y);
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
  let sx = source_x(gid.x);
  let sy = source_y(gid.y);
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
  let sx = source_x(at.x);
  let sy = source_y(at.y);
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
  let y = source_y(at.y).a;
  let column = source_x(at.x).a;
  out_words[pixel(at) * STRIDE + OFFSET + at.c] = words[((at.n * p.h + y) * p.w + column) * C + at.c];
}

@compute @workgroup_size(WG)
fn nearest4(@builtin(global_invocation_id) gid: vec3u) {
  let channels = C / 4u;
  if (gid.x >= p.ow * channels) { return; }
  let at = place(gid, channels);
  let y = source_y(at.y).a;
  let column = source_x(at.x).a;
  out_words4[pixel(at) * (STRIDE / 4u) + OFFSET / 4u + at.c] =
    words4[((at.n * p.h + y) * p.w + column) * channels + at.c];
}

/// First output whose position is at least `limit` / DEN, at most `size`; the limit may be negative.
fn first_from(limit: i32, size: u32, mul: u32) -> u32 {
  if (limit <= 0) { return 0u; }
  if (mul == 0u) { return size; }
  return min(small_quotient(u32(limit) + mul - 1u, mul), size);
}

/// Outputs [start, end) along an axis that read input i, by bilinear weights: i − 1 < f < i + 1.
fn readers(i: u32, size: u32, mul: u32, add: u32, sub: u32, den: u32) -> vec2u {
  let shift = i32(sub) - i32(add);
  // Input 0 is also what positions clamped to 0 read; f > i − 1 is the integer limit den·(i − 1) + 1.
  let above = select(i32(den * (i - 1u)) + 1 + shift, 0, i == 0u);
  return vec2u(first_from(above, size, mul), first_from(i32(den * (i + 1u)) + shift, size, mul));
}

/// How much output d takes from input i along an axis: 1 − |f − i|, and all of it past the last input's centre.
fn share(d: u32, i: u32, size: u32, mul: u32, add: u32, sub: u32, den: u32) -> f32 {
  let distance = i32(max(d * mul + add, sub) - sub - i * den);
  let counted = select(abs(distance), max(-distance, 0), i == size - 1u);
  return max(0.0, 1.0 - f32(counted) / f32(den));
}

fn share_y(d: u32, i: u32) -> f32 { return share(d, i, p.h, p.mul_h, p.add_h, p.sub_h, p.den_h); }
fn share_x(d: u32, i: u32) -> f32 { return share(d, i, p.w, p.mul_w, p.add_w, p.sub_w, p.den_w); }

/// Outputs [start, end) along an axis whose nearest input is i: i ≤ f < i + 1.
fn takers(i: u32, size: u32, mul: u32, den: u32) -> vec2u {
  return vec2u(first_from(i32(den * i), size, mul), first_from(i32(den * (i + 1u)), size, mul));
}

@compute @workgroup_size(WG)
fn bilinear_gradient(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.w * C) { return; }
  let at = place(gid, C);
  let ys = readers(at.y, p.oh, p.mul_h, p.add_h, p.sub_h, p.den_h);
  let xs = readers(at.x, p.ow, p.mul_w, p.add_w, p.sub_w, p.den_w);
  var sum = 0.0;
  for (var oy = ys.x; oy < ys.y; oy++) {
    var row = 0.0;
    for (var ox = xs.x; ox < xs.y; ox++) {
      row += share_x(ox, at.x) * grad[((at.n * p.oh + oy) * p.ow + ox) * C + at.c];
    }
    sum += share_y(oy, at.y) * row;
  }
  out[flat(gid, p.h, p.w, C)] = sum;
}

@compute @workgroup_size(WG)
fn bilinear4_gradient(@builtin(global_invocation_id) gid: vec3u) {
  let channels = C / 4u;
  if (gid.x >= p.w * channels) { return; }
  let at = place(gid, channels);
  let ys = readers(at.y, p.oh, p.mul_h, p.add_h, p.sub_h, p.den_h);
  let xs = readers(at.x, p.ow, p.mul_w, p.add_w, p.sub_w, p.den_w);
  var sum = vec4f(0.0);
  for (var oy = ys.x; oy < ys.y; oy++) {
    var row = vec4f(0.0);
    for (var ox = xs.x; ox < xs.y; ox++) {
      row += share_x(ox, at.x) * grad4[((at.n * p.oh + oy) * p.ow + ox) * channels + at.c];
    }
    sum += share_y(oy, at.y) * row;
  }
  out4[flat(gid, p.h, p.w, channels)] = sum;
}

@compute @workgroup_size(WG)
fn nearest_gradient(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.w * C) { return; }
  let at = place(gid, C);
  let ys = takers(at.y, p.oh, p.mul_h, p.den_h);
  let xs = takers(at.x, p.ow, p.mul_w, p.den_w);
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
  let ys = takers(at.y, p.oh, p.mul_h, p.den_h);
  let xs = takers(at.x, p.ow, p.mul_w, p.den_w);
  var sum = vec4f(0.0);
  for (var oy = ys.x; oy < ys.y; oy++) {
    var row = vec4f(0.0);
    for (var ox = xs.x; ox < xs.y; ox++) { row += grad4[((at.n * p.oh + oy) * p.ow + ox) * channels + at.c]; }
    sum += row;
  }
  out4[flat(gid, p.h, p.w, channels)] = sum;
}
