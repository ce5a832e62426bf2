// sort - in which order the elements of each row stand when sorted; ties keep their order (the sort is stable).
//
//   order[r, j] = number, within row r, of the element that comes j-th
//
// A tensor is seen as [outer, n, inner]; a row is the n elements of one (outer, inner). Its elements become u32 keys in the
// order of their values (lib/order.wgsl), from the largest to the smallest by turning the bits round. Keys and orders are
// [rows, n], dense.
//
// Ways to sort keys, all of which give the same order:
//   `rank`            one thread per element counts the elements that come before its own: the clear variant, and the
//                     fastest for short rows.
//   `tally`, `deal`   least-significant-digit radix sort, one thread per block of `block` neighbours. For each digit of
//                     `bits` bits: `tally` counts each digit in each block; an exclusive running sum over
//                     counts[row, digit, block] says where in the row each block's elements of a digit begin; `deal` walks the
//                     block again and puts each element there. No barriers and no workgroup memory, which are slow on
//                     adapters that are CPUs.
//   `tally_group`, `deal_group`   the same with digits of 4 bits and one workgroup of 256 threads per block of 1024: fast on
//                     GPUs, because neighbouring threads touch neighbouring memory and a row has many threads. A
//                     thread counts its 4 elements per digit (two digits to a word); an exclusive running sum over digits
//                     and threads in workgroup memory ranks every element among those of its digit.
// The atomic additions of `tally_group` are of whole numbers, whose order does not matter; everything else has one writer.
//
// `keys`, `keys_int`: one thread per element. `take`: one thread per element kept: the first `kept` of each row's order as
// [outer, kept, inner].

//!include "lib/divide.wgsl"
//!include "lib/grid.wgsl"
//!include "lib/nan.wgsl"
//!include "lib/order.wgsl"

struct Params { rows: u32, n: u32, inner: u32, kept: u32, block: u32, blocks: u32, shift: u32, bits: u32 }

override DESCENDING: u32 = 0u;
override SIGNED: u32 = 0u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> xu: array<u32>;
@group(0) @binding(1) var<storage, read> keys_in: array<u32>;
@group(0) @binding(2) var<storage, read> order_in: array<u32>;
@group(0) @binding(3) var<storage, read_write> keys_out: array<u32>;
@group(0) @binding(4) var<storage, read_write> order_out: array<u32>;
@group(0) @binding(5) var<storage, read_write> counts: array<u32>;
@group(0) @binding(5) var<storage, read> begins: array<u32>;

/// The element of x that is number t % n of row t / n.
fn element(t: u32) -> u32 {
  let row = quotient(t, p.n);
  let o = quotient(row, p.inner);
  return (o * p.n + t - row * p.n) * p.inner + row - o * p.inner;
}

fn store_key(t: u32, key: u32) {
  keys_out[t] = select(key, ~key, DESCENDING == 1u);
  order_out[t] = t - quotient(t, p.n) * p.n;
}

@compute @workgroup_size(WG)
fn keys(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.rows * p.n) { return; }
  let v = x[element(t)];
  store_key(t, float_key(v));
}

@compute @workgroup_size(WG)
fn keys_int(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.rows * p.n) { return; }
  store_key(t, whole_key(xu[element(t)], SIGNED == 1u));
}

@compute @workgroup_size(WG)
fn rank(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.rows * p.n) { return; }
  let row = quotient(t, p.n) * p.n;
  let own = keys_in[t];
  var before = 0u;
  for (var k = 0u; k < p.n; k++) {
    let other = keys_in[row + k];
    let tie = select(0u, 1u, other == own) * select(0u, 1u, row + k < t);
    before += select(tie, 1u, other < own);
  }
  keys_out[row + before] = own;
  order_out[row + before] = order_in[t];
}

fn digit(key: u32) -> u32 {
  return (key >> p.shift) & ((1u << p.bits) - 1u);
}

@compute @workgroup_size(WG)
fn tally(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.rows * p.blocks) { return; }
  let row = quotient(t, p.blocks);
  let block = t - row * p.blocks;
  let column = (row << p.bits) * p.blocks + block;
  for (var d = 0u; d < (1u << p.bits); d++) { counts[column + d * p.blocks] = 0u; }
  let count = min(p.block, p.n - block * p.block);
  let first = row * p.n + block * p.block;
  for (var k = 0u; k < count; k++) {
    let at = column + digit(keys_in[first + k]) * p.blocks;
    counts[at] = counts[at] + 1u;
  }
}

