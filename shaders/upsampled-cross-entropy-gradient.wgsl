// upsampled-cross-entropy-gradient - the gradient of upsampled-cross-entropy.wgsl with respect to the coarse logits.
//
//   dz[i, c] = g·v·((1 − s)·w[y]·(q[c] − [c = y]) + s / C · (q[c]·Σ w − w[c])),   q = exp(z[i, c] − lse[i])
//   dx[j, c] = Σ over the pixels i that read j of b[i, j]·dz[i, c]
//   with b and z of upsampled-cross-entropy.wgsl, y, v, w, s and g of cross-entropy.wgsl
//
// Layouts: x [n, h, w, C], labels, pixel_weight and known (lse) [n, oh, ow], weight [C], grad [1] or [n, oh, ow].
// Entries: `gradient_…` one thread per coarse pixel and four classes, which walks the pixels that read it and interpolates those classes
// there again: about 4 (scale)² exponentials a value, and no memory of the size of the labels times classes.
// `cell_…`, where the map is enlarged much: one thread per cell between four coarse pixels and four classes. It loads its sixteen corner
// logits once, walks the pixels inside, each of which is in one cell only, and keeps the four sums that its corners get in
// corners [n, h, w, 4, ⌈C/4⌉·4] (upper left, upper right, lower left, lower right); `collect` adds up those of a coarse pixel.
// Edges: as cross-entropy.wgsl; a pixel whose lse is NaN, found by bits, makes what it reaches NaN.

//!include "lib/grid.wgsl"
//!include "lib/labels.wgsl"
//!include "lib/nan.wgsl"
//!include "lib/divide.wgsl"
//!include "lib/bilinear.wgsl"

struct Params {
  h: u32, w: u32, oh: u32, ow: u32,
  mul_h: u32, add_h: u32, sub_h: u32, den_h: u32,
  mul_w: u32, add_w: u32, sub_w: u32, den_w: u32,
  total: u32, classes: u32, ignored: u32, smoothing: f32,
}

override EMPTY_IS_ZERO: u32 = 0u;
/// 1: p.smoothing is not 0.
override SMOOTH: u32 = 0u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> kept4: array<vec4f>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<storage, read_write> corners4: array<vec4f>;
@group(0) @binding(5) var<storage, read> known: array<f32>;
@group(0) @binding(6) var<storage, read> grad: array<f32>;
@group(0) @binding(7) var<storage, read> divisor: array<f32>;
@group(0) @binding(8) var<storage, read> pixel_weight: array<f32>;

/// The first values of the four coarse pixels that a pixel reads, and the weights of the right and the lower ones.
struct Corners { a: u32, b: u32, c: u32, d: u32, right: f32, below: f32 }

fn corners(n: u32, sy: Pair, sx: Pair) -> Corners {
  let top = (n * p.h + sy.a) * p.w;
  let bottom = (n * p.h + sy.b) * p.w;
  return Corners((top + sx.a) * p.classes, (top + sx.b) * p.classes, (bottom + sx.a) * p.classes, (bottom + sx.b) * p.classes, sx.weight, sy.weight);
}

fn source_y(d: u32) -> Pair { return pair_of(d, p.h, p.mul_h, p.add_h, p.sub_h, p.den_h); }
fn source_x(d: u32) -> Pair { return pair_of(d, p.w, p.mul_w, p.add_w, p.sub_w, p.den_w); }

/// The logit of class c.
fn logit(at: Corners, c: u32) -> f32 {
  return mix(mix(x[at.a + c], x[at.b + c], at.right), mix(x[at.c + c], x[at.d + c], at.right), at.below);
}

/// Whether a class is c, c + 1, c + 2 or c + 3.
fn is_class(y: u32, c: u32) -> vec4f {
  return select(vec4f(0.0), vec4f(1.0), vec4u(y) == vec4u(c) + vec4u(0u, 1u, 2u, 3u));
}

/// Four logits, or those of the last class again past it.
fn logits4(at: Corners, c: u32) -> vec4f {
  let last = p.classes - 1u;
  return vec4f(logit(at, c), logit(at, min(c + 1u, last)), logit(at, min(c + 2u, last)), logit(at, min(c + 3u, last)));
}

fn weights4(c: u32) -> vec4f {
  let last = p.classes - 1u;
  return vec4f(weight_of(c), weight_of(min(c + 1u, last)), weight_of(min(c + 2u, last)), weight_of(min(c + 3u, last)));
}

