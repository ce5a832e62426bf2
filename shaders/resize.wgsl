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
// Entries: `bilinear`, `nearest` (one thread per output value), `bilinear4`, `nearest4` (per four channels), and the same
// four with `_gradient`, one thread per input value or four channels of it.
// Edges: a neighbour past the edge is the edge itself. Sums are f32, rows first. Integers stay below 2^31 for n·o < 2^30.
// Nearest copies 32-bit words, so that it works for integer labels too.

//!include "lib/grid.wgsl"

struct Params {
  n: u32, h: u32, w: u32, oh: u32, ow: u32,
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
  let a = min(f / den, size - 1u);
  return Pair(a, min(a + 1u, size - 1u), f32(f % den) / f32(den));
}

fn source_y(d: u32) -> Pair { return source(d, p.h, p.mul_h, p.add_h, p.sub_h, p.den_h); }
fn source_x(d: u32) -> Pair { return source(d, p.w, p.mul_w, p.add_w, p.sub_w, p.den_w); }

/// How much output d takes from input i along an axis.
fn share(at: Pair, i: u32) -> f32 {
  return select(0.0, 1.0 - at.weight, at.a == i) + select(0.0, at.weight, at.b == i);
}

@compute @workgroup_size(WG)
fn bilinear(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.n * p.oh * p.ow * C) { return; }
  let c = t % C;
  let pixel = t / C;
  let sx = source_x(pixel % p.ow);
  let sy = source_y((pixel / p.ow) % p.oh);
  let n = pixel / (p.ow * p.oh);
  let top = (n * p.h + sy.a) * p.w;
  let bottom = (n * p.h + sy.b) * p.w;
  let upper = mix(x[(top + sx.a) * C + c], x[(top + sx.b) * C + c], sx.weight);
  let lower = mix(x[(bottom + sx.a) * C + c], x[(bottom + sx.b) * C + c], sx.weight);
  out[pixel * STRIDE + OFFSET + c] = mix(upper, lower, sy.weight);
}

@compute @workgroup_size(WG)
fn bilinear4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let channels = C / 4u;
  if (t >= p.n * p.oh * p.ow * channels) { return; }
  let c = t % channels;
  let pixel = t / channels;
  let sx = source_x(pixel % p.ow);
  let sy = source_y((pixel / p.ow) % p.oh);
  let n = pixel / (p.ow * p.oh);
  let top = (n * p.h + sy.a) * p.w;
  let bottom = (n * p.h + sy.b) * p.w;
  let upper = mix(x4[(top + sx.a) * channels + c], x4[(top + sx.b) * channels + c], sx.weight);
  let lower = mix(x4[(bottom + sx.a) * channels + c], x4[(bottom + sx.b) * channels + c], sx.weight);
  out4[pixel * (STRIDE / 4u) + OFFSET / 4u + c] = mix(upper, lower, sy.weight);
}

@compute @workgroup_size(WG)
fn nearest(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.n * p.oh * p.ow * C) { return; }
  let c = t % C;
  let pixel = t / C;
  let y = source_y((pixel / p.ow) % p.oh).a;
  let column = source_x(pixel % p.ow).a;
  out_words[pixel * STRIDE + OFFSET + c] = words[((pixel / (p.ow * p.oh) * p.h + y) * p.w + column) * C + c];
}

@compute @workgroup_size(WG)
fn nearest4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let channels = C / 4u;
  if (t >= p.n * p.oh * p.ow * channels) { return; }
  let c = t % channels;
  let pixel = t / channels;
  let y = source_y((pixel / p.ow) % p.oh).a;
  let column = source_x(pixel % p.ow).a;
  out_words4[pixel * (STRIDE / 4u) + OFFSET / 4u + c] =
    words4[((pixel / (p.ow * p.oh) * p.h + y) * p.w + column) * channels + c];
}

/// First output whose position is at least `limit` / DEN, at most `size`; the limit may be negative.
fn first_from(limit: i32, size: u32, mul: u32) -> u32 {
  if (limit <= 0) { return 0u; }
  if (mul == 0u) { return size; }
  return min((u32(limit) + mul - 1u) / mul, size);
}

