// matmul-columns - matrix products in registers, for adapters that are CPUs (and correct everywhere).
//
//   out[b, i, j] = Σ over l of A[b, i, l] · B[b, l, j],   l = 0 … k − 1
//
// Layouts: `columns` [b, k, m4 vec4s]: the rows i of A lie side by side; `rows` [b, k, n4 vec4s]: the columns j of B do; both
//   filled up with zeros to a multiple of 4; out [b, m, n4 vec4s]. Which matrices belong together: lib/batch.wgsl.
// Entry: forward computes TP rows times 4·TQ columns of out per thread (TQ divides n4). Each step of l loads TP / 4 vec4s of
//   A and TQ of B for 4·TP·TQ multiply-adds.
// Edges: vec4s of A past the end are the last one; rows past the end are the last row, stored again.
// Accumulation: f32, in order of l.
//
// Why it is fast on a CPU: see conv2d-columns.wgsl, of which this is the case without taps: each lane loads for itself, and a
//   vec4 costs little more than a scalar. 16 × 4 sums take half the time of 4 × 4 with scalar loads of A (lavapipe, 512³).

//!include "lib/grid.wgsl"
//!include "lib/batch.wgsl"

struct Params {
  total: u32, // threads with work
  m: u32, k: u32, m4: u32, n4: u32,
  d1: u32, d2: u32, d3: u32,
  a0: u32, a1: u32, a2: u32, a3: u32,
  b0: u32, b1: u32, b2: u32, b3: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> columns: array<vec4f>;
@group(0) @binding(2) var<storage, read> rows: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

const TP: u32 = 16u; //!tune
const TP4: u32 = 4u; //!tune
const TQ: u32 = 1u; //!tune
const TILE: u32 = 16u; //!tune

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let blocks = p.n4 / TQ;
  let tiles = (p.m + TP - 1u) / TP;
  let j = t % blocks * TQ;
  let first = t / blocks % tiles * TP;
  let batch = t / blocks / tiles;
  let matrix = factors(batch) * p.k;
  var acc: array<vec4f, TILE>;
  var at: array<u32, TP4>;
  //!unroll
  for (var i = 0u; i < TP4; i++) {
    at[i] = min(first / 4u + i, p.m4 - 1u);
  }
  for (var l = 0u; l < p.k; l++) {
    var v: array<vec4f, TP4>;
    //!unroll
    for (var i = 0u; i < TP4; i++) {
      v[i] = columns[(matrix.x + l) * p.m4 + at[i]];
    }
    //!unroll
    for (var q = 0u; q < TQ; q++) {
      let b = rows[(matrix.y + l) * p.n4 + j + q];
      //!unroll
      for (var i = 0u; i < TP; i++) {
        acc[i * TQ + q] += v[i / 4u][i % 4u] * b;
      }
    }
  }
  //!unroll
  for (var q = 0u; q < TQ; q++) {
    var last = acc[q];
    //!unroll
    for (var i = 0u; i < TP; i++) {
      last = select(last, acc[i * TQ + q], first + i < p.m);
      out[(batch * p.m + min(first + i, p.m - 1u)) * p.n4 + j + q] = last;
    }
  }
}
