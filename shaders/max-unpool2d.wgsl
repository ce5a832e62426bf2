// max-unpool2d - puts pooled values back where they came from, zeros elsewhere; and its gradient.
//
//   out[n, y, x, c]       = x[n, oy, ox, c] of the last window (row-major) whose index is y·W + x, else 0
//   grad_x[n, oy, ox, c] = grad[n, index, c] if this window was that last one, else 0
//
// Layouts: x, indices and grad_x [n, ih, iw, C] (windows); out and grad [n, h, w, C] (the unpooled plane), dense.
// Entries: `forward`, `forward4` (one thread per value of the plane, or four channels of it), `gradient` (one thread per
// window and channel: the indices of four channels point to four places, so there is nothing to load as a vec4).
// A gather instead of a scatter: only the ceil(K / S) windows per axis whose area covers a position can point to it, so no
// zero fill and no atomics are needed, and overlapping windows have one answer on every machine. An index that lies outside
// its own window (which no max-pool writes) is left out, forward and backward.
// Fast variant: four channels share the address arithmetic and load as one vec4.

//!include "lib/grid.wgsl"

struct Params { n: u32, ih: u32, iw: u32, h: u32, w: u32 }

override C: u32 = 4u;
override KH: u32 = 2u;
override KW: u32 = 2u;
override SH: u32 = 2u;
override SW: u32 = 2u;
override PH: u32 = 0u;
override PW: u32 = 0u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> x4: array<vec4f>;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(2) var<storage, read> indices: array<u32>;
@group(0) @binding(2) var<storage, read> indices4: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@group(0) @binding(3) var<storage, read_write> out4: array<vec4f>;

/// First window along an axis that can point to `position`; may wrap below 0, which the callers' comparison skips.
fn first_window(position: u32, kernel: u32, stride: u32, padding: u32) -> u32 {
  return (position + padding) / stride + 1u - (kernel - 1u + stride) / stride;
}

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.n * p.h * p.w * C) { return; }
  let c = t % C;
  let index = (t / C) % (p.h * p.w);
  let n = t / C / (p.h * p.w);
  let first_y = first_window(index / p.w, KH, SH, PH);
  let first_x = first_window(index % p.w, KW, SW, PW);
  var value = 0.0;
  for (var j = 0u; j < (KH - 1u + SH) / SH; j++) {
    let oy = first_y + j;
    if (oy >= p.ih) { continue; }
    for (var i = 0u; i < (KW - 1u + SW) / SW; i++) {
      let ox = first_x + i;
      if (ox >= p.iw) { continue; }
      let cell = ((n * p.ih + oy) * p.iw + ox) * C + c;
      if (indices[cell] == index) { value = x[cell]; }
    }
  }
  out[t] = value;
}

@compute @workgroup_size(WG)
fn forward4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let channels = C / 4u;
  if (t >= p.n * p.h * p.w * channels) { return; }
  let c = t % channels;
  let index = (t / channels) % (p.h * p.w);
  let n = t / channels / (p.h * p.w);
  let first_y = first_window(index / p.w, KH, SH, PH);
  let first_x = first_window(index % p.w, KW, SW, PW);
  var value = vec4f(0.0);
  for (var j = 0u; j < (KH - 1u + SH) / SH; j++) {
    let oy = first_y + j;
    if (oy >= p.ih) { continue; }
    for (var i = 0u; i < (KW - 1u + SW) / SW; i++) {
      let ox = first_x + i;
      if (ox >= p.iw) { continue; }
      let cell = ((n * p.ih + oy) * p.iw + ox) * channels + c;
      value = select(value, x4[cell], indices4[cell] == vec4u(index));
    }
  }
  out4[t] = value;
}

/// The gradient of one window and channel; `cell` is its place in `indices`, `oy` and `ox` its coordinates.
fn returned(n: u32, oy: u32, ox: u32, c: u32) -> f32 {
  let index = indices[((n * p.ih + oy) * p.iw + ox) * C + c];
  if (index >= p.h * p.w) { return 0.0; }
  let first_y = first_window(index / p.w, KH, SH, PH);
  let first_x = first_window(index % p.w, KW, SW, PW);
  // The last window that points to this position is the one whose value the forward pass kept.
  var winner = 0xffffffffu;
  for (var j = 0u; j < (KH - 1u + SH) / SH; j++) {
    let wy = first_y + j;
    if (wy >= p.ih) { continue; }
    for (var i = 0u; i < (KW - 1u + SW) / SW; i++) {
      let wx = first_x + i;
      if (wx >= p.iw) { continue; }
      if (indices[((n * p.ih + wy) * p.iw + wx) * C + c] == index) { winner = wy * p.iw + wx; }
    }
  }
  if (winner != oy * p.iw + ox) { return 0.0; }
  return grad[(n * p.h * p.w + index) * C + c];
}

@compute @workgroup_size(WG)
fn gradient(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.n * p.ih * p.iw * C) { return; }
  let cell = t / C;
  out[t] = returned(cell / (p.ih * p.iw), (cell / p.iw) % p.ih, cell % p.iw, t % C);
}
