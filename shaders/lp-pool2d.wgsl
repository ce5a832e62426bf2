// lp-pool2d - the P-norm of each window, and its gradient.
//
//   total[n, oy, ox, c] = (KH·KW / count) · sum over the window of x^P
//   out                 = total^(1 / P)
//   grad_x[n, y, x, c]  = sum over the windows that hold (y, x) of grad · (KH·KW / count) · (x / out)^(P − 1), 0 where out is 0
//
// count: positions of the window inside x. It differs from KH·KW only for windows that ceil mode lets reach beyond x, which
// PyTorch scales up to full size as well. Powers are signed, as PyTorch's: an odd P lets values cancel, and a negative total
// or a negative value with a fractional P gives NaN.
// Layouts: x [n, h, w, C], out and grad [n, oh, ow, C], dense.
// Entries: `forward` (one thread per output value), `gradient` (per input value; gathers in row-major order of windows).
// Powers of whole P up to 16 (WHOLE, else 0) are products, the others WGSL's pow, which is of positive numbers, with the sign
// that a whole P gives.
// Accumulation: f32, one sum per window row, then over rows.

//!include "lib/nan.wgsl"
//!include "lib/plane.wgsl"

struct Params { h: u32, w: u32, oh: u32, ow: u32 }

override C: u32 = 4u;
override KH: u32 = 2u;
override KW: u32 = 2u;
override SH: u32 = 2u;
override SW: u32 = 2u;
override P: f32 = 2.0;
override WHOLE: u32 = 2u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> pooled: array<f32>;
@group(0) @binding(3) var<storage, read> grad: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

/// v^e for e > 0 where pow is defined, NaN for negative v.
fn positive_power(v: f32, e: f32) -> f32 {
  if (is_nan(v) || v < 0.0) { return quiet_nan(); }
  if (v == 0.0) { return 0.0; }
  return pow(v, e);
}

/// v^(P − 1 + extra), extra 0 or 1.
fn power(v: f32, extra: u32) -> f32 {
  if (WHOLE == 0u) {
    let e = P - 1.0 + f32(extra);
    if (v >= 0.0 || floor(P) != P) { return positive_power(v, e); }
    let size = positive_power(-v, e);
    return select(size, -size, floor(0.5 * e) != 0.5 * e);
  }
  var result = 1.0;
  for (var k = 1u; k < WHOLE + extra; k++) { result *= v; }
  return result;
}

fn root(total: f32) -> f32 {
  if (WHOLE == 1u) { return total; }
  if (WHOLE == 2u) { return sqrt(total); }
  return positive_power(total, 1.0 / P);
}

/// Size of the whole window over the part of it inside x.
fn scale(oy: u32, ox: u32) -> f32 {
  let rows = min(oy * SH + KH, p.h) - oy * SH;
  let columns = min(ox * SW + KW, p.w) - ox * SW;
  return f32(KH * KW) / f32(rows * columns);
}

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.ow * C) { return; }
  let at = place(gid, C);
  var sum = 0.0;
  for (var ky = 0u; ky < KH; ky++) {
    let y = at.y * SH + ky;
    if (y >= p.h) { continue; }
    var row = 0.0;
    for (var kx = 0u; kx < KW; kx++) {
      let column = at.x * SW + kx;
      if (column >= p.w) { continue; }
      row += power(x[((at.n * p.h + y) * p.w + column) * C + at.c], 1u);
    }
    sum += row;
  }
  out[flat(gid, p.oh, p.ow, C)] = root(sum * scale(at.y, at.x));
}

@compute @workgroup_size(WG)
fn gradient(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.w * C) { return; }
  let at = place(gid, C);
  let own = flat(gid, p.h, p.w, C);
  let v = x[own];
  let reach_h = (KH - 1u + SH) / SH;
  let reach_w = (KW - 1u + SW) / SW;
  var sum = 0.0;
  for (var j = 0u; j < reach_h; j++) {
    // The first window that can hold this position, and on; wraps below 0 are skipped.
    let oy = at.y / SH + 1u - reach_h + j;
    if (oy >= p.oh) { continue; }
    if (at.y - oy * SH >= KH) { continue; }
    for (var i = 0u; i < reach_w; i++) {
      let ox = at.x / SW + 1u - reach_w + i;
      if (ox >= p.ow) { continue; }
      if (at.x - ox * SW >= KW) { continue; }
      let cell = ((at.n * p.oh + oy) * p.ow + ox) * C + at.c;
      let norm = pooled[cell];
      if (norm == 0.0) { continue; }
      sum += grad[cell] * scale(oy, ox) * power(v / norm, 0u);
    }
  }
  out[own] = sum;
}
