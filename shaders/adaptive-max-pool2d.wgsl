// adaptive-max-pool2d - the largest value of each of oh × ow bins that cover the plane, where it stood, and the gradient.
//
//   bin i of o over n positions = [floor(i·n / o), ceil((i + 1)·n / o)); bins overlap when o does not divide n
//   out[n, i, j, c]     = max of x over bin (i, j)
//   indices[n, i, j, c] = y·W + x of that value in the plane of x
//   grad_x[n, y, x, c]  = sum of grad over the bins whose index is y·W + x
//
// Layouts: x [n, h, w, C], out, indices and grad [n, oh, ow, C], all dense.
// Entries: `forward`, `forward4` (one thread per bin and channel, or four channels), `gradient`, `gradient4` (per input value:
// a gather from the bins that hold it, in row-major order).
// Ties: the first in row-major order wins. NaN wins over everything (the last NaN gives the index, as in PyTorch); it is
// found by its bits. The first position starts the search, so bins of -infinity need no infinity in WGSL.
// Fast variant: four channels share the address arithmetic and load as one vec4.

//!include "lib/bins.wgsl"
//!include "lib/divide.wgsl"
//!include "lib/nan.wgsl"
//!include "lib/plane.wgsl"

struct Params { h: u32, w: u32, oh: u32, ow: u32 }

override C: u32 = 4u;

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

fn is_nan4(v: vec4f) -> vec4<bool> {
  return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
}

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.ow * C) { return; }
  let at = place(gid, C);
  let plane = at.n * p.h * p.w;
  let left = bin_start(at.x, p.w, p.ow);
  let bottom = bin_end(at.y, p.h, p.oh);
  let right = bin_end(at.x, p.w, p.ow);
  var found = bin_start(at.y, p.h, p.oh) * p.w + left;
  var best = x[(plane + found) * C + at.c];
  for (var y = bin_start(at.y, p.h, p.oh); y < bottom; y++) {
    for (var column = left; column < right; column++) {
      let v = x[(plane + y * p.w + column) * C + at.c];
      if (is_nan(v) || (v > best && !is_nan(best))) {
        best = v;
        found = y * p.w + column;
      }
    }
  }
  let t = flat(gid, p.oh, p.ow, C);
  out[t] = best;
  indices[t] = found;
}

@compute @workgroup_size(WG)
fn forward4(@builtin(global_invocation_id) gid: vec3u) {
  let channels = C / 4u;
  if (gid.x >= p.ow * channels) { return; }
  let at = place(gid, channels);
  let plane = at.n * p.h * p.w;
  let left = bin_start(at.x, p.w, p.ow);
  let bottom = bin_end(at.y, p.h, p.oh);
  let right = bin_end(at.x, p.w, p.ow);
  let first = bin_start(at.y, p.h, p.oh) * p.w + left;
  var found = vec4u(first);
  var best = x4[(plane + first) * channels + at.c];
  for (var y = bin_start(at.y, p.h, p.oh); y < bottom; y++) {
    for (var column = left; column < right; column++) {
      let v = x4[(plane + y * p.w + column) * channels + at.c];
      let take = is_nan4(v) | ((v > best) & !is_nan4(best));
      best = select(best, v, take);
      found = select(found, vec4u(y * p.w + column), take);
    }
  }
  let t = flat(gid, p.oh, p.ow, channels);
  out4[t] = best;
  indices4[t] = found;
}

@compute @workgroup_size(WG)
fn gradient(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.w * C) { return; }
  let at = place(gid, C);
  let index = at.y * p.w + at.x;
  let end_y = end_bin(at.y, p.h, p.oh);
  let end_x = end_bin(at.x, p.w, p.ow);
  var sum = 0.0;
  for (var oy = first_bin(at.y, p.h, p.oh); oy < end_y; oy++) {
    for (var ox = first_bin(at.x, p.w, p.ow); ox < end_x; ox++) {
      let cell = ((at.n * p.oh + oy) * p.ow + ox) * C + at.c;
      if (chosen[cell] == index) { sum += grad[cell]; }
    }
  }
  out[flat(gid, p.h, p.w, C)] = sum;
}

@compute @workgroup_size(WG)
fn gradient4(@builtin(global_invocation_id) gid: vec3u) {
  let channels = C / 4u;
  if (gid.x >= p.w * channels) { return; }
  let at = place(gid, channels);
  let index = at.y * p.w + at.x;
  let end_y = end_bin(at.y, p.h, p.oh);
  let end_x = end_bin(at.x, p.w, p.ow);
  var sum = vec4f(0.0);
  for (var oy = first_bin(at.y, p.h, p.oh); oy < end_y; oy++) {
    for (var ox = first_bin(at.x, p.w, p.ow); ox < end_x; ox++) {
      let cell = ((at.n * p.oh + oy) * p.ow + ox) * channels + at.c;
      sum += select(vec4f(0.0), grad4[cell], chosen4[cell] == vec4u(index));
    }
  }
  out4[flat(gid, p.h, p.w, channels)] = sum;
}