@compute @workgroup_size(WG)
fn deal(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.rows * p.blocks) { return; }
  let row = quotient(t, p.blocks);
  let block = t - row * p.blocks;
  let column = (row << p.bits) * p.blocks + block;
  let count = min(p.block, p.n - block * p.block);
  let first = row * p.n + block * p.block;
  for (var k = 0u; k < count; k++) {
    let key = keys_in[first + k];
    let at = column + digit(key) * p.blocks;
    let place = counts[at];
    counts[at] = place + 1u;
    keys_out[row * p.n + place] = key;
    order_out[row * p.n + place] = order_in[first + k];
  }
}

var<workgroup> digits: array<atomic<u32>, 16>;
/// Of digit w (low half) and w + 8 (high half) in thread t's elements, at w · 256 + t; then running sums of those.
var<workgroup> tallies: array<u32, 2048>;
var<workgroup> sums: array<u32, 256>;
var<workgroup> firsts: array<u32, 8>;

@compute @workgroup_size(256)
fn tally_group(@builtin(local_invocation_id) lid: vec3u, @builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let group = wid.x + wid.y * groups.x;
  if (group >= p.rows * p.blocks) { return; }
  let row = quotient(group, p.blocks);
  let block = group - row * p.blocks;
  let t = lid.x;
  if (t < 16u) { atomicStore(&digits[t], 0u); }
  workgroupBarrier();
  for (var k = 0u; k < 4u; k++) {
    let i = block * 1024u + k * 256u + t;
    if (i < p.n) { atomicAdd(&digits[digit(keys_in[row * p.n + i]) & 15u], 1u); }
  }
  workgroupBarrier();
  if (t < 16u) { counts[(row * 16u + t) * p.blocks + block] = atomicLoad(&digits[t]); }
}

@compute @workgroup_size(256)
fn deal_group(@builtin(local_invocation_id) lid: vec3u, @builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let group = wid.x + wid.y * groups.x;
  if (group >= p.rows * p.blocks) { return; }
  let row = quotient(group, p.blocks);
  let block = group - row * p.blocks;
  let t = lid.x;
  for (var w = 0u; w < 8u; w++) { tallies[w * 256u + t] = 0u; }
  for (var k = 0u; k < 4u; k++) {
    let i = block * 1024u + t * 4u + k;
    if (i < p.n) {
      let d = digit(keys_in[row * p.n + i]) & 15u;
      tallies[(d & 7u) * 256u + t] = tallies[(d & 7u) * 256u + t] + (1u << (2u * (d & 8u)));
    }
  }
  workgroupBarrier();

  // Exclusive running sums over all 2048 words: 8 neighbours per thread, then over threads.
  var total = 0u;
  for (var w = 0u; w < 8u; w++) { total += tallies[t * 8u + w]; }
  sums[t] = total;
  workgroupBarrier();
  for (var step = 1u; step < 256u; step = step * 2u) {
    let added = select(0u, sums[max(t, step) - step], t >= step);
    workgroupBarrier();
    sums[t] = sums[t] + added;
    workgroupBarrier();
  }
  var running = sums[t] - total;
  for (var w = 0u; w < 8u; w++) {
    let own = tallies[t * 8u + w];
    tallies[t * 8u + w] = running;
    running += own;
  }
  workgroupBarrier();
  // Where each digit begins; kept aside because threads count on in their own words.
  if (t < 8u) { firsts[t] = tallies[t * 256u]; }
  workgroupBarrier();

  for (var k = 0u; k < 4u; k++) {
    let i = block * 1024u + t * 4u + k;
    if (i < p.n) {
      let key = keys_in[row * p.n + i];
      let d = digit(key) & 15u;
      let word = tallies[(d & 7u) * 256u + t];
      let half = 2u * (d & 8u);
      let ranked = ((word >> half) & 0xffffu) - ((firsts[d & 7u] >> half) & 0xffffu);
      tallies[(d & 7u) * 256u + t] = word + (1u << half);
      let place = row * p.n + begins[(row * 16u + d) * p.blocks + block] + ranked;
      keys_out[place] = key;
      order_out[place] = order_in[row * p.n + i];
    }
  }
}

@compute @workgroup_size(WG)
fn take(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let inner = quotient(t, p.inner);
  let o = quotient(inner, p.kept);
  let j = inner - o * p.kept;
  let row = o * p.inner + t - inner * p.inner;
  if (row >= p.rows) { return; }
  order_out[t] = order_in[row * p.n + j];
}
