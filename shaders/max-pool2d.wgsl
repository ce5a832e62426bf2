// max-pool2d - the largest value of each window, where it stood, and the gradient.
//
//   out[n, oy, ox, c]     = max over ky < KH, kx < KW of x[n, oy·SH − PH + ky·DH, ox·SW − PW + kx·DW, c]
//   indices[n, oy, ox, c] = h·W + w of that value in the plane of x
//   windows[n, oy, ox, c] = ky·KW + kx of that value: a byte, where indices take a word
//   grad_x[n, y, x, c]    = sum of grad over the windows whose index is y·W + x
//
// Layouts: x [n, h, w, c], out, indices, windows (four channels a word, the first in the lowest bits) and grad [n, oh, ow, c], all dense.
// Entries: `forward` (values), `forward_indices` (values and indices) and `only_indices` (what the gradient needs when the
// forward pass kept only values), one thread per output value, or with a 4 in the name per four channels (c divides by 4);
// `gradient` and `gradient4` (one thread per input value, or four channels of it).
// What plans keep for the gradient are windows, for four channels at once: `forward_windows4`, `gradient_windows4`, and for second
// derivatives `pick_windows4`, which fetches for every window what stands in a plane where its winner stood.
// Edges: positions outside x are skipped, which is padding with -infinity; the caller makes sure that every window
// touches x. The first valid position starts the search, so windows of -infinity work without infinities in WGSL.
// Ties: the first in row-major window order wins. NaN wins over everything (the last NaN gives the index, as in PyTorch);
// it is found by its bits, since drivers may compile `x != x` to false.
// Gradient: a gather. Only ceil(span / stride) windows per axis can reach a position; comparing the stored index settles
// the rest, so a 2×2 pool reads one window per input value. Sums run in row-major order of windows: deterministic.
// Fast variant: four channels share the address arithmetic and load as one vec4.

//!include "lib/divide.wgsl"
//!include "lib/nan.wgsl"
//!include "lib/plane.wgsl"

struct Params { h: u32, w: u32, oh: u32, ow: u32, c: u32 }

override KH: u32 = 2u;
override KW: u32 = 2u;
override SH: u32 = 2u;
override SW: u32 = 2u;
override PH: u32 = 0u;
override PW: u32 = 0u;
override DH: u32 = 1u;
override DW: u32 = 1u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> x4: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<storage, read_write> out4: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> indices: array<u32>;
@group(0) @binding(3) var<storage, read_write> indices4: array<vec4u>;
@group(0) @binding(4) var<storage, read> grad: array<f32>;
@group(0) @binding(4) var<storage, read> grad4: array<vec4f>;
@group(0) @binding(5) var<storage, read> chosen: array<u32>;
@group(0) @binding(5) var<storage, read> chosen4: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> windows: array<u32>;
@group(0) @binding(5) var<storage, read> winners: array<u32>;
@group(0) @binding(4) var<storage, read> plane: array<f32>;

struct Best { value: f32, index: u32 }
struct Best4 { value: vec4f, index: vec4u }

/// Where a thread stands. Channels are data: one pipeline for all pools of a network, and drivers take long to compile one.
fn stand(gid: vec3u, channels: u32) -> Place {
  let column = quotient(gid.x, channels);
  return Place(gid.x - column * channels, column, gid.y, gid.z);
}

fn is_nan4(v: vec4f) -> vec4<bool> {
  return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
}

/// The winner of one output value. A coordinate before the edge wraps to a huge number, so one comparison tests both edges.
fn best(at: Place) -> Best {
  let plane = at.n * p.h * p.w;
  var found = Best(-3.4028234e38, 0u);
  var empty = true;
  for (var ky = 0u; ky < KH; ky++) {
    let y = at.y * SH + ky * DH - PH;
    if (y >= p.h) { continue; }
    for (var kx = 0u; kx < KW; kx++) {
      let column = at.x * SW + kx * DW - PW;
      if (column >= p.w) { continue; }
      let index = y * p.w + column;
      let v = x[(plane + index) * p.c + at.c];
      if (empty || is_nan(v) || (v > found.value && !is_nan(found.value))) {
        found = Best(v, index);
      }
      empty = false;
    }
  }
  return found;
}

