// distance-transform - exact Euclidean distances of pixels to the nearest pixel of the other kind, in two passes
// (Rosenfeld & Pfaltz 1966, Saito & Toriwaki 1994).
//
//   columns   g[y, x] = least |y − y'| over the pixels (y', x) of the other kind
//   rows      out²[y, x] = least (x − x')² + g'²,   g' = g[y, x'] where (y, x') is of the kind of (y, x), else 0
//   barren    1 where a whole row is of one kind in columns of that kind alone: nothing of the other kind is in the image
//   out       foreground: the distance to the background; background: 0
//             SIGNED: foreground minus that, background the distance to the foreground
//
// Layouts: mask and out [n, h, w, C]. Foreground is what is not 0 (MODE 0: 32-bit words, 1: packed u8) or above 0.5 (2: floats).
// field [n, h, w, C] u32: twice g (FAR: the column has no such pixel), plus 1 in the foreground.
// Entries: `columns` one thread per column and channel, down and up again. `rows` one thread per value, which looks left and right
// at growing distance and stops where nothing nearer can come: its work is the distance found, which is short in most masks.
// `barren` (one thread per row and channel) spares it whole rows in images without the other kind, as of a class that is absent.
// `rows_clear` looks at the whole row. Squares are whole numbers, exact to 32767 pixels a side; their roots are f32.
// `rows_spaced` is `rows` in floats, for rows that are sy and columns that are sx apart.
// Edges: beyond the image there is nothing. Where no pixel of the other kind exists, the distance is infinite.

//!include "lib/divide.wgsl"
//!include "lib/grid.wgsl"

struct Params { h: u32, w: u32, columns: u32, rows: u32, total: u32, sy: f32, sx: f32 }

override C: u32 = 1u;
override MODE: u32 = 0u;
override SIGNED: u32 = 0u;
override SQUARED: u32 = 0u;

const NONE: u32 = 0x7fffffffu;
const FAR: u32 = 0xffffffffu;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> mask: array<u32>;
@group(0) @binding(2) var<storage, read_write> field: array<u32>;
@group(0) @binding(3) var<storage, read> lines: array<u32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<storage, read_write> flags: array<u32>;
@group(0) @binding(6) var<storage, read> is_barren: array<u32>;

/// 1 in the foreground, else 0.
fn kind(i: u32) -> u32 {
  if (MODE == 1u) { return select(0u, 1u, ((mask[i / 4u] >> (8u * (i % 4u))) & 255u) != 0u); }
  if (MODE == 2u) { return select(0u, 1u, bitcast<f32>(mask[i]) > 0.5); }
  return select(0u, 1u, mask[i] != 0u);
}

@compute @workgroup_size(WG)
fn columns(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.columns) { return; }
  let row = p.w * C;
  let n = quotient(t, row);
  let first = n * p.h * row + (t - n * row);
  // Steps since the last pixel of the foreground (x) and of the background (y) going down, then going up.
  var since = vec2u(NONE);
  for (var y = 0u; y < p.h; y++) {
    let i = first + y * row;
    let f = kind(i);
    since = min(since + 1u, vec2u(NONE));
    if (f == 1u) { since.x = 0u; } else { since.y = 0u; }
    field[i] = 2u * select(since.x, since.y, f == 1u) + f;
  }
  since = vec2u(NONE);
  for (var k = 0u; k < p.h; k++) {
    let i = first + (p.h - 1u - k) * row;
    let v = field[i];
    let f = v & 1u;
    since = min(since + 1u, vec2u(NONE));
    if (f == 1u) { since.x = 0u; } else { since.y = 0u; }
    field[i] = 2u * min(v >> 1u, select(since.x, since.y, f == 1u)) + f;
  }
}

@compute @workgroup_size(WG)
fn barren(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.rows) { return; }
  let row = quotient(t, C);
  let first = row * p.w * C + (t - row * C);
  let v = lines[first];
  var same = select(0u, 1u, (v >> 1u) == NONE);
  for (var x = 1u; x < p.w; x++) {
    if (same == 0u) { break; }
    same = select(0u, 1u, lines[first + x * C] == v);
  }
  flags[t] = same;
}

/// The square of the distance by way of column i, which is k columns away, for a pixel of kind f.
fn by_way_of(i: u32, k: u32, f: u32) -> u32 {
  let v = lines[i];
  if ((v & 1u) != f) { return k * k; }
  let g = v >> 1u;
  if (g == NONE) { return FAR; }
  return k * k + g * g;
}

fn store(t: u32, square: u32, f: u32) {
  var infinity = 0x7f800000u;
  var d = bitcast<f32>(infinity);
  if (square != FAR) {
    d = f32(square);
    if (SQUARED == 0u) { d = sqrt(d); }
  }
  if (SIGNED == 1u) { out[t] = select(d, -d, f == 1u); } else { out[t] = select(0.0, d, f == 1u); }
}

@compute @workgroup_size(WG)
fn rows(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let f = lines[t] & 1u;
  if (SIGNED == 0u && f == 0u) {
    out[t] = 0.0;
    return;
  }
  let q = quotient(t, C);
  let line = quotient(q, p.w);
  if (is_barren[line * C + t - q * C] == 1u) {
    store(t, FAR, f);
    return;
  }
  let x = q - line * p.w;
  var best = by_way_of(t, 0u, f);
  for (var k = 1u; k < p.w; k++) {
    if (k * k >= best) { break; }
    if (k <= x) { best = min(best, by_way_of(t - k * C, k, f)); }
    if (x + k < p.w) { best = min(best, by_way_of(t + k * C, k, f)); }
  }
  store(t, best, f);
}

/// `by_way_of` in units of length; infinite where the column has no pixel of the other kind.
fn spaced_by_way_of(i: u32, k: u32, f: u32) -> f32 {
  let v = lines[i];
  let across = f32(k) * p.sx;
  if ((v & 1u) != f) { return across * across; }
  var infinity = 0x7f800000u;
  if ((v >> 1u) == NONE) { return bitcast<f32>(infinity); }
  let along = f32(v >> 1u) * p.sy;
  return across * across + along * along;
}

@compute @workgroup_size(WG)
fn rows_spaced(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let f = lines[t] & 1u;
  if (SIGNED == 0u && f == 0u) {
    out[t] = 0.0;
    return;
  }
  let q = quotient(t, C);
  let line = quotient(q, p.w);
  if (is_barren[line * C + t - q * C] == 1u) {
    store(t, FAR, f);
    return;
  }
  let x = q - line * p.w;
  var best = spaced_by_way_of(t, 0u, f);
  for (var k = 1u; k < p.w; k++) {
    let across = f32(k) * p.sx;
    if (across * across >= best) { break; }
    if (k <= x) { best = min(best, spaced_by_way_of(t - k * C, k, f)); }
    if (x + k < p.w) { best = min(best, spaced_by_way_of(t + k * C, k, f)); }
  }
  let d = select(best, sqrt(best), SQUARED == 0u);
  if (SIGNED == 1u) { out[t] = select(d, -d, f == 1u); } else { out[t] = select(0.0, d, f == 1u); }
}

@compute @workgroup_size(WG)
fn rows_clear(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let f = lines[t] & 1u;
  let q = quotient(t, C);
  let x = q - quotient(q, p.w) * p.w;
  let first = t - x * C;
  var best = FAR;
  for (var other = 0u; other < p.w; other++) {
    best = min(best, by_way_of(first + other * C, max(x, other) - min(x, other), f));
  }
  store(t, best, f);
}
