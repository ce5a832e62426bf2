// matmul-columns - matrix products in registers, for adapters that are CPUs (and correct everywhere).
//
//   out[b, i, j] = Σ over l of A[b, i, l] · B[b, l, j],   l = 0 … k − 1
//
// Layouts: `columns` [b, panels, k, panel_a vec4s]: the rows i of A lie side by side; `rows` [b, panels, k, panel_b vec4s]: the
//   columns j of B do; both filled up with zeros to a multiple of 4, the last panel being as wide as is left; out [b, m, n4
//   vec4s]. A panel as wide as its matrix is the matrix [b, k, wide] as it stands. Which matrices belong together: lib/batch.wgsl.
// Entries: panels and panels_turned write panels, out of [b, k, lines] and [b, lines, k], one vec4 and four per thread. forward computes TP rows times 4·TQ columns of out per thread (TQ divides n4). Each step of l loads TP / 4 vec4s of
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
  panel_a: u32, panel_b: u32, // in vec4s
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> columns: array<vec4f>;
@group(0) @binding(2) var<storage, read> rows: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(1) var<storage, read> source: array<vec4f>;

const TP: u32 = 16u; //!tune
const TP4: u32 = 4u; //!tune
const TQ: u32 = 1u; //!tune
const TILE: u32 = 16u; //!tune

/// Where a vec4 of lines stands in a matrix of panels, and how far below its next step of l does.
struct Line { at: u32, step: u32 }

fn line(j: u32, n4: u32, panel: u32) -> Line {
  let q = j / panel * panel;
  return Line(q * p.k + j - q, min(panel, n4 - q));
}

@compute @workgroup_size(WG)
fn panels(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let to = line(t % p.n4, p.n4, p.panel_b);
  let l = t / p.n4 % p.k;
  out[t / p.n4 / p.k * p.n4 * p.k + to.at + l * to.step] = source[t];
}

@compute @workgroup_size(WG)
fn panels_turned(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let k4 = p.k / 4u;
  let l4 = t % k4;
  let i = t / k4 % p.m4;
  let batch = t / k4 / p.m4;
  var v: mat4x4f;
  //!unroll
  for (var j = 0u; j < 4u; j++) {
    let row = 4u * i + j;
    v[j] = select(vec4f(), source[(batch * p.m + min(row, p.m - 1u)) * k4 + l4], row < p.m);
  }
  let turned = transpose(v);
  let to = line(i, p.m4, p.panel_a);
  //!unroll
  for (var j = 0u; j < 4u; j++) {
    out[batch * p.m4 * p.k + to.at + (4u * l4 + j) * to.step] = turned[j];
  }
}

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
  let b_line = line(j, p.n4, p.panel_b);
  let b_first = matrix.y * p.n4 + b_line.at;
  let a_line = line(first / 4u, p.m4, p.panel_a);
  let a_first = matrix.x * p.m4 + a_line.at;
  var acc: array<vec4f, TILE>;
  var at: array<u32, TP4>;
  //!unroll
  for (var i = 0u; i < TP4; i++) {
    at[i] = a_first + min(i, p.m4 - 1u - first / 4u);
  }
  for (var l = 0u; l < p.k; l++) {
    var v: array<vec4f, TP4>;
    //!unroll
    for (var i = 0u; i < TP4; i++) {
      v[i] = columns[at[i] + l * a_line.step];
    }
    //!unroll
    for (var q = 0u; q < TQ; q++) {
      let b = rows[b_first + l * b_line.step + q];
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