fn all_weights() -> f32 {
  var sum = 0.0;
  for (var c = 0u; c < p.classes; c++) { sum += weight_of(c); }
  return sum;
}

/// What the slopes of a mean are multiplied by.
fn mean_factor() -> f32 {
  if (divisor[0] != 0.0) { return grad[0] / divisor[0]; }
  if (EMPTY_IS_ZERO == 1u) { return 0.0; }
  return quiet_nan();
}

/// What thread t writes: a coarse pixel, and the first of up to four classes.
fn aim(t: u32) -> vec2u {
  let quads = (p.classes + 3u) / 4u;
  let j = quotient(t, quads);
  return vec2u(j, 4u * (t - j * quads));
}

/// Σ over the pixels that read coarse pixel j of their share times the slopes of their loss by classes c … c + 3, times `factor`, and
/// their grad where `per_pixel`. The factor comes in here so that one that is NaN touches nothing where no pixel counts.
fn gathered(j: u32, c: u32, factor: f32, per_pixel: bool) -> vec4f {
  let line = quotient(j, p.w);
  let n = quotient(line, p.h);
  let row = line - n * p.h;
  let column = j - line * p.w;
  let ys = readers_of(row, p.oh, p.mul_h, p.add_h, p.sub_h, p.den_h);
  let xs = readers_of(column, p.ow, p.mul_w, p.add_w, p.sub_w, p.den_w);
  var mine = vec4f(0.0);
  var all = 0.0;
  if (SMOOTH == 1u) {
    mine = p.smoothing / f32(p.classes) * weights4(c);
    all = p.smoothing / f32(p.classes) * all_weights();
  }
  var sum = vec4f(0.0);
  for (var oy = ys.x; oy < ys.y; oy++) {
    let sy = source_y(oy);
    var part = vec4f(0.0);
    for (var ox = xs.x; ox < xs.y; ox++) {
      let i = (n * p.oh + oy) * p.ow + ox;
      let y = label(i);
      var v = weight_at(i);
      if (y == p.ignored || v == 0.0) { continue; }
      let log_sum = known[i];
      if (is_nan(log_sum)) {
        part = vec4f(quiet_nan());
        continue;
      }
      v *= factor;
      if (per_pixel) { v *= grad[i]; }
      let sx = source_x(ox);
      let q = exp(logits4(corners(n, sy, sx), c) - log_sum);
      var slope = v * weight_of(y) * (q - is_class(y, c));
      if (SMOOTH == 1u) { slope = (1.0 - p.smoothing) * slope + v * (q * all - mine); }
      part += share_of(sx, column) * slope;
    }
    sum += share_of(sy, row) * part;
  }
  return sum;
}

fn store(to: vec2u, values: vec4f) {
  let left = p.classes - to.y;
  let first = to.x * p.classes + to.y;
  out[first] = values.x;
  if (left > 1u) { out[first + 1u] = values.y; }
  if (left > 2u) { out[first + 2u] = values.z; }
  if (left > 3u) { out[first + 3u] = values.w; }
}

/// Pixels [start, end) of an axis whose first coarse neighbour is i: those of cell i.
fn inside(i: u32, size: u32, n: u32, mul: u32, add: u32, sub: u32, den: u32) -> vec2u {
  let shift = i32(sub) - i32(add);
  let start = select(first_at(i32(den * i) + shift, size, mul), 0u, i == 0u);
  return vec2u(start, select(first_at(i32(den * (i + 1u)) + shift, size, mul), size, i + 1u == n));
}

