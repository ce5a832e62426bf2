// matmul-lanes - matrix products in registers whose rows the lanes of a subgroup load for one another, for adapters that are CPUs.
//
//   out[b, i, j] = Σ over l of A[b, i, l] · B[b, l, j],   l = 0 … k − 1
//
// Layouts: a: A dense, either way round: element (i, l) of matrix b stands at b·m·k + i·row + l·step; `rows` [b, k, n4 vec4s]: the columns
//   j of B side by side, filled up with zeros to a multiple of 4; out [b, m, n4 vec4s]. Which matrices belong together: lib/batch.wgsl.
// Entry: forward computes TP rows times 4·LANES columns of out per team of LANES lanes, a vec4 of columns per lane.
// Edges: rows past the end are the last row, and lanes past the last column do the last one, stored again.
// Accumulation: f32, in order of l.
//
// Why it is fast on a CPU: see conv2d-lanes.wgsl, of which this is the case without taps.

enable subgroups;

//!include "lib/grid.wgsl"
//!include "lib/batch.wgsl"

struct Params {
  total: u32, // threads with work
  m: u32, k: u32, n4: u32,
  row: u32, step: u32,
  d1: u32, d2: u32, d3: u32,
  a0: u32, a1: u32, a2: u32, a3: u32,
  b0: u32, b1: u32, b2: u32, b3: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> rows: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

/// As in conv2d-lanes.wgsl.
const LANES: u32 = 8u; //!tune
const LOADS: u32 = 2u; //!tune
const TP: u32 = 16u; //!tune
//!variant LANES=4 LOADS=4

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(subgroup_invocation_id) invocation: u32) {
  // Threads beyond the last team do its work again: all lanes stay together.
  let number = min(flat_index(gid, groups), p.total - 1u) / LANES;
  let lane = invocation % LANES;
  let team = invocation - lane;
  let tiles = (p.m + TP - 1u) / TP;
  let blocks = (p.n4 + LANES - 1u) / LANES;
  let first = number % tiles * TP;
  let j = min(number / tiles % blocks * LANES + lane, p.n4 - 1u);
  let batch = number / tiles / blocks;
  let matrix = factors(batch) * p.k;
  var acc: array<vec4f, TP>;
  var start: array<u32, LOADS>;
  //!unroll
  for (var q = 0u; q < LOADS; q++) {
    start[q] = matrix.x * p.m + min(first + q * LANES + lane, p.m - 1u) * p.row;
  }
  for (var l = 0u; l < p.k; l++) {
    let b = rows[(matrix.y + l) * p.n4 + j];
    //!unroll
    for (var q = 0u; q < LOADS; q++) {
      let own = a[start[q] + l * p.step];
      //!unroll
      for (var i = 0u; i < LANES; i++) {
        acc[q * LANES + i] += subgroupShuffle(own, team + i) * b;
      }
    }
  }
  //!unroll
  for (var i = 0u; i < TP; i++) {
    out[(batch * p.m + min(first + i, p.m - 1u)) * p.n4 + j] = acc[i];
  }
}
