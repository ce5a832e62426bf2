// matmul-tiled.wgsl - matrix products, one per batch, in tiles of workgroup memory, for GPUs (and correct everywhere).
//
//   out[b, i, j] = Σ over l of a[b, i, l] · b[b, l, j],   l = 0 … k − 1
//
// Layouts: a [b, m, k], b [b, k, n], out [b, m, n], dense; k and n divide by 4. A transposed a is read by
//   matmul-tiled-transposed.wgsl, a transposed b is transposed before.
// Which matrices of a and b make a batch is read as in matmul.wgsl: BROADCAST = 1 means a box of four axes of sizes …, d1, d2, d3,
// along which the matrices of a stand a0 … a3 apart and those of b b0 … b3, counted in matrices: 0 where one is stretched.
// Entries: tiled: one workgroup per tile of one batch, see lib/gemm.wgsl.
// Edges: rows past m and columns past n are computed from the last and not stored; l past k reads zeros.
// Accumulation: f32, l in order (with KS slices: every KS-th tile each, then slice by slice).
// Why it is fast on a GPU: as many as 64 multiply-adds per 16 numbers read from workgroup memory, nothing but additions to find them.

//!include "lib/batch.wgsl"
//!include "lib/gemm.wgsl"
//!include "lib/gemm-rows.wgsl"
//!variant TX=16 TY=16 ROWS=8 QUADS=2 LA=2 LB=2 KU=4

struct Params {
  total: u32, m_tiles: u32, n_tiles: u32, band: u32,
  steps: u32, // tiles of k that one slice walks
  m: u32, n4: u32, k4: u32, // n4, k4: vec4s
  d1: u32, d2: u32, d3: u32,
  a0: u32, a1: u32, a2: u32, a3: u32,
  b0: u32, b1: u32, b2: u32, b3: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

/// A tile of one batch, and which matrices of a and b make that.
struct Place { batch: u32, a: u32, b: u32, m: u32, n: u32, steps: u32 }

/// A vec4 along l.
struct Step { l: u32 }

fn first_step(place: Place, depth: u32) -> Step { return Step(depth / 4u); }

fn next_step(place: Place, s: Step) -> Step { return Step(s.l + KS * K4); }

/// Where a row of a begins.
struct Lane { at: u32 }

fn a_lane(place: Place, line: u32, depth: u32) -> Lane { return Lane((place.a * p.m + min(place.m + line, p.m - 1u)) * p.k4); }

fn load_a(place: Place, lane: Lane, s: Step) -> vec4f { return select(vec4f(), a[lane.at + min(s.l, p.k4 - 1u)], s.l < p.k4); }

fn next_a(lane: Lane) -> Lane { return lane; }

/// A row of b, and where its vec4 stands in row 0.
struct Column { l: u32, at: u32 }

fn b_column(place: Place, n: u32, depth: u32) -> Column { return Column(depth, place.b * (p.k4 * 4u) * p.n4 + min(place.n + n, p.n4 - 1u)); }

fn load_b(column: Column) -> vec4f { return select(vec4f(), b[column.at + min(column.l, p.k4 * 4u - 1u) * p.n4], column.l < p.k4 * 4u); }

fn next_b(place: Place, column: Column) -> Column { return Column(column.l + KS * BK, column.at); }

fn start(place: Place, n: u32) -> vec4f { return vec4f(); }

fn store(place: Place, m: u32, n: u32, value: vec4f) { out[(place.batch * p.m + m) * p.n4 + n] = value; }

@compute @workgroup_size(TX, TY, KS)
fn tiled(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_id) id: vec3u) {
  let index = group.x + group.y * groups.x;
  if (index >= p.total) { return; }
  let at = tile_at(index);
  let matrix = factors(at.x);
  let place = Place(at.x, matrix.x, matrix.y, at.y, at.z, p.steps);
  accumulate(place, id);
  finish(place, id, p.m, p.n4);
}