/// The winners of four neighbouring channels.
fn best4(at: Place) -> Best4 {
  let plane = at.n * p.h * p.w;
  var value = vec4f(-3.4028234e38);
  var found = vec4u(0u);
  var empty = true;
  for (var ky = 0u; ky < KH; ky++) {
    let y = at.y * SH + ky * DH - PH;
    if (y >= p.h) { continue; }
    for (var kx = 0u; kx < KW; kx++) {
      let column = at.x * SW + kx * DW - PW;
      if (column >= p.w) { continue; }
      let index = y * p.w + column;
      let v = x4[(plane + index) * (p.c / 4u) + at.c];
      let take = vec4<bool>(empty) | is_nan4(v) | ((v > value) & !is_nan4(value));
      value = select(value, v, take);
      found = select(found, vec4u(index), take);
      empty = false;
    }
  }
  return Best4(value, found);
}

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.ow * p.c) { return; }
  out[flat(gid, p.oh, p.ow, p.c)] = best(stand(gid, p.c)).value;
}

@compute @workgroup_size(WG)
fn forward4(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.ow * (p.c / 4u)) { return; }
  out4[flat(gid, p.oh, p.ow, p.c / 4u)] = best4(stand(gid, p.c / 4u)).value;
}

@compute @workgroup_size(WG)
fn forward_indices(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.ow * p.c) { return; }
  let found = best(stand(gid, p.c));
  let t = flat(gid, p.oh, p.ow, p.c);
  out[t] = found.value;
  indices[t] = found.index;
}

@compute @workgroup_size(WG)
fn forward_indices4(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.ow * (p.c / 4u)) { return; }
  let found = best4(stand(gid, p.c / 4u));
  let t = flat(gid, p.oh, p.ow, p.c / 4u);
  out4[t] = found.value;
  indices4[t] = found.index;
}

@compute @workgroup_size(WG)
fn only_indices(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.ow * p.c) { return; }
  indices[flat(gid, p.oh, p.ow, p.c)] = best(stand(gid, p.c)).index;
}

@compute @workgroup_size(WG)
fn only_indices4(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.ow * (p.c / 4u)) { return; }
  indices4[flat(gid, p.oh, p.ow, p.c / 4u)] = best4(stand(gid, p.c / 4u)).index;
}

@compute @workgroup_size(WG)
fn gradient(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.w * p.c) { return; }
  let at = stand(gid, p.c);
  let index = at.y * p.w + at.x;
  // The first window that can reach this position, one past the last of the previous stride; wraps below 0 are skipped.
  let reach_h = ((KH - 1u) * DH + SH) / SH;
  let reach_w = ((KW - 1u) * DW + SW) / SW;
  let first_y = (at.y + PH) / SH + 1u - reach_h;
  let first_x = (at.x + PW) / SW + 1u - reach_w;
  var sum = 0.0;
  for (var j = 0u; j < reach_h; j++) {
    let oy = first_y + j;
    if (oy >= p.oh) { continue; }
    for (var i = 0u; i < reach_w; i++) {
      let ox = first_x + i;
      if (ox >= p.ow) { continue; }
      let cell = ((at.n * p.oh + oy) * p.ow + ox) * p.c + at.c;
      if (chosen[cell] == index) { sum += grad[cell]; }
    }
  }
  out[flat(gid, p.h, p.w, p.c)] = sum;
}

@compute @workgroup_size(WG)
fn gradient4(@builtin(global_invocation_id) gid: vec3u) {
  let channels = p.c / 4u;
  if (gid.x >= p.w * channels) { return; }
  let at = stand(gid, channels);
  let index = at.y * p.w + at.x;
  let reach_h = ((KH - 1u) * DH + SH) / SH;
  let reach_w = ((KW - 1u) * DW + SW) / SW;
  let first_y = (at.y + PH) / SH + 1u - reach_h;
  let first_x = (at.x + PW) / SW + 1u - reach_w;
  var sum = vec4f(0.0);
  for (var j = 0u; j < reach_h; j++) {
    let oy = first_y + j;
    if (oy >= p.oh) { continue; }
    for (var i = 0u; i < reach_w; i++) {
      let ox = first_x + i;
      if (ox >= p.ow) { continue; }
      let cell = ((at.n * p.oh + oy) * p.ow + ox) * channels + at.c;
      sum += select(vec4f(0.0), grad4[cell], chosen4[cell] == vec4u(index));
    }
  }
  out4[flat(gid, p.h, p.w, channels)] = sum;
}

