// max-pool2d - the largest value of each window, where it stood, and the gradient.
//
//   out[n, oy, ox, c]     = max over ky < KH, kx < KW of x[n, oy·SH − PH + ky·DH, ox·SW − PW + kx·DW, c]
//   indices[n, oy, ox, c] = h·W + w of that value in the plane of x
//   grad_x[n, y, x, c]    = sum of grad over the windows whose index is y·W + x
//
// Layouts: x [n, h, w, C], out, indices and grad [n, oh, ow, C], all dense.
// Entries: `forward` (values), `forward_indices` (values and indices) and `only_indices` (what the gradient needs when the
// forward pass kept only values), one thread per output value, or with a 4 in the name per four channels (C divides by 4);
// `gradient` and `gradient4` (one thread per input value, or four channels of it).
// Edges: positions outside x are skipped, which is padding with -infinity; the caller makes sure that every window
// touches x. The first valid position starts the search, so windows of -infinity work without infinities in WGSL.
// Ties: the first in row-major window order wins. NaN wins over everything (the last NaN gives the index, as in PyTorch);
// it is found by its bits, since drivers may compile `x != x` to false.
// Gradient: a gather. Only ceil(span / stride) windows per axis can reach a position; comparing the stored index settles
// the rest, so a 2×2 pool reads one window per input value. Sums run in row-major order of windows: deterministic.
// Fast variant: four channels share the address arithmetic and load as one vec4.

//!include "lib/grid.wgsl"

struct Params { n: u32, h: u32, w: u32, oh: u32, ow: u32 }

override C: u32 = 4u;
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

struct Best { value: f32, index: u32 }
struct Best4 { value: vec4f, index: vec4u }

fn is_nan(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u;
}

fn is_nan4(v: vec4f) -> vec4<bool> {
  return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
}

/// The winner of output value t. A coordinate before the edge wraps to a huge number, so one comparison tests both edges.
fn best(t: u32) -> Best {
  let c = t % C;
  let cell = t / C;
  let ox = cell % p.ow;
  let oy = (cell / p.ow) % p.oh;
  let plane = cell / (p.ow * p.oh) * p.h * p.w;
  var found = Best(-3.4028234e38, 0u);
  var empty = true;
  for (var ky = 0u; ky < KH; ky++) {
    let y = oy * SH + ky * DH - PH;
    if (y >= p.h) { continue; }
    for (var kx = 0u; kx < KW; kx++) {
      let column = ox * SW + kx * DW - PW;
      if (column >= p.w) { continue; }
      let index = y * p.w + column;
      let v = x[(plane + index) * C + c];
      if (empty || is_nan(v) || (v > found.value && !is_nan(found.value))) {
        found = Best(v, index);
      }
      empty = false;
    }
  }
  return found;
}

/// The winners of four neighbouring channels.
fn best4(t: u32) -> Best4 {
  let groups = C / 4u;
  let c = t % groups;
  let cell = t / groups;
  let ox = cell % p.ow;
  let oy = (cell / p.ow) % p.oh;
  let plane = cell / (p.ow * p.oh) * p.h * p.w;
  var value = vec4f(-3.4028234e38);
  var place = vec4u(0u);
  var empty = true;
  for (var ky = 0u; ky < KH; ky++) {
    let y = oy * SH + ky * DH - PH;
    if (y >= p.h) { continue; }
    for (var kx = 0u; kx < KW; kx++) {
      let column = ox * SW + kx * DW - PW;
      if (column >= p.w) { continue; }
      let index = y * p.w + column;
      let v = x4[(plane + index) * groups + c];
      let take = vec4<bool>(empty) | is_nan4(v) | ((v > value) & !is_nan4(value));
      value = select(value, v, take);
      place = select(place, vec4u(index), take);
      empty = false;
    }
  }
  return Best4(value, place);
}

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.n * p.oh * p.ow * C) { return; }
  out[t] = best(t).value;
}

@compute @workgroup_size(WG)
fn forward4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.n * p.oh * p.ow * (C / 4u)) { return; }
  out4[t] = best4(t).value;
}

@compute @workgroup_size(WG)
fn forward_indices(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.n * p.oh * p.ow * C) { return; }
  let found = best(t);
  out[t] = found.value;
  indices[t] = found.index;
}

@compute @workgroup_size(WG)
fn forward_indices4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.n * p.oh * p.ow * (C / 4u)) { return; }
  let found = best4(t);
  out4[t] = found.value;
  indices4[t] = found.index;
}

@compute @workgroup_size(WG)
fn only_indices(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.n * p.oh * p.ow * C) { return; }
  indices[t] = best(t).index;
}

@compute @workgroup_size(WG)
fn only_indices4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.n * p.oh * p.ow * (C / 4u)) { return; }
  indices4[t] = best4(t).index;
}

@compute @workgroup_size(WG)
fn gradient(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.n * p.h * p.w * C) { return; }
  let c = t % C;
  let pixel = t / C;
  let index = pixel % (p.h * p.w);
  let n = pixel / (p.h * p.w);
  // The first window that can reach this position, one past the last of the previous stride; wraps below 0 are skipped.
  let reach_h = ((KH - 1u) * DH + SH) / SH;
  let reach_w = ((KW - 1u) * DW + SW) / SW;
  let first_y = (index / p.w + PH) / SH + 1u - reach_h;
  let first_x = (index % p.w + PW) / SW + 1u - reach_w;
  var sum = 0.0;
  for (var j = 0u; j < reach_h; j++) {
    let oy = first_y + j;
    if (oy >= p.oh) { continue; }
    for (var i = 0u; i < reach_w; i++) {
      let ox = first_x + i;
      if (ox >= p.ow) { continue; }
      let cell = ((n * p.oh + oy) * p.ow + ox) * C + c;
      if (chosen[cell] == index) { sum += grad[cell]; }
    }
  }
  out[t] = sum;
}

@compute @workgroup_size(WG)
fn gradient4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let channels = C / 4u;
  if (t >= p.n * p.h * p.w * channels) { return; }
  let c = t % channels;
  let pixel = t / channels;
  let index = pixel % (p.h * p.w);
  let n = pixel / (p.h * p.w);
  let reach_h = ((KH - 1u) * DH + SH) / SH;
  let reach_w = ((KW - 1u) * DW + SW) / SW;
  let first_y = (index / p.w + PH) / SH + 1u - reach_h;
  let first_x = (index % p.w + PW) / SW + 1u - reach_w;
  var sum = vec4f(0.0);
  for (var j = 0u; j < reach_h; j++) {
    let oy = first_y + j;
    if (oy >= p.oh) { continue; }
    for (var i = 0u; i < reach_w; i++) {
      let ox = first_x + i;
      if (ox >= p.ow) { continue; }
      let cell = ((n * p.oh + oy) * p.ow + ox) * channels + c;
      sum += select(vec4f(0.0), grad4[cell], chosen4[cell] == vec4u(index));
    }
  }
  out4[t] = sum;
}
