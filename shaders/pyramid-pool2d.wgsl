// pyramid-pool2d - adaptive average pooling to several numbers of bins at once, from one read of x, and the gradient.
//
//   level[n, i, j, c]  = mean of x over bin (i, j) of oh × ow     (bins as in lib/bins.wgsl, one dispatch per level)
//   grad_x[n, y, x, c] = sum over levels and over their bins that hold (y, x) of grad / size of the bin
//
// The bins of all levels together cut each axis into segments, none of which any bin divides; so every bin is a union of
// cells (segment of rows × segment of columns), bins that overlap share cells, and x is only needed for the sums of cells:
//
//   cells[n, r, s, c]  = sum of x over rows cuts[r] … cuts[r + 1] and columns cuts[R + 1 + s] … cuts[R + 2 + s]
//
// Layouts: x [n, h, w, C], cells [n, R, S, C] (f32), level and its gradient [n, oh, ow, C], dense. cuts holds the R + 1 ends of
// the segments of rows, then the S + 1 of columns, ascending, as f32 (exact below 2^24).
// Entries: `cells`, `cells4` (one thread per cell and channel, or four channels), `level`, `level4` (per bin), `gradient`,
// `gradient4` (per input value, four levels per dispatch; absent ones have b = 0) and `gradient_more`, `gradient_more4` (which
// add to what the dispatch before found).
// Why it is fast: x is read once instead of once per level, by R·S·n·C threads instead of as few as n·C; `level` reads cells.
// Accumulation: f32, one sum per row of a cell, then over its rows, then over the cells of a row of cells, then over those rows.

//!include "lib/bins.wgsl"
//!include "lib/divide.wgsl"
//!include "lib/plane.wgsl"

struct Params {
  h: u32, w: u32, rows: u32, columns: u32, oh: u32, ow: u32,
  h0: u32, w0: u32, h1: u32, w1: u32, h2: u32, w2: u32, h3: u32, w3: u32,
}

override C: u32 = 4u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> x4: array<vec4f>;
@group(0) @binding(2) var<storage, read> cuts: array<f32>;
@group(0) @binding(3) var<storage, read> grad0: array<f32>;
@group(0) @binding(3) var<storage, read> grad0_4: array<vec4f>;
@group(0) @binding(4) var<storage, read> grad1: array<f32>;
@group(0) @binding(4) var<storage, read> grad1_4: array<vec4f>;
@group(0) @binding(5) var<storage, read> grad2: array<f32>;
@group(0) @binding(5) var<storage, read> grad2_4: array<vec4f>;
@group(0) @binding(6) var<storage, read> grad3: array<f32>;
@group(0) @binding(6) var<storage, read> grad3_4: array<vec4f>;
@group(0) @binding(7) var<storage, read> before: array<f32>;
@group(0) @binding(7) var<storage, read> before4: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> out: array<f32>;
@group(0) @binding(8) var<storage, read_write> out4: array<vec4f>;

@compute @workgroup_size(WG)
fn cells(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.columns * C) { return; }
  let at = place(gid, C);
  let bottom = u32(cuts[at.y + 1u]);
  let left = u32(cuts[p.rows + 1u + at.x]);
  let right = u32(cuts[p.rows + 2u + at.x]);
  var sum = 0.0;
  for (var y = u32(cuts[at.y]); y < bottom; y++) {
    var row = 0.0;
    for (var column = left; column < right; column++) {
      row += x[((at.n * p.h + y) * p.w + column) * C + at.c];
    }
    sum += row;
  }
  out[flat(gid, p.rows, p.columns, C)] = sum;
}

@compute @workgroup_size(WG)
fn cells4(@builtin(global_invocation_id) gid: vec3u) {
  let channels = C / 4u;
  if (gid.x >= p.columns * channels) { return; }
  let at = place(gid, channels);
  let bottom = u32(cuts[at.y + 1u]);
  let left = u32(cuts[p.rows + 1u + at.x]);
  let right = u32(cuts[p.rows + 2u + at.x]);
  var sum = vec4f(0.0);
  for (var y = u32(cuts[at.y]); y < bottom; y++) {
    var row = vec4f(0.0);
    for (var column = left; column < right; column++) {
      row += x4[((at.n * p.h + y) * p.w + column) * channels + at.c];
    }
    sum += row;
  }
  out4[flat(gid, p.rows, p.columns, channels)] = sum;
}

/// The segments of a bin: from the one that begins at its start, to before the one that begins at its end.
struct Span { first: u32, end: u32 }

fn span(start: u32, end: u32, offset: u32, segments: u32) -> Span {
  var found = Span(0u, 0u);
  for (var k = 0u; k < segments; k++) {
    let cut = u32(cuts[offset + k]);
    found.first += select(0u, 1u, cut < start);
    found.end += select(0u, 1u, cut < end);
  }
  return found;
}

@compute @workgroup_size(WG)
fn level(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.ow * C) { return; }
  let at = place(gid, C);
  let rows = span(bin_start(at.y, p.h, p.oh), bin_end(at.y, p.h, p.oh), 0u, p.rows);
  let columns = span(bin_start(at.x, p.w, p.ow), bin_end(at.x, p.w, p.ow), p.rows + 1u, p.columns);
  var sum = 0.0;
  for (var r = rows.first; r < rows.end; r++) {
    var row = 0.0;
    for (var s = columns.first; s < columns.end; s++) {
      row += x[((at.n * p.rows + r) * p.columns + s) * C + at.c];
    }
    sum += row;
  }
  out[flat(gid, p.oh, p.ow, C)] = sum / f32(bin_size(at.y, p.h, p.oh) * bin_size(at.x, p.w, p.ow));
}

