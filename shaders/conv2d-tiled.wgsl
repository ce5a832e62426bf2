// conv2d-tiled.wgsl - convolution as an implicit matrix product in tiles of workgroup memory, for GPUs (and correct everywhere).
//
//   out[n,y,x,o] = act(bias[o] + Σ i,j,c: x[n, y·SH − top + i·DH, x·SW − left + j·DW, group(o)·cg + c] · weight[o,i,j,c] (+ residual[n,y,x,o]))
//
// Rows of the product are pixels of the result, columns its channels, and k runs over taps row by row, channels innermost, without
// gaps: a tile of k may end one tap and begin the next. No columns are ever written to memory.
//
// Layouts: x NHWC with whole vec4s of channels in each group; `packed` [kh·kw·cg + 1] rows of o4 vec4s: output channels
//   innermost, filled up with zeros to a multiple of 4, the last row is the bias (conv2d-pack.wgsl); out NHWC, rows of out_stride
//   vec4s, from out_offset on; residual shaped like out, dense.
// Entries: forward; forward_residual adds a tensor before the activation. One workgroup per tile, see lib/gemm.wgsl.
// Edges: coordinates are unsigned, so that one before the edge is huge; they are clamped into x and what was outside is zero.
// Accumulation: f32, the bias first, then k in order (with KS slices: every KS-th tile each, then slice by slice).
//
// Why it is fast on a GPU: as many as 64 multiply-adds per 16 numbers read from workgroup memory; a thread's pixels are decoded
//   once, moving to the next tap is a comparison and an addition, and a dilation is a factor of an address. DENSE = 1 (1×1, stride 1,
//   no padding) leaves even that out. WRAPS bounds how many taps one tile of k spans: 1 if cg is at least KS·BK.

//!include "lib/activate.wgsl"
//!include "lib/gemm.wgsl"
//!include "lib/gemm-rows.wgsl"
//!variant DENSE=1 TX=4 ROWS=8 LA=4 LB=1 KS=2 PAD=1
//!variant TX=16 TY=16 ROWS=8 QUADS=2 LA=2 LB=2

struct Params {
  total: u32, m_tiles: u32, n_tiles: u32, band: u32,
  steps: u32,   // tiles of k that one slice walks
  m: u32,       // pixels of the result
  k: u32,       // kh·kw·cg
  h: u32, w: u32,
  oh: u32, ow: u32,
  c4: u32,      // vec4s in a pixel of x
  cg4: u32,     // vec4s in one group of x
  o4: u32,      // vec4s in a row of `packed`
  group4: u32,  // vec4s of output channels in one group
  top: u32, left: u32,
  out_stride: u32, out_offset: u32, // in vec4s
  kh: u32, kw: u32,
  sh: u32, sw: u32,
  dh: u32, dw: u32,
  activation: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> packed: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(4) var<storage, read> residual: array<vec4f>;

/// A tile of the result in one group.
struct Place { group: u32, m: u32, n: u32, steps: u32 }

const DENSE: u32 = 0u; //!tune
const WRAPS: u32 = 4u; //!tune

/// Where a thread stands along k: a vec4 of channels within a tap, the tap's row, and its shift in pixels.
struct Step { c: u32, ky: u32, kx: u32, dy: u32, dx: u32 }

/// Goes on by `by` vec4s of channels.
fn walk(before: Step, by: u32) -> Step {
  var s = before;
  s.c += by;
  if (DENSE == 1u) { return s; }
  //!unroll
  for (var i = 0u; i < WRAPS; i++) {
    let next_tap = s.c >= p.cg4;
    let next_row = next_tap & (s.kx + 1u == p.kw);
    s.c = select(s.c, s.c - p.cg4, next_tap);
    s.dx = select(select(s.dx, s.dx + p.dw, next_tap), 0u, next_row);
    s.kx = select(select(s.kx, s.kx + 1u, next_tap), 0u, next_row);
    s.dy = select(s.dy, s.dy + p.dh, next_row);
    s.ky = select(s.ky, s.ky + 1u, next_row);
  }
  return s;
}

fn first_step(place: Place, depth: u32) -> Step { return walk(Step(), depth / 4u); }

fn next_step(place: Place, s: Step) -> Step { return walk(s, KS * K4); }

/// A pixel of the result: the rows of x before its image, and where its window begins. `at` is its first vec4 if DENSE.
struct Lane { plane: u32, y: u32, x: u32, at: u32 }

fn a_lane(place: Place, line: u32, depth: u32) -> Lane {
  let pixel = min(place.m + line, p.m - 1u);
  let group = place.group * p.cg4;
  if (DENSE == 1u) { return Lane(0u, 0u, 0u, pixel * p.c4 + group); }
  let above = pixel / p.ow;
  return Lane(above / p.oh * p.h, above % p.oh * p.sh - p.top, pixel % p.ow * p.sw - p.left, group);
}

fn load_a(place: Place, lane: Lane, s: Step) -> vec4f {
  if (DENSE == 1u) { return select(vec4f(), x[lane.at + min(s.c, p.cg4 - 1u)], s.c < p.cg4); }
  let y = lane.y + s.dy;
  let column = lane.x + s.dx;
  let inside = (y < p.h) & (column < p.w) & (s.ky < p.kh);
  return select(vec4f(), x[((lane.plane + min(y, p.h - 1u)) * p.w + min(column, p.w - 1u)) * p.c4 + lane.at + s.c], inside);
}

fn next_a(lane: Lane) -> Lane { return lane; }

/// A row of `packed`, and the vec4 there.
struct Column { k: u32, o: u32 }

/// The vec4 of `packed` that column n of a group stands for; columns that are not there stand for the last.
fn channel(place: Place, n: u32) -> u32 { return place.group * p.group4 + min(n, p.group4 - 1u); }

fn b_column(place: Place, n: u32, depth: u32) -> Column { return Column(depth, channel(place, place.n + n)); }

fn load_b(column: Column) -> vec4f { return select(vec4f(), packed[min(column.k, p.k - 1u) * p.o4 + column.o], column.k < p.k); }

fn next_b(place: Place, column: Column) -> Column { return Column(column.k + KS * BK, column.o); }

fn start(place: Place, n: u32) -> vec4f { return packed[p.k * p.o4 + channel(place, n)]; }

fn store(place: Place, m: u32, n: u32, value: vec4f) {
  out[m * p.out_stride + p.out_offset + place.group * p.group4 + n] = activate(value);
}

fn place_of(index: u32) -> Place {
  let at = tile_at(index);
  return Place(at.x, at.y, at.z, p.steps);
}

@compute @workgroup_size(TX, TY, KS)
fn forward(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_id) id: vec3u) {
  let index = group.x + group.y * groups.x;
  if (index >= p.total) { return; }
  let place = place_of(index);
  accumulate(place, id);
  finish(place, id, p.m, p.group4);
}

@compute @workgroup_size(TX, TY, KS)
fn forward_residual(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_id) id: vec3u) {
  let index = group.x + group.y * groups.x;
  if (index >= p.total) { return; }
  let place = place_of(index);
  accumulate(place, id);
  //!unroll
  for (var i = 0u; i < ROWS; i++) {
    let m = min(place.m + row_of(id.y, i), p.m - 1u);
    //!unroll
    for (var q = 0u; q < QUADS; q++) { acc[i * QUADS + q] += residual[m * p.o4 + channel(place, place.n + id.x + q * TX)]; }
  }
  finish(place, id, p.m, p.group4);
}
