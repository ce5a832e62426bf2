// max-unpool2d - puts pooled values back where they came from, zeros elsewhere; and its gradient.
//
//   out[n, y, x, c]       = x[n, oy, ox, c] of the last window (row-major) whose index is y·W + x, else 0
//   grad_x[n, oy, ox, c] = grad[n, index, c] if this window was that last one, else 0
//
// Layouts: x, indices and grad_x [n, ih, iw, C] (windows); out and grad [n, h, w, C] (the unpooled plane), dense.
// Entries: `forward`, `forward4` (one thread per value of the plane, or four channels of it), `gradient` (one thread per
// window and channel: the indices of four channels point to four places, so there is nothing to load as a vec4).
// A gather instead of a scatter: only the ceil(SPAN / S) windows per axis whose area covers a position can point to it, so no
// zero fill and no atomics are needed, and overlapping windows have one answer on every machine. An index that lies outside
// its own window (which no max-pool writes) is left out, forward and backward.
// Fast variant: four channels share the address arithmetic and load as one vec4.

//!include "lib/divide.wgsl"
//!include "lib/plane.wgsl"

struct Params { ih: u32, iw: u32, h: u32, w: u32 }

override C: u32 = 4u;
override SPAN_H: u32 = 2u;
override SPAN_W: u32 = 2u;
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
fn first_window(position: u32, span: u32, stride: u32, padding: u32) -> u32 {
  return (position + padding) / stride + 1u - (span - 1u + stride) / stride;
}

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.w * C) { return; }
  let at = place(gid, C);
  let index = at.y * p.w + at.x;
  let first_y = first_window(at.y, SPAN_H, SH, PH);
  let first_x = first_window(at.x, SPAN_W, SW, PW);
  var value = 0.0;
  for (var j = 0u; j < (SPAN_H - 1u + SH) / SH; j++) {
    let oy = first_y + j;
    if (oy >= p.ih) { continue; }
    for (var i = 0u; i < (SPAN_W - 1u + SW) / SW; i++) {
      let ox = first_x + i;
      if (ox >= p.iw) { continue; }
      let cell = ((at.n * p.ih + oy) * p.iw + ox) * C + at.c;
      if (indices[cell] == index) { value = x[cell]; }
    }
  }
  out[flat(gid, p.h, p.w, C)] = value;
}

@compute @workgroup_size(WG)
fn forward4(@builtin(global_invocation_id) gid: vec3u) {
  let channels = C / 4u;
  if (gid.x >= p.w * channels) { return; }
  let at = place(gid, channels);
  let index = at.y * p.w + at.x;
  let first_y = first_window(at.y, SPAN_H, SH, PH);
  let first_x = first_window(at.x, SPAN_W, SW, PW);
  var value = vec4f(0.0);
  for (var j = 0u; j < (SPAN_H - 1u + SH) / SH; j++) {
    let oy = first_y + j;
    if (oy >= p.ih) { continue; }
    for (var i = 0u; i < (SPAN_W - 1u + SW) / SW; i++) {
      let ox = first_x + i;
      if (ox >= p.iw) { continue; }
      let cell = ((at.n * p.ih + oy) * p.iw + ox) * channels + at.c;
      value = select(value, x4[cell], indices4[cell] == vec4u(index));
    }
  }
  out4[flat(gid, p.h, p.w, channels)] = value;
}

@compute @workgroup_size(WG)
fn gradient(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.iw * C) { return; }
  let at = place(gid, C);
  let own = flat(gid, p.ih, p.iw, C);
  let index = indices[own];
  let y = quotient(index, p.w);
  let first_y = first_window(y, SPAN_H, SH, PH);
  let first_x = first_window(index - y * p.w, SPAN_W, SW, PW);
  // The last window that points to this position is the one whose value the forward pass kept.
  var winner = 0xffffffffu;
  for (var j = 0u; j < (SPAN_H - 1u + SH) / SH; j++) {
    let oy = first_y + j;
    if (oy >= p.ih) { continue; }
    for (var i = 0u; i < (SPAN_W - 1u + SW) / SW; i++) {
      let ox = first_x + i;
      if (ox >= p.iw) { continue; }
      let cell = ((at.n * p.ih + oy) * p.iw + ox) * C + at.c;
      if (indices[cell] == index) { winner = cell; }
    }
  }
  var value = 0.0;
  if (winner == own && index < p.h * p.w) { value = grad[(at.n * p.h * p.w + index) * C + at.c]; }
  out[own] = value;
}
