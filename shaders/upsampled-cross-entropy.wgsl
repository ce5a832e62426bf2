// upsampled-cross-entropy - cross-entropy of coarse logits that are resampled bilinearly to the size of the labels, without storing
// them at that size: what resize.wgsl and cross-entropy.wgsl compute one after the other.
//
//   z[i, c] = Σ over the four coarse neighbours j of pixel i of b[i, j]·x[j, c]         (bilinear weights, lib/bilinear.wgsl)
//   nll[c]  = lse[i] − z[i, c],   lse[i] = log Σ over c of exp z[i, c]
//   loss[i] = v·((1 − s)·w[y]·nll[y] + s / C · Σ over c of w[c]·nll[c])
//   dz[i,c] = g·v·((1 − s)·w[y]·(q[c] − [c = y]) + s / C · (q[c]·Σ w − w[c])),   q = exp(z[i, c] − lse[i])
//   dx[j,c] = Σ over the pixels i that read j of b[i, j]·dz[i, c]
//   with y, v, w, s, g and the reductions of cross-entropy.wgsl, which also folds the partial sums (its `merge` and `finish`)
//
// Layouts: x [n, h, w, C], labels and pixel_weight and lse [n, oh, ow], weight [C], grad [1] or [n, oh, ow], partial [k, 2].
// Entries: `none` one thread per pixel, `partial_sums` one per `count / chunks` pixels, chunks apart; both keep lse, one number per
// pixel. `gradient_…` one thread per coarse pixel and four classes, which walks the pixels that read it and interpolates those classes there
// again: about 4 (scale)² exponentials a value, and no memory of the size of the labels times classes.
// Edges: as cross-entropy.wgsl; a pixel whose loss is NaN has lse NaN, found by bits.

//!include "lib/grid.wgsl"
//!include "lib/labels.wgsl"
//!include "lib/nan.wgsl"
//!include "lib/divide.wgsl"
//!include "lib/bilinear.wgsl"

struct Params {
  h: u32, w: u32, oh: u32, ow: u32,
  mul_h: u32, add_h: u32, sub_h: u32, den_h: u32,
  mul_w: u32, add_w: u32, sub_w: u32, den_w: u32,
  count: u32, total: u32, classes: u32, chunks: u32, ignored: u32, smoothing: f32,
}

override EMPTY_IS_ZERO: u32 = 0u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<storage, read_write> sums: array<vec2f>;
@group(0) @binding(5) var<storage, read_write> lse: array<f32>;
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

/// Loss of pixel i and the weight it counts with. Keeps its lse.
fn pixel(i: u32) -> vec2f {
  let y = label(i);
  let v = weight_at(i);
  if (y == p.ignored || v == 0.0) {
    lse[i] = 0.0;
    return vec2f(0.0);
  }
  let line = quotient(i, p.ow);
  let n = quotient(line, p.oh);
  let at = corners(n, source_y(line - n * p.oh), source_x(i - line * p.ow));
  var m = logit(at, 0u);
  for (var c = 1u; c < p.classes; c++) {
    let z = logit(at, c);
    if (is_nan(z) || (z > m && !is_nan(m))) { m = z; }
  }
  if (y >= p.classes || !is_finite(m)) {
    lse[i] = quiet_nan();
    return vec2f(quiet_nan(), v * select(weight_of(min(y, p.classes - 1u)), 1.0, y >= p.classes));
  }
  var s = 0.0;
  for (var c = 0u; c < p.classes; c++) { s += exp(logit(at, c) - m); }
  let log_sum = log(s);
  lse[i] = m + log_sum;
  let w = weight_of(y);
  let loss = w * (log_sum - (logit(at, y) - m));
  if (p.smoothing == 0.0) { return vec2f(v * loss, v * w); }
  var spread = 0.0;
  for (var c = 0u; c < p.classes; c++) { spread += weight_of(c) * (log_sum - (logit(at, c) - m)); }
  return vec2f(v * ((1.0 - p.smoothing) * loss + p.smoothing / f32(p.classes) * spread), v * w);
}

@compute @workgroup_size(WG)
fn none(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.count) { return; }
  out[t] = pixel(t).x;
}

@compute @workgroup_size(WG)
fn partial_sums(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.chunks) { return; }
  let steps = (p.count - t + p.chunks - 1u) / p.chunks;
  var s = vec2f(0.0);
  for (var k = 0u; k < steps; k++) { s += pixel(t + k * p.chunks); }
  sums[t] = s;
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
  if (p.smoothing != 0.0) { for (var c = 0u; c < p.classes; c++) { sum += weight_of(c); } }
  return sum;
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
  let spread = p.smoothing / f32(p.classes);
  let mine = spread * weights4(c);
  let all = spread * all_weights();
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
      let direct = (1.0 - p.smoothing) * weight_of(y);
      part += v * share_of(sx, column) * (direct * (q - is_class(y, c)) + q * all - mine);
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
  var g = quiet_nan();
  if (divisor[0] != 0.0) { g = grad[0] / divisor[0]; } else if (EMPTY_IS_ZERO == 1u) { g = 0.0; }
  let to = aim(t);
  store(to, gathered(to.x, to.y, g, false));
}
