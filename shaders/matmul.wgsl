// matmul - matrix products, one per batch, with either factor transposed.
//
//   out[b, i, j] = Σ over l of A[b, i, l] · B[b, l, j],   l = 0 … k − 1
//
// Layouts: a [b, m, k] (TRANSPOSE_A = 1: [b, k, m]), b [b, k, n] (TRANSPOSE_B = 1: [b, n, k]), out [b, m, n], dense.
// With BROADCAST = 1 the batch is a box of four axes of sizes (outermost first) …, d1, d2, d3, along which the matrices of a
// stand a0, a1, a2, a3 apart and those of b b0 … b3, counted in matrices: 0 where one is stretched.
// Entries: `clear`: one thread per element of out. `direct`: one thread per block of TM rows and four columns of out, which
// lives in registers; n divides by 4. Each step of l reads TM scalars of A and one vec4 of B for 4·TM multiply-adds, with no
// workgroup memory and no barrier, which is what software adapters and small matrices like; without transposition
// neighbouring threads read neighbouring columns of B and the same rows of A.
// Edges: rows past m are computed from the last row and not stored. Sums run over l in order, in both entries.

//!include "lib/batch.wgsl"
//!include "lib/grid.wgsl"

struct Params {
  batch: u32, m: u32, n: u32, k: u32,
  d1: u32, d2: u32, d3: u32,
  a0: u32, a1: u32, a2: u32, a3: u32,
  b0: u32, b1: u32, b2: u32, b3: u32,
}

override TRANSPOSE_A: u32 = 0u;
override TRANSPOSE_B: u32 = 0u;

/// Rows of a register block.
const TM: u32 = 4u; //!tune

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@group(0) @binding(3) var<storage, read_write> out4: array<vec4f>;

fn a_index(batch: u32, i: u32, l: u32) -> u32 {
  if (TRANSPOSE_A == 1u) { return (batch * p.k + l) * p.m + i; }
  return (batch * p.m + i) * p.k + l;
}

fn b_index(batch: u32, l: u32, j: u32) -> u32 {
  if (TRANSPOSE_B == 1u) { return (batch * p.n + j) * p.k + l; }
  return (batch * p.k + l) * p.n + j;
}

@compute @workgroup_size(WG)
fn clear(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.batch * p.m * p.n) { return; }
  let j = t % p.n;
  let i = t / p.n % p.m;
  let batch = t / (p.n * p.m);
  let matrix = factors(batch);
  var sum = 0.0;
  for (var l = 0u; l < p.k; l++) { sum += a[a_index(matrix.x, i, l)] * b[b_index(matrix.y, l, j)]; }
  out[t] = sum;
}

/// Columns j … j + 3 of row l of B.
fn b_row(batch: u32, l: u32, j: u32) -> vec4f {
  let at = b_index(batch, l, j);
  let apart = select(1u, p.k, TRANSPOSE_B == 1u);
  return vec4f(b[at], b[at + apart], b[at + 2u * apart], b[at + 3u * apart]);
}

@compute @workgroup_size(WG)
fn direct(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let columns = p.n / 4u;
  let blocks = (p.m + TM - 1u) / TM;
  if (t >= p.batch * blocks * columns) { return; }
  let column = t % columns;
  let first = t / columns % blocks * TM;
  let batch = t / (columns * blocks);
  let matrix = factors(batch);
  var sum: array<vec4f, TM>;
  for (var l = 0u; l < p.k; l++) {
    let row = b_row(matrix.y, l, column * 4u);
    //!unroll
    for (var r = 0u; r < TM; r++) {
      sum[r] += a[a_index(matrix.x, min(first + r, p.m - 1u), l)] * row;
    }
  }
  //!unroll
  for (var r = 0u; r < TM; r++) {
    if (first + r < p.m) { out4[(batch * p.m + first + r) * columns + column] = sum[r]; }
  }
}
