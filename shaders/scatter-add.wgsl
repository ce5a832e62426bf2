// scatter-add - sums of the elements that share an index along an axis.
//
//   out[o, d, i] = Σ of source[o, k, i] over the k whose index is d,   index = indices[o, k, i], or indices[k] (ROWS = 1)
//
// Layouts, dense: source [outer, m, inner]; indices [outer, m, inner] or [m], u32 (i32 is read as u32, so a negative index is
// a huge one); out [outer, n, inner]. Indices beyond n are left out. A "list" is one run of m indices that is sorted by itself:
// there is one for every (outer, inner), or a single one (ROWS = 1).
//
// Gathers, so that the sums have one order on every machine:
//   `direct`        one thread per element of out looks at all m indices: the clear variant, and the fastest for few of them.
//   otherwise       `index_keys` (one thread per index) makes sort keys, shaders/sort.wgsl sorts them stably, so that the
//                   elements of an index become a run, in their order; `bounds` (one thread per list and index) finds by
//                   bisection where each run begins; `segment_sum` (one thread per element of out) adds up a run.
//                   For long runs `fold` (one thread per block) first adds up those aligned blocks of 64 elements that lie in a
//                   run as a whole, and `fold_wide` 64 such blocks; a thread then adds at most 63 elements and 63 blocks at
//                   either end of its run, and the wide blocks between. So a run that takes everything is cheap, and its
//                   rounding error small.
// `_int`: the same for i32 and u32, as 32-bit words, which wrap; without blocks, as whole numbers have no rounding error.

//!include "lib/divide.wgsl"
//!include "lib/grid.wgsl"

struct Params { outer: u32, n: u32, m: u32, inner: u32, steps: u32, fan: u32, blocks: u32, wide: u32 }

/// Elements in a block, and blocks in a wide block; p.fan is the same number, for loops that compilers shall not unroll.
const FAN: u32 = 64u;

override ROWS: u32 = 0u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> indices: array<u32>;
@group(0) @binding(1) var<storage, read> keys: array<u32>;
@group(0) @binding(1) var<storage, read> begins: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> source: array<f32>;
@group(0) @binding(3) var<storage, read> sourceu: array<u32>;
@group(0) @binding(4) var<storage, read> sums: array<f32>;
@group(0) @binding(5) var<storage, read> sums_wide: array<f32>;
@group(0) @binding(6) var<storage, read_write> out: array<f32>;
@group(0) @binding(6) var<storage, read_write> outu: array<u32>;
@group(0) @binding(7) var<storage, read_write> order_out: array<u32>;

/// Thread t among [outer, length, inner].
struct Place { o: u32, j: u32, i: u32 }

fn locate(t: u32, length: u32) -> Place {
  let row = quotient(t, p.inner);
  let o = quotient(row, length);
  return Place(o, row - o * length, t - row * p.inner);
}

/// The list that (o, i) reads its indices from.
fn list_of(o: u32, i: u32) -> u32 {
  if (ROWS == 1u) { return 0u; }
  return o * p.inner + i;
}

/// Where index k of list (o, i) stands in `indices`.
fn index_at(o: u32, k: u32, i: u32) -> u32 {
  if (ROWS == 1u) { return k; }
  return (o * p.m + k) * p.inner + i;
}

@compute @workgroup_size(WG)
fn direct(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.n * p.inner) { return; }
  let at = locate(t, p.n);
  var total = 0.0;
  for (var k = 0u; k < p.m; k++) {
    if (indices[index_at(at.o, k, at.i)] == at.j) { total += source[(at.o * p.m + k) * p.inner + at.i]; }
  }
  out[t] = total;
}

@compute @workgroup_size(WG)
fn direct_int(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.n * p.inner) { return; }
  let at = locate(t, p.n);
  var total = 0u;
  for (var k = 0u; k < p.m; k++) {
    if (indices[index_at(at.o, k, at.i)] == at.j) { total += sourceu[(at.o * p.m + k) * p.inner + at.i]; }
  }
  outu[t] = total;
}

/// Keys [lists, m]: the index, or n for those that are left out. Here `outer` and `inner` count lists.
@compute @workgroup_size(WG)
fn index_keys(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.m * p.inner) { return; }
  let list = quotient(t, p.m);
  let k = t - list * p.m;
  let o = quotient(list, p.inner);
  outu[t] = min(indices[(o * p.m + k) * p.inner + list - o * p.inner], p.n);
  order_out[t] = k;
}

