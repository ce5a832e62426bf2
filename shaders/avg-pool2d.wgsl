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

//!include "lib/grid.wgsl"

struct Params { n: u32, h: u32, w: u32, oh: u32, ow: u32 }

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
fn forward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.n * p.oh * p.ow * C) { return; }
  let c = t % C;
  let ox = (t / C) % p.ow;
  let oy = (t / C / p.ow) % p.oh;
  let n = t / C / (p.ow * p.oh);
  var sum = 0.0;
  for (var ky = 0u; ky < KH; ky++) {
    let y = oy * SH + ky - PH;
    if (y >= p.h) { continue; }
    var row = 0.0;
    for (var kx = 0u; kx < KW; kx++) {
      let column = ox * SW + kx - PW;
      if (column >= p.w) { continue; }
      row += x[((n * p.h + y) * p.w + column) * C + c];
    }
    sum += row;
  }
  out[t] = sum * scale(oy, ox);
}

@compute @workgroup_size(WG)
fn forward4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let channels = C / 4u;
  if (t >= p.n * p.oh * p.ow * channels) { return; }
  let c = t % channels;
  let ox = (t / channels) % p.ow;
  let oy = (t / channels / p.ow) % p.oh;
  let n = t / channels / (p.ow * p.oh);
  var sum = vec4f(0.0);
  for (var ky = 0u; ky < KH; ky++) {
    let y = oy * SH + ky - PH;
    if (y >= p.h) { continue; }
    var row = vec4f(0.0);
    for (var kx = 0u; kx < KW; kx++) {
      let column = ox * SW + kx - PW;
      if (column >= p.w) { continue; }
      row += x4[((n * p.h + y) * p.w + column) * channels + c];
    }
    sum += row;
  }
  out4[t] = sum * scale(oy, ox);
}

/// True when window `o` holds `position` along one axis; `o` may have wrapped below 0.
fn holds(o: u32, windows: u32, position: u32, kernel: u32, stride: u32, padding: u32) -> bool {
  return o < windows && position + padding - o * stride < kernel;
}

@compute @workgroup_size(WG)
fn gradient(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.n * p.h * p.w * C) { return; }
  let c = t % C;
  let column = (t / C) % p.w;
  let y = (t / C / p.w) % p.h;
  let n = t / C / (p.w * p.h);
  let reach_h = (KH - 1u + SH) / SH;
  let reach_w = (KW - 1u + SW) / SW;
  var sum = 0.0;
  for (var j = 0u; j < reach_h; j++) {
    let oy = (y + PH) / SH + 1u - reach_h + j;
    if (!holds(oy, p.oh, y, KH, SH, PH)) { continue; }
    for (var i = 0u; i < reach_w; i++) {
      let ox = (column + PW) / SW + 1u - reach_w + i;
      if (!holds(ox, p.ow, column, KW, SW, PW)) { continue; }
      sum += grad[((n * p.oh + oy) * p.ow + ox) * C + c] * scale(oy, ox);
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
  let column = (t / channels) % p.w;
  let y = (t / channels / p.w) % p.h;
  let n = t / channels / (p.w * p.h);
  let reach_h = (KH - 1u + SH) / SH;
  let reach_w = (KW - 1u + SW) / SW;
  var sum = vec4f(0.0);
  for (var j = 0u; j < reach_h; j++) {
    let oy = (y + PH) / SH + 1u - reach_h + j;
    if (!holds(oy, p.oh, y, KH, SH, PH)) { continue; }
    for (var i = 0u; i < reach_w; i++) {
      let ox = (column + PW) / SW + 1u - reach_w + i;
      if (!holds(ox, p.ow, column, KW, SW, PW)) { continue; }
      sum += grad4[((n * p.oh + oy) * p.ow + ox) * channels + c] * scale(oy, ox);
    }
  }
  out4[t] = sum;
}
