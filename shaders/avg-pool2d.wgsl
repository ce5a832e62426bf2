// avg-pool2d - the mean of each window, and its gradient.
//
//   out[n, oy, ox, c]  = sum over the window of x / divisor(oy, ox)
//   grad_x[n, y, x, c] = sum over the windows that hold (y, x) of grad / divisor(oy, ox)
//
// divisor: DIVISOR when it is not 0; otherwise the positions of the window inside the padded plane (COUNT_PADDING = 1) or
// inside x (COUNT_PADDING = 0). What a window of ceil mode reaches beyond the padding never counts (PyTorch's rule).
// Layouts: x [n, h, w, C], out and grad [n, oh, ow, C], dense.
// Entries: `forward`, `forward4` (one thread per output value, or four channels of it), `gradient`, `gradient4` (per input
// value). The gradient gathers from at most ceil(K / S) windows per axis, in row-major order.
// Accumulation: f32, one sum per window row, then over rows, so that large windows keep their digits.

//!include "lib/plane.wgsl"

struct Params { h: u32, w: u32, oh: u32, ow: u32 }

override C: u32 = 4u;
override KH: u32 = 2u;
override KW: u32 = 2u;
override SH: u32 = 2u;
override SW: u32 = 2u;
override PH: u32 = 0u;
override PW: u32 = 0u;
override COUNT_PADDING: u32 = 1u;
override DIVISOR: u32 = 0u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> x4: array<vec4f>;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(1) var<storage, read> grad4: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<storage, read_write> out4: array<vec4f>;

/// Positions of window `o` along one axis that count.
fn counted(o: u32, kernel: u32, stride: u32, padding: u32, size: u32) -> u32 {
  let start = o * stride;
  // In coordinates of the padded plane, where x covers padding … padding + size.
  if (COUNT_PADDING == 1u) { return min(start + kernel, size + 2u * padding) - start; }
  return min(start + kernel, size + padding) - max(start, padding);
}

fn scale(oy: u32, ox: u32) -> f32 {
  if (DIVISOR != 0u) { return 1.0 / f32(max(DIVISOR, 1u)); }
  return 1.0 / f32(counted(oy, KH, SH, PH, p.h) * counted(ox, KW, SW, PW, p.w));
}

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.ow * C) { return; }
  let at = place(gid, C);
  var sum = 0.0;
  for (var ky = 0u; ky < KH; ky++) {
    let y = at.y * SH + ky - PH;
    if (y >= p.h) { continue; }
    var row = 0.0;
    for (var kx = 0u; kx < KW; kx++) {
      let column = at.x * SW + kx - PW;
      if (column >= p.w) { continue; }
      row += x[((at.n * p.h + y) * p.w + column) * C + at.c];
    }
    sum += row;
  }
  out[flat(gid, p.oh, p.ow, C)] = sum * scale(at.y, at.x);
}

@compute @workgroup_size(WG)
fn forward4(@builtin(global_invocation_id) gid: vec3u) {
  let channels = C / 4u;
  if (gid.x >= p.ow * channels) { return; }
  let at = place(gid, channels);
  var sum = vec4f(0.0);
  for (var ky = 0u; ky < KH; ky++) {
    let y = at.y * SH + ky - PH;
    if (y >= p.h) { continue; }
    var row = vec4f(0.0);
    for (var kx = 0u; kx < KW; kx++) {
      let column = at.x * SW + kx - PW;
      if (column >= p.w) { continue; }
      row += x4[((at.n * p.h + y) * p.w + column) * channels + at.c];
    }
    sum += row;
  }
  out4[flat(gid, p.oh, p.ow, channels)] = sum * scale(at.y, at.x);
}

/// True when window `o` holds `position` along one axis; `o` may have wrapped below 0.
fn holds(o: u32, windows: u32, position: u32, kernel: u32, stride: u32, padding: u32) -> bool {
  return o < windows && position + padding - o * stride < kernel;
}

@compute @workgroup_size(WG)
fn gradient(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.w * C) { return; }
  let at = place(gid, C);
  let reach_h = (KH - 1u + SH) / SH;
  let reach_w = (KW - 1u + SW) / SW;
  var sum = 0.0;
  for (var j = 0u; j < reach_h; j++) {
    let oy = (at.y + PH) / SH + 1u - reach_h + j;
    if (!holds(oy, p.oh, at.y, KH, SH, PH)) { continue; }
    for (var i = 0u; i < reach_w; i++) {
      let ox = (at.x + PW) / SW + 1u - reach_w + i;
      if (!holds(ox, p.ow, at.x, KW, SW, PW)) { continue; }
      sum += grad[((at.n * p.oh + oy) * p.ow + ox) * C + at.c] * scale(oy, ox);
    }
  }
  out[flat(gid, p.h, p.w, C)] = sum;
}

@compute @workgroup_size(WG)
fn gradient4(@builtin(global_invocation_id) gid: vec3u) {
  let channels = C / 4u;
  if (gid.x >= p.w * channels) { return; }
  let at = place(gid, channels);
  let reach_h = (KH - 1u + SH) / SH;
  let reach_w = (KW - 1u + SW) / SW;
  var sum = vec4f(0.0);
  for (var j = 0u; j < reach_h; j++) {
    let oy = (at.y + PH) / SH + 1u - reach_h + j;
    if (!holds(oy, p.oh, at.y, KH, SH, PH)) { continue; }
    for (var i = 0u; i < reach_w; i++) {
      let ox = (at.x + PW) / SW + 1u - reach_w + i;
      if (!holds(ox, p.ow, at.x, KW, SW, PW)) { continue; }
      sum += grad4[((at.n * p.oh + oy) * p.ow + ox) * channels + at.c] * scale(oy, ox);
    }
  }
  out4[flat(gid, p.h, p.w, channels)] = sum;
}
