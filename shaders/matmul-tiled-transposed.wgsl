// matmul-tiled-transposed.wgsl - matrix products whose first factor is transposed, in tiles of workgroup memory, for GPUs (and correct everywhere).
//
//   out[b, i, j] = Σ over l of a[b, l, i] · b[b, l, j],   l = 0 … k − 1
//
// Layouts: a [b, k, m], b [b, k, n], out [b, m, n], dense; m and n divide by 4. Batches as in matmul-tiled.wgsl.
// Entries: tiled: one workgroup per tile of one batch, see lib/gemm.wgsl. Both factors have l outermost, so a tile of a stands as
//   lib/gemm-columns.wgsl says, and nothing is transposed.
// Edges: rows past m and columns past n are computed from the last and not stored; l past k reads zeros.
// Accumulation and speed: as matmul-tiled.wgsl.

//!include "lib/batch.wgsl"
//!include "lib/gemm.wgsl"
//!include "lib/gemm-columns.wgsl"
//!variant TX=16 TY=16 ROWS=8 ROWS4=2 QUADS=2 LA=2 LB=2 KU=4

struct Params {
  total: u32, m_tiles: u32, n_tiles: u32, band: u32,
  steps: u32, // tiles of k that one slice walks
  m4: u32, n4: u32, k: u32, // m4, n4: vec4s
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

/// Nothing moves for all vec4s of a thread alike: each counts its own rows.
struct Step { unused: u32 }

fn first_step(place: Place, depth: u32) -> Step { return Step(); }

fn next_step(place: Place, s: Step) -> Step { return s; }

/// A row of a, and where its vec4 stands in row 0.
struct Lane { l: u32, at: u32 }

fn a_lane(place: Place, line: u32, depth: u32) -> Lane { return Lane(depth, place.a * p.k * p.m4 + min(place.m / 4u + line, p.m4 - 1u)); }

fn load_a(place: Place, lane: Lane, s: Step) -> vec4f { return select(vec4f(), a[lane.at + min(lane.l, p.k - 1u) * p.m4], lane.l < p.k); }

fn next_a(lane: Lane) -> Lane { return Lane(lane.l + KS * BK, lane.at); }

/// A row of b, and where its vec4 stands in row 0.
struct Column { l: u32, at: u32 }

fn b_column(place: Place, n: u32, depth: u32) -> Column { return Column(depth, place.b * p.k * p.n4 + min(place.n + n, p.n4 - 1u)); }

fn load_b(column: Column) -> vec4f { return select(vec4f(), b[column.at + min(column.l, p.k - 1u) * p.n4], column.l < p.k); }

fn next_b(place: Place, column: Column) -> Column { return Column(column.l + KS * BK, column.at); }

fn start(place: Place, n: u32) -> vec4f { return vec4f(); }

fn store(place: Place, m: u32, n: u32, value: vec4f) { out[(place.batch * p.m4 * 4u + m) * p.n4 + n] = value; }

@compute @workgroup_size(TX, TY, KS)
fn tiled(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_id) id: vec3u) {
  let index = group.x + group.y * groups.x;
  if (index >= p.total) { return; }
  let at = tile_at(index);
  let matrix = factors(at.x);
  let place = Place(at.x, matrix.x, matrix.y, at.y, at.z, p.steps);
  accumulate(place, id);
  finish(place, id, p.m4 * 4u, p.n4);
}
