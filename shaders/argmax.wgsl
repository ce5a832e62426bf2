// argmax - where the largest element along an axis stands (or, SMALLEST = 1, the smallest).
//
//   out[o, i] = first j with the largest x[o, j, i]; the first NaN wins over everything, in both directions
//
// Layouts, dense: x [outer, extent, inner]; out [outer, chunks, inner] u32, which with one chunk is the result.
// Entries: `forward`, `forward_int` (one thread per chunk of out: it walks up to `chunk` elements); long axes are cut into
// chunks, and `among`, `among_int` (one thread per result) compare what the chunks found.
// `forward_bytes`, `forward_int_bytes`: one thread per four results along the last axis (inner 1, one chunk), which are bytes of one
// word, the first in the lowest bits; what is past the last is 0.
// Elements are compared by keys (lib/order.wgsl), so −0 and 0 are equal.

//!include "lib/divide.wgsl"
//!include "lib/grid.wgsl"
//!include "lib/nan.wgsl"
//!include "lib/order.wgsl"

struct Params { outer: u32, extent: u32, inner: u32, chunk: u32, chunks: u32 }

override SMALLEST: u32 = 0u;
override SIGNED: u32 = 0u;
/// The extent where it is short, so that the loop is unrolled; 0: it stands in p.extent.
override SHORT: u32 = 0u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> xu: array<u32>;
@group(0) @binding(2) var<storage, read> found: array<u32>;
@group(0) @binding(3) var<storage, read_write> out: array<u32>;

fn key(i: u32) -> u32 {
  let v = x[i];
  if (SMALLEST == 0u) { return float_key(v); }
  if (is_nan(v)) { return 0xffffffffu; }
  return ~float_key(v);
}

fn key_int(i: u32) -> u32 {
  let k = whole_key(xu[i], SIGNED == 1u);
  return select(k, ~k, SMALLEST == 1u);
}

/// A chunk: element 0 of its line in x, which elements of the line it has.
struct Walk { line: u32, begin: u32, count: u32 }

fn walk(t: u32) -> Walk {
  if (SHORT != 0u) {
    let o = quotient(t, p.inner);
    return Walk(o * (p.extent - 1u) * p.inner + t, 0u, SHORT);
  }
  let row = quotient(t, p.inner);
  let o = quotient(row, p.chunks);
  let begin = (row - o * p.chunks) * p.chunk;
  return Walk(o * p.extent * p.inner + t - row * p.inner, begin, min(p.chunk, p.extent - begin));
}

/// The largest element of chunk t.
fn largest(t: u32) -> u32 {
  let w = walk(t);
  var at = w.begin;
  var best = key(w.line + at * p.inner);
  for (var k = 1u; k < w.count; k++) {
    let other = key(w.line + (w.begin + k) * p.inner);
    at = select(at, w.begin + k, other > best);
    best = max(best, other);
  }
  return at;
}

fn largest_int(t: u32) -> u32 {
  let w = walk(t);
  var at = w.begin;
  var best = key_int(w.line + at * p.inner);
  for (var k = 1u; k < w.count; k++) {
    let other = key_int(w.line + (w.begin + k) * p.inner);
    at = select(at, w.begin + k, other > best);
    best = max(best, other);
  }
  return at;
}

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.chunks * p.inner) { return; }
  out[t] = largest(t);
}

@compute @workgroup_size(WG)
fn forward_int(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.chunks * p.inner) { return; }
  out[t] = largest_int(t);
}

@compute @workgroup_size(WG)
fn forward_bytes(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (4u * t >= p.outer) { return; }
  var word = 0u;
  for (var k = 0u; k < 4u; k++) {
    if (4u * t + k < p.outer) { word |= largest(4u * t + k) << (8u * k); }
  }
  out[t] = word;
}

@compute @workgroup_size(WG)
fn forward_int_bytes(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (4u * t >= p.outer) { return; }
  var word = 0u;
  for (var k = 0u; k < 4u; k++) {
    if (4u * t + k < p.outer) { word |= largest_int(4u * t + k) << (8u * k); }
  }
  out[t] = word;
}

@compute @workgroup_size(WG)
fn among(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.inner) { return; }
  let o = quotient(t, p.inner);
  let i = t - o * p.inner;
  let line = o * p.extent * p.inner + i;
  var at = found[o * p.chunks * p.inner + i];
  var best = key(line + at * p.inner);
  for (var c = 1u; c < p.chunks; c++) {
    let candidate = found[(o * p.chunks + c) * p.inner + i];
    let other = key(line + candidate * p.inner);
    at = select(at, candidate, other > best);
    best = max(best, other);
  }
  out[t] = at;
}

@compute @workgroup_size(WG)
fn among_int(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.inner) { return; }
  let o = quotient(t, p.inner);
  let i = t - o * p.inner;
  let line = o * p.extent * p.inner + i;
  var at = found[o * p.chunks * p.inner + i];
  var best = key_int(line + at * p.inner);
  for (var c = 1u; c < p.chunks; c++) {
    let candidate = found[(o * p.chunks + c) * p.inner + i];
    let other = key_int(line + candidate * p.inner);
    at = select(at, candidate, other > best);
    best = max(best, other);
  }
  out[t] = at;
}
