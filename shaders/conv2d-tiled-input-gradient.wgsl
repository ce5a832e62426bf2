// conv2d-tiled-input-gradient.wgsl - the input gradient of a strided conv2d (and so the transposed convolution) in tiles of workgroup
// memory, for GPUs (and correct everywhere). For stride 1 it is a convolution with mirrored taps: conv2d-tiled.wgsl.
//
//   out[n,y,x,c] = act(bias[c] + Σ o,i,j: grad[n, (y + top − i·DH) / SH, (x + left − j·DW) / SW, group(c)·k + o] · weight[o,i,j,c] (+ residual[n,y,x,c]))
//   over the taps where both divisions leave no remainder and land inside grad
//
// Which taps contribute depends on y mod SH and x mod SW only. So there is one matrix product for each of the SH·SW parities: its
// rows are the pixels of that parity, and k runs over the taps that reach it, channels innermost; no zero between strides is
// multiplied. Of the taps along an axis every (S / gcd(S, D))-th reaches a parity, and each shifts grad back by D / gcd(S, D) pixels.
//
// Layouts: grad NHWC [n,gh,gw] with whole vec4s of channels in each group; `packed` [kh·kw·k + 1] rows of c4 vec4s: channels of the
//   result innermost, filled up with zeros to a multiple of 4, the last row is the bias (conv2d-pack.wgsl); out NHWC [n,h,w], rows of
//   out_stride vec4s, from out_offset on; residual shaped like out, dense.
// Entries: transposed; transposed_residual adds a tensor before the activation. One workgroup per tile, see lib/gemm.wgsl.
// Edges: coordinates are unsigned, one before the edge is huge; they are clamped into grad and what was outside is zero.
// Accumulation: f32, the bias first, then k in order (with KS slices: every KS-th tile each, then slice by slice). A gather: deterministic.
// Why it is fast on a GPU: as conv2d-tiled.wgsl; the parity is worked out once per workgroup.

//!include "lib/activate.wgsl"
//!include "lib/gemm.wgsl"
//!include "lib/gemm-rows.wgsl"
//!variant TX=16 ROWS=8 KS=2 LA=2 LB=2