@compute @workgroup_size(WG)
fn level4(@builtin(global_invocation_id) gid: vec3u) {
  let channels = C / 4u;
  if (gid.x >= p.ow * channels) { return; }
  let at = place(gid, channels);
  let rows = span(bin_start(at.y, p.h, p.oh), bin_end(at.y, p.h, p.oh), 0u, p.rows);
  let columns = span(bin_start(at.x, p.w, p.ow), bin_end(at.x, p.w, p.ow), p.rows + 1u, p.columns);
  var sum = vec4f(0.0);
  for (var r = rows.first; r < rows.end; r++) {
    var row = vec4f(0.0);
    for (var s = columns.first; s < columns.end; s++) {
      row += x4[((at.n * p.rows + r) * p.columns + s) * channels + at.c];
    }
    sum += row;
  }
  out4[flat(gid, p.oh, p.ow, channels)] = sum / f32(bin_size(at.y, p.h, p.oh) * bin_size(at.x, p.w, p.ow));
}

/// The bins of one level that hold a position: the first and one past the last, per axis; none for an absent level.
struct Bins { top: u32, bottom: u32, left: u32, right: u32 }

fn bins_at(at: Place, oh: u32, ow: u32) -> Bins {
  if (oh == 0u) { return Bins(0u, 0u, 0u, 0u); }
  return Bins(first_bin(at.y, p.h, oh), end_bin(at.y, p.h, oh), first_bin(at.x, p.w, ow), end_bin(at.x, p.w, ow));
}

fn share(oy: u32, ox: u32, oh: u32, ow: u32) -> f32 {
  return 1.0 / f32(bin_size(oy, p.h, oh) * bin_size(ox, p.w, ow));
}

/// What four levels say about one input value.
fn gathered(at: Place) -> f32 {
  var sum = 0.0;
  let b0 = bins_at(at, p.h0, p.w0);
  for (var oy = b0.top; oy < b0.bottom; oy++) {
    for (var ox = b0.left; ox < b0.right; ox++) { sum += grad0[((at.n * p.h0 + oy) * p.w0 + ox) * C + at.c] * share(oy, ox, p.h0, p.w0); }
  }
  let b1 = bins_at(at, p.h1, p.w1);
  for (var oy = b1.top; oy < b1.bottom; oy++) {
    for (var ox = b1.left; ox < b1.right; ox++) { sum += grad1[((at.n * p.h1 + oy) * p.w1 + ox) * C + at.c] * share(oy, ox, p.h1, p.w1); }
  }
  let b2 = bins_at(at, p.h2, p.w2);
  for (var oy = b2.top; oy < b2.bottom; oy++) {
    for (var ox = b2.left; ox < b2.right; ox++) { sum += grad2[((at.n * p.h2 + oy) * p.w2 + ox) * C + at.c] * share(oy, ox, p.h2, p.w2); }
  }
  let b3 = bins_at(at, p.h3, p.w3);
  for (var oy = b3.top; oy < b3.bottom; oy++) {
    for (var ox = b3.left; ox < b3.right; ox++) { sum += grad3[((at.n * p.h3 + oy) * p.w3 + ox) * C + at.c] * share(oy, ox, p.h3, p.w3); }
  }
  return sum;
}

/// What four levels say about four neighbouring channels.
fn gathered4(at: Place) -> vec4f {
  let channels = C / 4u;
  var sum = vec4f(0.0);
  let b0 = bins_at(at, p.h0, p.w0);
  for (var oy = b0.top; oy < b0.bottom; oy++) {
    for (var ox = b0.left; ox < b0.right; ox++) { sum += grad0_4[((at.n * p.h0 + oy) * p.w0 + ox) * channels + at.c] * share(oy, ox, p.h0, p.w0); }
  }
  let b1 = bins_at(at, p.h1, p.w1);
  for (var oy = b1.top; oy < b1.bottom; oy++) {
    for (var ox = b1.left; ox < b1.right; ox++) { sum += grad1_4[((at.n * p.h1 + oy) * p.w1 + ox) * channels + at.c] * share(oy, ox, p.h1, p.w1); }
  }
  let b2 = bins_at(at, p.h2, p.w2);
  for (var oy = b2.top; oy < b2.bottom; oy++) {
    for (var ox = b2.left; ox < b2.right; ox++) { sum += grad2_4[((at.n * p.h2 + oy) * p.w2 + ox) * channels + at.c] * share(oy, ox, p.h2, p.w2); }
  }
  let b3 = bins_at(at, p.h3, p.w3);
  for (var oy = b3.top; oy < b3.bottom; oy++) {
    for (var ox = b3.left; ox < b3.right; ox++) { sum += grad3_4[((at.n * p.h3 + oy) * p.w3 + ox) * channels + at.c] * share(oy, ox, p.h3, p.w3); }
  }
  return sum;
}

@compute @workgroup_size(WG)
fn gradient(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.w * C) { return; }
  out[flat(gid, p.h, p.w, C)] = gathered(place(gid, C));
}

@compute @workgroup_size(WG)
fn gradient4(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.w * (C / 4u)) { return; }
  out4[flat(gid, p.h, p.w, C / 4u)] = gathered4(place(gid, C / 4u));
}

@compute @workgroup_size(WG)
fn gradient_more(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.w * C) { return; }
  let t = flat(gid, p.h, p.w, C);
  out[t] = before[t] + gathered(place(gid, C));
}

@compute @workgroup_size(WG)
fn gradient_more4(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= p.w * (C / 4u)) { return; }
  let t = flat(gid, p.h, p.w, C / 4u);
  out4[t] = before4[t] + gathered4(place(gid, C / 4u));
}
