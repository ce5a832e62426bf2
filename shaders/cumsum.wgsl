// cumsum - running sums along an axis.
//
//   inclusive            out[o, j, i] = Σ over k ≤ j of x[o, k, i]
//   exclusive            the same without x[o, j, i] itself: k < j
//   reversed             k ≥ j (or k > j)
//
// A tensor is seen as [outer, extent, inner]; the sums run along the extent, which is cut into chunks of `chunk` elements.
// Entries: `totals` (one thread per chunk) adds up each chunk; the totals are summed up exclusively in the same way, as a
// tensor [outer, chunks, inner]; then `scan_from` (one thread per chunk) walks the chunk from where those sums say it starts.
// `scan` does an axis of one chunk. `_int`: the same for i32 and u32, as 32-bit words, which wrap.
// So long rows run in parallel, and the rounding error grows with the chunk and the logarithm of the extent, not with the
// extent. The order is fixed.

//!include "lib/divide.wgsl"
//!include "lib/grid.wgsl"

struct Params { outer: u32, extent: u32, inner: u32, chunk: u32, chunks: u32, exclusive: u32, reverse: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> xu: array<u32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<storage, read_write> outu: array<u32>;
@group(0) @binding(3) var<storage, read> starts: array<f32>;
@group(0) @binding(3) var<storage, read> startsu: array<u32>;

/// A chunk: its first element in walking order, how many there are, and how far neighbours are apart (modulo 2³², so that
/// walking backwards is adding too).
struct Walk { first: u32, count: u32, step: u32 }

fn walk(t: u32) -> Walk {
  let row = quotient(t, p.inner);
  let o = quotient(row, p.chunks);
  let begin = (row - o * p.chunks) * p.chunk;
  let count = min(p.chunk, p.extent - begin);
  let at = select(begin, begin + count - 1u, p.reverse == 1u);
  return Walk((o * p.extent + at) * p.inner + t - row * p.inner, count, select(p.inner, 0u - p.inner, p.reverse == 1u));
}

@compute @workgroup_size(WG)
fn totals(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.chunks * p.inner) { return; }
  let w = walk(t);
  var total = 0.0;
  for (var k = 0u; k < w.count; k++) { total += x[w.first + k * w.step]; }
  out[t] = total;
}

@compute @workgroup_size(WG)
fn totals_int(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.chunks * p.inner) { return; }
  let w = walk(t);
  var total = 0u;
  for (var k = 0u; k < w.count; k++) { total += xu[w.first + k * w.step]; }
  outu[t] = total;
}

fn scan_chunk(w: Walk, start: f32) {
  // Summed from zero and added to the start, which may be large, only at the end.
  var total = 0.0;
  for (var k = 0u; k < w.count; k++) {
    let at = w.first + k * w.step;
    let before = total;
    total += x[at];
    out[at] = start + select(total, before, p.exclusive == 1u);
  }
}

fn scan_chunk_int(w: Walk, start: u32) {
  var total = start;
  for (var k = 0u; k < w.count; k++) {
    let at = w.first + k * w.step;
    let before = total;
    total += xu[at];
    outu[at] = select(total, before, p.exclusive == 1u);
  }
}

@compute @workgroup_size(WG)
fn scan(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.inner) { return; }
  scan_chunk(walk(t), 0.0);
}

@compute @workgroup_size(WG)
fn scan_int(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.inner) { return; }
  scan_chunk_int(walk(t), 0u);
}

@compute @workgroup_size(WG)
fn scan_from(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.chunks * p.inner) { return; }
  scan_chunk(walk(t), starts[t]);
}

@compute @workgroup_size(WG)
fn scan_from_int(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.chunks * p.inner) { return; }
  scan_chunk_int(walk(t), startsu[t]);
}