struct Params {
  total: u32, m_tiles: u32, n_tiles: u32, band: u32,
  groups: u32,
  n: u32,
  h: u32, w: u32,   // of the result
  gh: u32, gw: u32, // of grad
  g4: u32,      // vec4s in a pixel of grad
  k4: u32,      // vec4s in one group of grad
  c4: u32,      // vec4s in a row of `packed`
  group4: u32,  // vec4s of result channels in one group
  top: u32, left: u32,
  out_stride: u32, out_offset: u32, // in vec4s
  kh: u32, kw: u32,
  sh: u32, sw: u32,
  dh: u32, dw: u32,
  every_y: u32, every_x: u32, // taps from one that reaches a parity to the next
  back_y: u32, back_x: u32,   // pixels of grad between them
  activation: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> grad: array<vec4f>;
@group(0) @binding(2) var<storage, read> packed: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(4) var<storage, read> residual: array<vec4f>;

const WRAPS: u32 = 4u; //!tune

/// One axis of a parity: its remainder, its pixels, the taps that reach it (`first`, and how many), and how far the first shifts grad.
struct Axis { rest: u32, size: u32, first: u32, taps: u32, shift: u32 }

fn axis(rest: u32, size: u32, pad: u32, k: u32, s: u32, d: u32, every: u32) -> Axis {
  var first = k;
  for (var i = 0u; i < 0x7fffffffu; i++) {
    if (i >= min(k, every)) { break; }
    // A multiple of the stride keeps the number above zero.
    if ((rest + pad + s * k * d - i * d) % s == 0u) { first = i; }
  }
  let shift = (rest + pad + s * k * d - first * d) / s - k * d;
  return Axis(rest, (size + s - 1u - rest) / s, first, (k - first + every - 1u) / every, shift);
}

/// A tile of one group of one parity.
struct Place { group: u32, y: Axis, x: Axis, m: u32, n: u32, steps: u32 }

fn place_of(index: u32) -> Place {
  let at = tile_at(index);
  let parity = at.x / p.groups;
  let y = axis(parity / p.sw, p.h, p.top, p.kh, p.sh, p.dh, p.every_y);
  let x = axis(parity % p.sw, p.w, p.left, p.kw, p.sw, p.dw, p.every_x);
  return Place(at.x % p.groups, y, x, at.y, at.z, (y.taps * x.taps * p.k4 + KS * K4 - 1u) / (KS * K4));
}

/// Pixels of a parity.
fn pixels(place: Place) -> u32 { return p.n * place.y.size * place.x.size; }

/// Where pixel m of a parity stands among all.
fn pixel_at(place: Place, m: u32) -> u32 {
  let above = m / place.x.size;
  return (above / place.y.size * p.h + above % place.y.size * p.sh + place.y.rest) * p.w + m % place.x.size * p.sw + place.x.rest;
}

/// Where something stands along k: a channel within a tap, in vec4s or one by one, and the tap's number among those that count.
struct Tap { c: u32, y: u32, x: u32 }

fn walk(place: Place, before: Tap, by: u32, channels: u32) -> Tap {
  var s = before;
  s.c += by;
  //!unroll
  for (var i = 0u; i < WRAPS; i++) {
    let next_tap = s.c >= channels;
    let next_row = next_tap & (s.x + 1u == place.x.taps);
    s.c = select(s.c, s.c - channels, next_tap);
    s.x = select(select(s.x, s.x + 1u, next_tap), 0u, next_row);
    s.y = select(s.y, s.y + 1u, next_row);
  }
  return s;
}

struct Step { tap: Tap }

fn first_step(place: Place, depth: u32) -> Step { return Step(walk(place, Tap(), depth / 4u, p.k4)); }

fn next_step(place: Place, s: Step) -> Step { return Step(walk(place, s.tap, KS * K4, p.k4)); }

/// The rows of grad before a pixel's image, and where the first tap finds grad.
struct Lane { plane: u32, y: u32, x: u32 }

fn a_lane(place: Place, line: u32, depth: u32) -> Lane {
  let m = min(place.m + line, pixels(place) - 1u);
  let above = m / place.x.size;
  return Lane(above / place.y.size * p.gh, above % place.y.size + place.y.shift, m % place.x.size + place.x.shift);
}

fn load_a(place: Place, lane: Lane, s: Step) -> vec4f {
  let y = lane.y - s.tap.y * p.back_y;
  let x = lane.x - s.tap.x * p.back_x;
  let inside = (y < p.gh) & (x < p.gw) & (s.tap.y < place.y.taps);
  return select(vec4f(), grad[((lane.plane + min(y, p.gh - 1u)) * p.gw + min(x, p.gw - 1u)) * p.g4 + place.group * p.k4 + s.tap.c], inside);
}

fn next_a(lane: Lane) -> Lane { return lane; }

/// A row of `packed` as a tap and its channel, and the vec4 there.
struct Column { tap: Tap, c: u32, valid: bool, row: u32 }

fn column_at(place: Place, tap: Tap, c: u32) -> Column {
  let row = ((place.y.first + tap.y * p.every_y) * p.kw + place.x.first + tap.x * p.every_x) * (p.k4 * 4u) + tap.c;
  return Column(tap, c, tap.y < place.y.taps, row);
}

/// The vec4 of `packed` that column n of a group stands for; columns that are not there stand for the last.
fn channel(place: Place, n: u32) -> u32 { return place.group * p.group4 + min(n, p.group4 - 1u); }

fn b_column(place: Place, n: u32, depth: u32) -> Column {
  return column_at(place, walk(place, Tap(), depth, p.k4 * 4u), channel(place, place.n + n));
}

fn load_b(column: Column) -> vec4f { return select(vec4f(), packed[select(0u, column.row, column.valid) * p.c4 + column.c], column.valid); }

fn next_b(place: Place, column: Column) -> Column { return column_at(place, walk(place, column.tap, KS * BK, p.k4 * 4u), column.c); }

fn start(place: Place, n: u32) -> vec4f { return packed[p.kh * p.kw * p.k4 * 4u * p.c4 + channel(place, n)]; }

fn store(place: Place, m: u32, n: u32, value: vec4f) {
  out[pixel_at(place, m) * p.out_stride + p.out_offset + place.group * p.group4 + n] = activate(value);
}

@compute @workgroup_size(TX, TY, KS)
fn transposed(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_id) id: vec3u) {
  let index = group.x + group.y * groups.x;
  if (index >= p.total) { return; }
  let place = place_of(index);
  if (place.m >= pixels(place)) { return; }
  accumulate(place, id);
  finish(place, id, pixels(place), p.group4);
}

@compute @workgroup_size(TX, TY, KS)
fn transposed_residual(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_id) id: vec3u) {
  let index = group.x + group.y * groups.x;
  if (index >= p.total) { return; }
  let place = place_of(index);
  if (place.m >= pixels(place)) { return; }
  accumulate(place, id);
  //!unroll
  for (var i = 0u; i < ROWS; i++) {
    let m = pixel_at(place, min(place.m + row_of(id.y, i), pixels(place) - 1u));
    //!unroll
    for (var q = 0u; q < QUADS; q++) { acc[i * QUADS + q] += residual[m * p.c4 + channel(place, place.n + id.x + q * TX)]; }
  }
  finish(place, id, pixels(place), p.group4);
}