/// Outputs [start, end) along an axis that read input i, by bilinear weights: i − 1 < f < i + 1.
fn readers(i: u32, size: u32, mul: u32, add: u32, sub: u32, den: u32) -> vec2u {
  let shift = i32(sub) - i32(add);
  // Input 0 is also what positions clamped to 0 read; f > i − 1 is the integer limit den·(i − 1) + 1.
  let above = select(i32(den * (i - 1u)) + 1 + shift, 0, i == 0u);
  return vec2u(first_from(above, size, mul), first_from(i32(den * (i + 1u)) + shift, size, mul));
}

@compute @workgroup_size(WG)
fn bilinear_gradient(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.n * p.h * p.w * C) { return; }
  let c = t % C;
  let ix = (t / C) % p.w;
  let iy = (t / C / p.w) % p.h;
  let n = t / C / (p.w * p.h);
  let ys = readers(iy, p.oh, p.mul_h, p.add_h, p.sub_h, p.den_h);
  let xs = readers(ix, p.ow, p.mul_w, p.add_w, p.sub_w, p.den_w);
  var sum = 0.0;
  for (var oy = ys.x; oy < ys.y; oy++) {
    var row = 0.0;
    for (var ox = xs.x; ox < xs.y; ox++) {
      row += share(source_x(ox), ix) * grad[((n * p.oh + oy) * p.ow + ox) * C + c];
    }
    sum += share(source_y(oy), iy) * row;
  }
  out[t] = sum;
}

@compute @workgroup_size(WG)
fn bilinear4_gradient(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let channels = C / 4u;
  if (t >= p.n * p.h * p.w * channels) { return; }
  let c = t % channels;
  let ix = (t / channels) % p.w;
  let iy = (t / channels / p.w) % p.h;
  let n = t / channels / (p.w * p.h);
  let ys = readers(iy, p.oh, p.mul_h, p.add_h, p.sub_h, p.den_h);
  let xs = readers(ix, p.ow, p.mul_w, p.add_w, p.sub_w, p.den_w);
  var sum = vec4f(0.0);
  for (var oy = ys.x; oy < ys.y; oy++) {
    var row = vec4f(0.0);
    for (var ox = xs.x; ox < xs.y; ox++) {
      row += share(source_x(ox), ix) * grad4[((n * p.oh + oy) * p.ow + ox) * channels + c];
    }
    sum += share(source_y(oy), iy) * row;
  }
  out4[t] = sum;
}

/// Outputs [start, end) along an axis whose nearest input is i: i ≤ f < i + 1.
fn takers(i: u32, size: u32, mul: u32, den: u32) -> vec2u {
  return vec2u(first_from(i32(den * i), size, mul), first_from(i32(den * (i + 1u)), size, mul));
}

@compute @workgroup_size(WG)
fn nearest_gradient(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.n * p.h * p.w * C) { return; }
  let c = t % C;
  let ys = takers((t / C / p.w) % p.h, p.oh, p.mul_h, p.den_h);
  let xs = takers((t / C) % p.w, p.ow, p.mul_w, p.den_w);
  let n = t / C / (p.w * p.h);
  var sum = 0.0;
  for (var oy = ys.x; oy < ys.y; oy++) {
    var row = 0.0;
    for (var ox = xs.x; ox < xs.y; ox++) { row += grad[((n * p.oh + oy) * p.ow + ox) * C + c]; }
    sum += row;
  }
  out[t] = sum;
}

@compute @workgroup_size(WG)
fn nearest4_gradient(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let channels = C / 4u;
  if (t >= p.n * p.h * p.w * channels) { return; }
  let c = t % channels;
  let ys = takers((t / channels / p.w) % p.h, p.oh, p.mul_h, p.den_h);
  let xs = takers((t / channels) % p.w, p.ow, p.mul_w, p.den_w);
  let n = t / channels / (p.w * p.h);
  var sum = vec4f(0.0);
  for (var oy = ys.x; oy < ys.y; oy++) {
    var row = vec4f(0.0);
    for (var ox = xs.x; ox < xs.y; ox++) { row += grad4[((n * p.oh + oy) * p.ow + ox) * channels + c]; }
    sum += row;
  }
  out4[t] = sum;
}
