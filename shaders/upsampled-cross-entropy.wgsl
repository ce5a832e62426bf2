// upsampled-cross-entropy - cross-entropy of coarse logits that are resampled bilinearly to the size of the labels, without storing
// them at that size: what resize.wgsl and cross-entropy.wgsl compute one after the other. (Gradient: upsampled-cross-entropy-gradient.wgsl.)
//
//   z[i, c] = Σ over the four coarse neighbours j of pixel i of b[i, j]·x[j, c]         (bilinear weights, lib/bilinear.wgsl)
//   nll[c]  = lse[i] − z[i, c],   lse[i] = log Σ over c of exp z[i, c]
//   loss[i] = v·((1 − s)·w[y]·nll[y] + s / C · Σ over c of w[c]·nll[c])
//   with y, v, w, s and the reductions of cross-entropy.wgsl, which also folds the partial sums (its `merge` and `finish`)
//
// Layouts: x [n, h, w, C], labels and pixel_weight and lse [n, oh, ow], weight [C], partial [k, 2].
// Entries: `none` one thread per four pixels (lib/four.wgsl), `partial_sums` one per some fours of them, `chunks` apart; both keep lse,
// one number per pixel, and see every logit once: the largest so far rescales the sum of exponentials.
// Edges: as cross-entropy.wgsl; a pixel whose loss is NaN has lse NaN, found by bits.

//!include "lib/grid.wgsl"
//!include "lib/labels.wgsl"
//!include "lib/nan.wgsl"
//!include "lib/divide.wgsl"
//!include "lib/bilinear.wgsl"
//!include "lib/four.wgsl"

struct Params {
  h: u32, w: u32, oh: u32, ow: u32,
  mul_h: u32, add_h: u32, sub_h: u32, den_h: u32,
  mul_w: u32, add_w: u32, sub_w: u32, den_w: u32,
  count: u32, chunks: u32, classes: u32, ignored: u32, smoothing: f32,
}

/// 1: p.smoothing is not 0.
override SMOOTH: u32 = 0u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<storage, read_write> sums: array<vec2f>;
@group(0) @binding(5) var<storage, read_write> lse: array<f32>;
@group(0) @binding(8) var<storage, read> pixel_weight: array<f32>;

fn source_y(d: u32) -> Pair { return pair_of(d, p.h, p.mul_h, p.add_h, p.sub_h, p.den_h); }
fn source_x(d: u32) -> Pair { return pair_of(d, p.w, p.mul_w, p.add_w, p.sub_w, p.den_w); }

/// Σ of the class weights.
fn all_weights() -> f32 {
  var sum = 0.0;
  for (var c = 0u; c < p.classes; c++) { sum += weight_of(c); }
  return sum;
}

fn class_count() -> u32 { return p.classes; }

/// Labels of pixels first … first + 3, of which the first divides by 4; past the last pixel that of the last, or some byte.
fn labels4(first: u32) -> vec4u {
  if (U8 == 1u) { return (vec4u(labels[first / 4u]) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u); }
  let last = p.count - 1u;
  return vec4u(labels[first], labels[min(first + 1u, last)], labels[min(first + 2u, last)], labels[min(first + 3u, last)]);
}

/// How much those pixels count.
fn weights_at4(first: u32) -> vec4f {
  let last = p.count - 1u;
  return vec4f(weight_at(first), weight_at(min(first + 1u, last)), weight_at(min(first + 2u, last)), weight_at(min(first + 3u, last)));
}

struct Losses { loss: vec4f, weight: vec4f }

/// Losses of pixels first … first + 3 and the weights they count with. Keeps their lse.
fn four_losses(first: u32) -> Losses {
  let y = labels4(first);
  let v = weights_at4(first);
  let counts = (vec4u(first) + vec4u(0u, 1u, 2u, 3u) < vec4u(p.count)) & (y != vec4u(p.ignored)) & (v != vec4f(0.0));
  let at = four(first);
  var left = counts;
  // Of all four: the largest logit, the sum of exponentials less it, the logit of the label, the sum of weighed logits less the largest.
  var largest = vec4f(0.0);
  var sum = vec4f(1.0);
  var chosen = vec4f(0.0);
  var spread = vec4f(0.0);
  var unknown = vec4<bool>(false);
  for (var turn = 0u; turn < 4u; turn++) {
    if (!left[turn]) { continue; }
    let here = near(at, turn);
    // Below every finite number but one; where it stays, there is no largest.
    var m = vec4f(-3.4028234e38);
    var s = vec4f(0.0);
    var own = vec4f(0.0);
    var bad = vec4<bool>(false);
    for (var c = 0u; c < p.classes; c++) {
      let z = near_logits(here, c);
      bad = bad | is_nan4(z);
      let larger = max(m, z);
      s = s * exp(m - larger) + exp(z - larger);
      m = larger;
      own = select(own, z, y == vec4u(c));
    }
    var all = vec4f(0.0);
    if (SMOOTH == 1u) {
      for (var c = 0u; c < p.classes; c++) { all += weight_of(c) * (near_logits(here, c) - m); }
    }
    let take = left & here.members;
    largest = select(largest, m, take);
    sum = select(sum, s, take);
    chosen = select(chosen, own, take);
    spread = select(spread, all, take);
    unknown = select(unknown, bad, take);
    left = left & !here.members;
  }
  let finite = (bitcast<vec4u>(largest) & vec4u(0x7fffffffu)) < vec4u(0x7f800000u);
  let known = (y < vec4u(p.classes)) & !unknown & (sum > vec4f(0.0)) & finite;
  let nan = vec4f(quiet_nan());
  let log_sum = log(sum);
  let last = p.classes - 1u;
  let w = vec4f(weight_of(min(y.x, last)), weight_of(min(y.y, last)), weight_of(min(y.z, last)), weight_of(min(y.w, last)));
  var loss = v * w * (log_sum - (chosen - largest));
  if (SMOOTH == 1u) { loss = (1.0 - p.smoothing) * loss + v * (p.smoothing / f32(p.classes)) * (all_weights() * log_sum - spread); }
  let kept = select(vec4f(0.0), select(nan, largest + log_sum, known), counts);
  lse[first] = kept.x;
  if (first + 1u < p.count) { lse[first + 1u] = kept.y; }
  if (first + 2u < p.count) { lse[first + 2u] = kept.z; }
  if (first + 3u < p.count) { lse[first + 3u] = kept.w; }
  return Losses(select(vec4f(0.0), select(nan, loss, known), counts), select(vec4f(0.0), v * select(w, vec4f(1.0), y >= vec4u(p.classes)), counts));
}

@compute @workgroup_size(WG)
fn none(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let first = 4u * flat_index(gid, groups);
  if (first >= p.count) { return; }
  let loss = four_losses(first).loss;
  out[first] = loss.x;
  if (first + 1u < p.count) { out[first + 1u] = loss.y; }
  if (first + 2u < p.count) { out[first + 2u] = loss.z; }
  if (first + 3u < p.count) { out[first + 3u] = loss.w; }
}

@compute @workgroup_size(WG)
fn partial_sums(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.chunks) { return; }
  let fours = (p.count + 3u) / 4u;
  let steps = (fours - t + p.chunks - 1u) / p.chunks;
  var loss = vec4f(0.0);
  var weight = vec4f(0.0);
  for (var k = 0u; k < steps; k++) {
    let found = four_losses(4u * (t + k * p.chunks));
    loss += found.loss;
    weight += found.weight;
  }
  sums[t] = vec2f(loss.x + loss.y + loss.z + loss.w, weight.x + weight.y + weight.z + weight.w);
}