/// begins[list, d] = number of sorted keys below d, for d = 0 … n.
@compute @workgroup_size(WG)
fn bounds(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.inner * (p.n + 1u)) { return; }
  let list = quotient(t, p.n + 1u);
  let d = t - list * (p.n + 1u);
  var low = 0u;
  var high = p.m;
  for (var s = 0u; s < p.steps; s++) {
    let middle = (low + high) / 2u;
    // Where low has met high this reads a last element (or the one after it, if there is one) and changes nothing.
    let below = low < high;
    let key = keys[list * p.m + min(middle, p.m - 1u)];
    let right = select(0u, 1u, key < d) * select(0u, 1u, below);
    low = select(low, middle + 1u, right == 1u);
    high = select(middle, high, right == 1u);
  }
  outu[t] = low;
}

/// sums[o, b, i]: block b of 64 sorted elements, if it lies within one run. Other blocks stay unwritten, and unread.
@compute @workgroup_size(WG)
fn fold(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.blocks * p.inner) { return; }
  let at = locate(t, p.blocks);
  let first = list_of(at.o, at.i) * p.m + at.j * p.fan;
  if (keys[first] != keys[first + p.fan - 1u]) { return; }
  var total = 0.0;
  for (var k = 0u; k < p.fan; k++) { total += source[(at.o * p.m + order[first + k]) * p.inner + at.i]; }
  out[t] = total;
}

/// sums_wide[o, b, i]: the same of 64 · 64 elements, from the sums of 64.
@compute @workgroup_size(WG)
fn fold_wide(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.wide * p.inner) { return; }
  let at = locate(t, p.wide);
  let first = list_of(at.o, at.i) * p.m + at.j * p.fan * p.fan;
  if (keys[first] != keys[first + p.fan * p.fan - 1u]) { return; }
  var total = 0.0;
  for (var k = 0u; k < p.fan; k++) { total += sums[(at.o * p.blocks + at.j * p.fan + k) * p.inner + at.i]; }
  out[t] = total;
}

/// Down to a multiple of `size`.
fn down(k: u32, size: u32) -> u32 {
  return k - k % size;
}

@compute @workgroup_size(WG)
fn segment_sum(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.n * p.inner) { return; }
  let at = locate(t, p.n);
  let list = list_of(at.o, at.i);
  let run = list * (p.n + 1u) + at.j;
  let begin = begins[run];
  let end = begins[run + 1u];
  // Elements up to a, blocks up to b, wide blocks up to c, blocks up to d, elements up to the end.
  let a = min(down(begin + FAN - 1u, FAN), end);
  let b = max(a, min(down(a + FAN * FAN - 1u, FAN * FAN), down(end, FAN)));
  let c = max(b, down(end, FAN * FAN));
  let d = max(c, down(end, FAN));
  let elements = list * p.m;
  var total = 0.0;
  for (var k = begin; k < a; k++) { total += source[(at.o * p.m + order[elements + k]) * p.inner + at.i]; }
  for (var k = d; k < end; k++) { total += source[(at.o * p.m + order[elements + k]) * p.inner + at.i]; }
  var blocks = 0.0;
  for (var k = a / FAN; k < b / FAN; k++) { blocks += sums[(at.o * p.blocks + k) * p.inner + at.i]; }
  for (var k = c / FAN; k < d / FAN; k++) { blocks += sums[(at.o * p.blocks + k) * p.inner + at.i]; }
  var wide = 0.0;
  for (var k = b / (FAN * FAN); k < c / (FAN * FAN); k++) { wide += sums_wide[(at.o * p.wide + k) * p.inner + at.i]; }
  out[t] = total + blocks + wide;
}

@compute @workgroup_size(WG)
fn segment_sum_int(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.outer * p.n * p.inner) { return; }
  let at = locate(t, p.n);
  let list = list_of(at.o, at.i);
  let run = list * (p.n + 1u) + at.j;
  let end = begins[run + 1u];
  var total = 0u;
  for (var k = begins[run]; k < end; k++) { total += sourceu[(at.o * p.m + order[list * p.m + k]) * p.inner + at.i]; }
  outu[t] = total;
}
