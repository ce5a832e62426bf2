// pad2d - a plane with a frame around it, and the gradient of the frames that repeat the plane. Negative sides cut.
//
//   forward    out[n, y, x, c] = x[n, source(y − top), source(x − left), c]
//   gradient   slope[n, y, x, c] = Σ grad[n, i, j, c] over all i, j with source(i − top) = y and source(j − left) = x
//
//   source(p) along an axis of `size`, which is p itself within 0 … size − 1; before and after, by MODE:
//     constant   nowhere: the value stands there              replicate  the nearest edge
//     reflect    mirrored at the edge, which is not repeated  circular   the other end
//   One mirror image or copy reaches p: the caller bounds the sides. The gradient of `constant` is `forward` with the sides negated.
//
// Layouts: x and slope [n, h, w, c], out and grad [n, oh, ow, c], dense. `forward` copies values as 32-bit words, so
//   every 4-byte dtype works; `value` comes as the bits of that dtype. Rows are counted through the batch.
// Entries: `forward` and `gradient` (one thread per value that is written), `forward4` and `gradient4` (one thread per four
//   channels; c counts vec4s). The grid: x runs over the values of a row, y and then z over the `lines` rows that are written, so
//   that a constant frame costs a single division.
// Accumulation: the gradient gathers, in f32, at most three rows times three columns (replicate: the whole frame behind an edge),
//   always in the same order.

//!include "lib/divide.wgsl"

struct Params { lines: u32, h: u32, w: u32, oh: u32, ow: u32, c: u32, top: i32, left: i32, value: u32 }

override WG: u32 = 64u;
override MODE: u32 = 0u;

const CONSTANT: u32 = 0u;
const REFLECT: u32 = 1u;
const REPLICATE: u32 = 2u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> x4: array<vec4u>;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(1) var<storage, read> grad4: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;
@group(0) @binding(2) var<storage, read_write> out4: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> slope: array<f32>;
@group(0) @binding(2) var<storage, read_write> slope4: array<vec4f>;

/// Where along an axis position `at` is taken from.
fn source(at: i32, size: u32) -> i32 {
  let last = i32(size) - 1;
  if (MODE == REPLICATE) { return clamp(at, 0, last); }
  if (MODE == REFLECT) { return select(abs(at), 2 * last - at, at > last); }
  return at + select(0, i32(size), at < 0) - select(0, i32(size), at > last);
}

/// The row that a thread writes to, counted through the batch; past the last there is nothing to do.
fn line_of(gid: vec3u, groups: vec3u) -> u32 {
  return gid.y + gid.z * groups.y;
}

/// Whether value j of a row of `out` is taken from x, and the index there.
struct Found { inside: bool, at: u32 }

fn find(line: u32, j: u32) -> Found {
  let n = quotient(line, p.oh);
  let y = i32(line - n * p.oh) - p.top;
  if (MODE == CONSTANT) {
    // What lies before the plane wraps to a huge number, so that one comparison tests both ends. A row needs no columns here.
    let z = j - u32(p.left) * p.c;
    let length = p.w * p.c;
    return Found((u32(y) < p.h) & (z < length), (n * p.h + u32(y)) * length + z);
  }
  let column = quotient(j, p.c);
  let z = source(i32(column) - p.left, p.w);
  return Found(true, ((n * p.h + u32(source(y, p.h))) * p.w + u32(z)) * p.c + j - column * p.c);
}

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let line = line_of(gid, groups);
  if ((gid.x >= p.ow * p.c) | (line >= p.lines)) { return; }
  let found = find(line, gid.x);
  var v = p.value;
  if (found.inside) { v = x[found.at]; }
  out[line * p.ow * p.c + gid.x] = v;
}

@compute @workgroup_size(WG)
fn forward4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let line = line_of(gid, groups);
  if ((gid.x >= p.ow * p.c) | (line >= p.lines)) { return; }
  let found = find(line, gid.x);
  var v = vec4u(p.value);
  if (found.inside) { v = x4[found.at]; }
  out4[line * p.ow * p.c + gid.x] = v;
}

/// The positions of the padded axis that show one position `at` of the plane: `count` candidates, of which some are outside.
struct Images { at: i32, before: i32, size: i32, padded: i32, first: i32, count: i32 }

fn images(at: u32, before: i32, size: u32, padded: u32) -> Images {
  let itself = i32(at) + before;
  var first = itself;
  var count = 3;
  if (MODE == REPLICATE) {
    first = max(select(itself, 0, at == 0u), 0);
    count = select(itself, i32(padded) - 1, at == size - 1u) - first + 1;
  }
  return Images(i32(at), before, i32(size), i32(padded), first, count);
}

/// Candidate k, or -1.
fn image(seen: Images, k: i32) -> i32 {
  var at = seen.first + k;
  if (MODE == REFLECT) {
    // The edges are their own mirror images, which do not count twice.
    if (k == 1) { at = select(seen.before - seen.at, -1, seen.at == 0); }
    if (k == 2) { at = select(seen.before + 2 * (seen.size - 1) - seen.at, -1, seen.at == seen.size - 1); }
  } else if (MODE != REPLICATE) {
    if (k == 1) { at = seen.first - seen.size; }
    if (k == 2) { at = seen.first + seen.size; }
  }
  return select(-1, at, at < seen.padded);
}

/// Rows and columns that value j of a row of the plane feeds, and where its image and channel stand in `grad`.
struct Fed { rows: Images, columns: Images, above: u32, c: u32 }

fn fed(line: u32, j: u32) -> Fed {
  let n = quotient(line, p.h);
  let column = quotient(j, p.c);
  return Fed(images(line - n * p.h, p.top, p.h, p.oh), images(column, p.left, p.w, p.ow), n * p.oh, j - column * p.c);
}

@compute @workgroup_size(WG)
fn gradient(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let line = line_of(gid, groups);
  if ((gid.x >= p.w * p.c) | (line >= p.lines)) { return; }
  let at = fed(line, gid.x);
  var sum = 0.0;
  for (var k = 0; k < at.rows.count; k++) {
    let i = image(at.rows, k);
    if (i < 0) { continue; }
    for (var l = 0; l < at.columns.count; l++) {
      let j = image(at.columns, l);
      if (j < 0) { continue; }
      sum += grad[((at.above + u32(i)) * p.ow + u32(j)) * p.c + at.c];
    }
  }
  slope[line * p.w * p.c + gid.x] = sum;
}

@compute @workgroup_size(WG)
fn gradient4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let line = line_of(gid, groups);
  if ((gid.x >= p.w * p.c) | (line >= p.lines)) { return; }
  let at = fed(line, gid.x);
  var sum = vec4f();
  for (var k = 0; k < at.rows.count; k++) {
    let i = image(at.rows, k);
    if (i < 0) { continue; }
    for (var l = 0; l < at.columns.count; l++) {
      let j = image(at.columns, l);
      if (j < 0) { continue; }
      sum += grad4[((at.above + u32(i)) * p.ow + u32(j)) * p.c + at.c];
    }
  }
  slope4[line * p.w * p.c + gid.x] = sum;
}
