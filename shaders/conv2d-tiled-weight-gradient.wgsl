// conv2d-tiled-weight-gradient.wgsl - the weight gradient of conv2d in tiles of workgroup memory, for GPUs (and correct everywhere).
//
//   out[o,i,j,c] = Σ n,y,x: grad[n,y,x,o] · x[n, y·SH − top + i·DH, x·SW − left + j·DW, group(o)·cg + c]
//
// Rows of the product are output channels, columns taps times input channels, and k runs over pixels, cut into chunks: there are few
// tiles and very many pixels, and without chunks most of a GPU would be idle.
//
// Layouts: x NHWC and grad NHWC with channels filled up to a multiple of 4 (conv2d-pack.wgsl); `sums` is `chunks` times
//   [o,kh,kw,cg] with o and cg filled up likewise; conv2d-direct-weight-gradient.wgsl adds the chunks up.
// Entries: partial: one workgroup per tile of one group and one chunk, see lib/gemm.wgsl. Both maps have channels innermost and are
//   summed over pixels, so a tile of grad stands as lib/gemm-columns.wgsl says, and nothing is transposed.
// Edges: what lies outside x counts as zero (coordinates are unsigned, one before the edge is huge), and so do pixels past a chunk.
// Accumulation: f32, in pixel order within a chunk (with KS slices: every KS-th tile each, then slice by slice). No atomics.
// Why it is fast on a GPU: as conv2d-tiled.wgsl; a thread's tap and channels stay the same, and its pixel goes on along its row without
//   a division. DENSE = 1 (1×1, stride 1, no padding) has no coordinates at all.

//!include "lib/gemm.wgsl"
//!include "lib/gemm-columns.wgsl"
//!variant DENSE=1 TX=16 ROWS=8 ROWS4=2 KS=2 LA=2 LB=2

struct Params {
  total: u32, m_tiles: u32, n_tiles: u32, band: u32,
  groups: u32,
  pixels: u32,    // n·oh·ow
  per_chunk: u32, // pixels in one chunk
  h: u32, w: u32,
  oh: u32, ow: u32,
  c4: u32,       // vec4s in a pixel of x
  cg4: u32,      // vec4s in one group of x
  o4: u32,       // vec4s in a pixel of grad
  group4: u32,   // vec4s of output channels in one group
  top: u32, left: u32,
  kh: u32, kw: u32,
  sh: u32, sw: u32,
  dh: u32, dw: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> grad: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> sums: array<vec4f>;

const DENSE: u32 = 0u; //!tune

/// A tile of one group and one chunk, whose pixels are `first` … `last` − 1.
struct Place { group: u32, chunk: u32, first: u32, last: u32, m: u32, n: u32, steps: u32 }

fn place_of(index: u32) -> Place {
  let at = tile_at(index);
  let chunk = at.x / p.groups;
  let first = chunk * p.per_chunk;
  let last = min(first + p.per_chunk, p.pixels);
  return Place(at.x % p.groups, chunk, first, last, at.y, at.z, (last - first + KS * BK - 1u) / (KS * BK));
}

/// Nothing moves for all vec4s of a thread alike: each counts its own pixels.
struct Step { unused: u32 }

fn first_step(place: Place, depth: u32) -> Step { return Step(); }

fn next_step(place: Place, s: Step) -> Step { return s; }

/// A pixel of grad and a vec4 of its channels.
struct Lane { pixel: u32, o: u32 }

fn a_lane(place: Place, line: u32, depth: u32) -> Lane {
  return Lane(place.first + depth, place.group * p.group4 + min(place.m / 4u + line, p.group4 - 1u));
}

fn load_a(place: Place, lane: Lane, s: Step) -> vec4f {
  return select(vec4f(), grad[min(lane.pixel, place.last - 1u) * p.o4 + lane.o], lane.pixel < place.last);
}

fn next_a(lane: Lane) -> Lane { return Lane(lane.pixel + KS * BK, lane.o); }

/// A pixel of grad, whether it is in the chunk, its rows of x, its row and column; the tap's shift, and a vec4 of channels of x.
struct Column { pixel: u32, valid: bool, plane: u32, y: u32, x: u32, dy: u32, dx: u32, c: u32 }

/// Vec4 columns of the product.
fn width() -> u32 { return p.kh * p.kw * p.cg4; }

fn b_column(place: Place, n: u32, depth: u32) -> Column {
  let column = min(place.n + n, width() - 1u);
  let tap = column / p.cg4;
  let pixel = place.first + depth;
  let above = pixel / p.ow;
  return Column(
    pixel, pixel < place.last, above / p.oh * p.h, above % p.oh, pixel % p.ow,
    tap / p.kw * p.dh - p.top, tap % p.kw * p.dw - p.left, place.group * p.cg4 + column % p.cg4);
}

fn load_b(column: Column) -> vec4f {
  if (DENSE == 1u) { return select(vec4f(), x[min(column.pixel, p.pixels - 1u) * p.c4 + column.c], column.valid); }
  let iy = column.y * p.sh + column.dy;
  let ix = column.x * p.sw + column.dx;
  let inside = column.valid & (iy < p.h) & (ix < p.w);
  let at = ((column.plane + min(iy, p.h - 1u)) * p.w + min(ix, p.w - 1u)) * p.c4 + column.c;
  return select(vec4f(), x[select(0u, at, inside)], inside);
}

fn next_b(place: Place, before: Column) -> Column {
  var s = before;
  s.pixel += KS * BK;
  s.valid = s.pixel < place.last;
  if (DENSE == 1u) { return s; }
  s.x += KS * BK;
  for (var i = 0u; i < FOREVER; i++) {
    if (s.x < p.ow) { break; }
    s.x -= p.ow;
    s.y++;
    let next_image = s.y == p.oh;
    s.y = select(s.y, 0u, next_image);
    s.plane = select(s.plane, s.plane + p.h, next_image);
  }
  return s;
}

fn start(place: Place, n: u32) -> vec4f { return vec4f(); }

fn store(place: Place, m: u32, n: u32, value: vec4f) {
  sums[((place.chunk * p.groups + place.group) * p.group4 * 4u + m) * width() + n] = value;
}

@compute @workgroup_size(TX, TY, KS)
fn partial(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_id) id: vec3u) {
  let index = group.x + group.y * groups.x;
  if (index >= p.total) { return; }
  let place = place_of(index);
  accumulate(place, id);
  finish(place, id, p.group4 * 4u, width());
}