/// Writes the sums of cell j, for classes c … c + 3, that its four corners get.
fn walk_cell(t: u32, factor: f32, per_pixel: bool) {
  let to = aim(t);
  let c = to.y;
  let line = quotient(to.x, p.w);
  let n = quotient(line, p.h);
  let row = line - n * p.h;
  let column = to.x - line * p.w;
  let ys = inside(row, p.oh, p.h, p.mul_h, p.add_h, p.sub_h, p.den_h);
  let xs = inside(column, p.ow, p.w, p.mul_w, p.add_w, p.sub_w, p.den_w);
  let top = (n * p.h + row) * p.w;
  let bottom = (n * p.h + min(row + 1u, p.h - 1u)) * p.w;
  let beside = min(column + 1u, p.w - 1u);
  let a = corner4(top + column, c);
  let b = corner4(top + beside, c);
  let d = corner4(bottom + column, c);
  let e = corner4(bottom + beside, c);
  var mine = vec4f(0.0);
  var all = 0.0;
  if (SMOOTH == 1u) {
    mine = p.smoothing / f32(p.classes) * weights4(c);
    all = p.smoothing / f32(p.classes) * all_weights();
  }
  var ga = vec4f(0.0);
  var gb = vec4f(0.0);
  var gd = vec4f(0.0);
  var ge = vec4f(0.0);
  for (var oy = ys.x; oy < ys.y; oy++) {
    let below = source_y(oy).weight;
    let left = mix(a, d, below);
    let right = mix(b, e, below);
    var sum = vec4f(0.0);
    var sum_right = vec4f(0.0);
    for (var ox = xs.x; ox < xs.y; ox++) {
      let i = (n * p.oh + oy) * p.ow + ox;
      let y = label(i);
      var v = weight_at(i);
      if (y == p.ignored || v == 0.0) { continue; }
      let log_sum = known[i];
      v *= factor;
      if (per_pixel) { v *= grad[i]; }
      let beyond = source_x(ox).weight;
      let q = exp(mix(left, right, beyond) - log_sum);
      var slope = v * weight_of(y) * (q - is_class(y, c));
      if (SMOOTH == 1u) { slope = (1.0 - p.smoothing) * slope + v * (q * all - mine); }
      if (is_nan(log_sum)) { slope = vec4f(quiet_nan()); }
      sum += slope;
      sum_right += beyond * slope;
    }
    let sum_left = sum - sum_right;
    ga += (1.0 - below) * sum_left;
    gb += (1.0 - below) * sum_right;
    gd += below * sum_left;
    ge += below * sum_right;
  }
  let quads = (p.classes + 3u) / 4u;
  let first = 4u * to.x * quads + c / 4u;
  corners4[first] = ga;
  corners4[first + quads] = gb;
  corners4[first + 2u * quads] = gd;
  corners4[first + 3u * quads] = ge;
}

/// Four logits of a coarse pixel, or that of the last class again past it.
fn corner4(j: u32, c: u32) -> vec4f {
  let last = p.classes - 1u;
  let first = j * p.classes;
  return vec4f(x[first + c], x[first + min(c + 1u, last)], x[first + min(c + 2u, last)], x[first + min(c + 3u, last)]);
}

@compute @workgroup_size(WG)
fn cell_none(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  walk_cell(t, 1.0, true);
}

@compute @workgroup_size(WG)
fn cell_sum(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  walk_cell(t, grad[0], false);
}

@compute @workgroup_size(WG)
fn cell_mean(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  walk_cell(t, mean_factor(), false);
}

/// The gradient of a coarse pixel: its corners of the cells around it. Of the last cells, which end at the edge, both corners are its own.
@compute @workgroup_size(WG)
fn collect(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let to = aim(t);
  let quads = (p.classes + 3u) / 4u;
  let line = quotient(to.x, p.w);
  let row = line - quotient(line, p.h) * p.h;
  let column = to.x - line * p.w;
  var sum = vec4f(0.0);
  for (var k = 0u; k < 4u; k++) {
    let up = k / 2u;
    let back = k % 2u;
    if (row < up || column < back) { continue; }
    let cell = 4u * (to.x - up * p.w - back) * quads + to.y / 4u;
    sum += kept4[cell + (2u * up + back) * quads];
    if (back == 0u && column + 1u == p.w) { sum += kept4[cell + (2u * up + 1u) * quads]; }
    if (up == 0u && row + 1u == p.h) {
      sum += kept4[cell + (2u + back) * quads];
      if (back == 0u && column + 1u == p.w) { sum += kept4[cell + 3u * quads]; }
    }
  }
  store(to, sum);
}

@compute @workgroup_size(WG)
fn gradient_none(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let to = aim(t);
  store(to, gathered(to.x, to.y, 1.0, true));
}

@compute @workgroup_size(WG)
fn gradient_sum(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let to = aim(t);
  store(to, gathered(to.x, to.y, grad[0], false));
}

@compute @workgroup_size(WG)
fn gradient_mean(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let to = aim(t);
  store(to, gathered(to.x, to.y, mean_factor(), false));
}