/// Four bytes of a word.
fn bytes_of(word: u32) -> vec4u {
  return (vec4u(word) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u);
}

@compute @workgroup_size(WG)
fn forward_windows4(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.ow * (p.c / 4u)) { return; }
  let at = stand(gid, p.c / 4u);
  let rows = at.n * p.h * p.w;
  var value = vec4f(-3.4028234e38);
  var winner = vec4u(0u);
  var empty = true;
  for (var ky = 0u; ky < KH; ky++) {
    let y = at.y * SH + ky * DH - PH;
    if (y >= p.h) { continue; }
    for (var kx = 0u; kx < KW; kx++) {
      let column = at.x * SW + kx * DW - PW;
      if (column >= p.w) { continue; }
      let v = x4[(rows + y * p.w + column) * (p.c / 4u) + at.c];
      let take = vec4<bool>(empty) | is_nan4(v) | ((v > value) & !is_nan4(value));
      value = select(value, v, take);
      winner = select(winner, vec4u(ky * KW + kx), take);
      empty = false;
    }
  }
  let t = flat(gid, p.oh, p.ow, p.c / 4u);
  out4[t] = value;
  windows[t] = winner.x | (winner.y << 8u) | (winner.z << 16u) | (winner.w << 24u);
}

@compute @workgroup_size(WG)
fn gradient_windows4(@builtin(global_invocation_id) gid: vec3u) {
  let channels = p.c / 4u;
  if (gid.x >= p.w * channels) { return; }
  let at = stand(gid, channels);
  let reach_h = ((KH - 1u) * DH + SH) / SH;
  let reach_w = ((KW - 1u) * DW + SW) / SW;
  let first_y = (at.y + PH) / SH + 1u - reach_h;
  let first_x = (at.x + PW) / SW + 1u - reach_w;
  var sum = vec4f(0.0);
  for (var j = 0u; j < reach_h; j++) {
    let oy = first_y + j;
    if (oy >= p.oh) { continue; }
    // Where in that window this row is, times DH; wraps before its first.
    let down = at.y + PH - oy * SH;
    if (down % DH != 0u || down / DH >= KH) { continue; }
    for (var i = 0u; i < reach_w; i++) {
      let ox = first_x + i;
      if (ox >= p.ow) { continue; }
      let along = at.x + PW - ox * SW;
      if (along % DW != 0u || along / DW >= KW) { continue; }
      let cell = ((at.n * p.oh + oy) * p.ow + ox) * channels + at.c;
      sum += select(vec4f(0.0), grad4[cell], bytes_of(winners[cell]) == vec4u(down / DH * KW + along / DW));
    }
  }
  out4[flat(gid, p.h, p.w, channels)] = sum;
}

@compute @workgroup_size(WG)
fn pick_windows4(@builtin(global_invocation_id) gid: vec3u) {
  let channels = p.c / 4u;
  if (gid.x >= p.ow * channels) { return; }
  let at = stand(gid, channels);
  let own = flat(gid, p.oh, p.ow, channels);
  let winner = bytes_of(winners[own]);
  // A winner is inside the plane; the clamps only say so.
  let y = min(vec4u(at.y * SH - PH) + winner / KW * DH, vec4u(p.h - 1u));
  let column = min(vec4u(at.x * SW - PW) + winner % KW * DW, vec4u(p.w - 1u));
  let cell = ((at.n * p.h + y) * p.w + column) * p.c + 4u * at.c;
  out4[own] = vec4f(plane[cell.x], plane[cell.y + 1u], plane[cell.z + 2u], plane[cell.w + 3u]);
}
