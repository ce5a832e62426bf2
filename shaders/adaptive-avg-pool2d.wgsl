// adaptive-avg-pool2d - means over oh × ow bins that cover the plane, and the gradient.
//
//   bin i of o over n positions = [floor(i·n / o), ceil((i + 1)·n / o)); bins overlap when o does not divide n
//   out[n, i, j, c]    = mean of x over bin (i, j)
//   grad_x[n, y, x, c] = sum over the bins that hold (y, x) of grad / size of the bin
//
// Layouts: x [n, h, w, C], out and grad [n, oh, ow, C], dense.
// Entries: `forward`, `forward4` (one thread per output value, or four channels of it), `gradient`, `gradient4` (per input
// value). Accumulation: f32, one sum per row of the bin, then over rows.

//!include "lib/bins.wgsl"
//!include "lib/divide.wgsl"
//!include "lib/plane.wgsl"

struct Params { h: u32, w: u32, oh: u32, ow: u32 }

override C: u32 = 4u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> x4: array<vec4f>;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(1) var<storage, read> grad4: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<storage, read_write> out4: array<vec4f>;

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.ow * C) { return; }
  let at = place(gid, C);
  var sum = 0.0;
  let bottom = bin_end(at.y, p.h, p.oh);
  let right = bin_end(at.x, p.w, p.ow);
  for (var y = bin_start(at.y, p.h, p.oh); y < bottom; y++) {
    var row = 0.0;
    for (var column = bin_start(at.x, p.w, p.ow); column < right; column++) {
      row += x[((at.n * p.h + y) * p.w + column) * C + at.c];
    }
    sum += row;
  }
  out[flat(gid, p.oh, p.ow, C)] = sum / f32(bin_size(at.y, p.h, p.oh) * bin_size(at.x, p.w, p.ow));
}

@compute @workgroup_size(WG)
fn forward4(@builtin(global_invocation_id) gid: vec3u) {
  let channels = C / 4u;
  if (gid.x >= p.ow * channels) { return; }
  let at = place(gid, channels);
  var sum = vec4f(0.0);
  let bottom = bin_end(at.y, p.h, p.oh);
  let right = bin_end(at.x, p.w, p.ow);
  for (var y = bin_start(at.y, p.h, p.oh); y < bottom; y++) {
    var row = vec4f(0.0);
    for (var column = bin_start(at.x, p.w, p.ow); column < right; column++) {
      row += x4[((at.n * p.h + y) * p.w + column) * channels + at.c];
    }
    sum += row;
  }
  out4[flat(gid, p.oh, p.ow, channels)] = sum / f32(bin_size(at.y, p.h, p.oh) * bin_size(at.x, p.w, p.ow));
}

@compute @workgroup_size(WG)
fn gradient(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.w * C) { return; }
  let at = place(gid, C);
  var sum = 0.0;
  let end_y = end_bin(at.y, p.h, p.oh);
  let end_x = end_bin(at.x, p.w, p.ow);
  for (var oy = first_bin(at.y, p.h, p.oh); oy < end_y; oy++) {
    var row = 0.0;
    for (var ox = first_bin(at.x, p.w, p.ow); ox < end_x; ox++) {
      row += grad[((at.n * p.oh + oy) * p.ow + ox) * C + at.c] / f32(bin_size(ox, p.w, p.ow));
    }
    sum += row / f32(bin_size(oy, p.h, p.oh));
  }
  out[flat(gid, p.h, p.w, C)] = sum;
}

@compute @workgroup_size(WG)
fn gradient4(@builtin(global_invocation_id) gid: vec3u) {
  let channels = C / 4u;
  if (gid.x >= p.w * channels) { return; }
  let at = place(gid, channels);
  var sum = vec4f(0.0);
  let end_y = end_bin(at.y, p.h, p.oh);
  let end_x = end_bin(at.x, p.w, p.ow);
  for (var oy = first_bin(at.y, p.h, p.oh); oy < end_y; oy++) {
    var row = vec4f(0.0);
    for (var ox = first_bin(at.x, p.w, p.ow); ox < end_x; ox++) {
      row += grad4[((at.n * p.oh + oy) * p.ow + ox) * channels + at.c] / f32(bin_size(ox, p.w, p.ow));
    }
    sum += row / f32(bin_size(oy, p.h, p.oh));
  }
  out4[flat(gid, p.h, p.w, channels)] = sum;
}
