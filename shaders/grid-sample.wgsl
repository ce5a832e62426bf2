// grid-sample - reads an image at positions that another tensor gives, and the gradients of that.
//
//   grid [n, oh, ow, 2] holds x, then y: −1 … 1 from the first to the last pixel, by their centres (ALIGN = 1) or outer edges (0)
//   position      ((g + 1) size − 1) / 2, or (g + 1) (size − 1) / 2 with ALIGN: pixels from the centre of the first
//   outside       PADDING 0: pixels are 0;  1: the position is moved to the edge;  2: it is reflected at −½ and size − ½ (with ALIGN
//                 at 0 and size − 1) as often as it takes, then moved to the edge
//   bilinear      out[n, y, x, c] = Σ over the four neighbours of weight · x[n, row, column, c];  NEAREST = 1: the pixel at the
//                 position rounded to the nearest whole number, ties to even
//   grad_grid     = slope of the position (0 where it was moved to the edge, negative where it runs backwards)
//                 · Σ_c grad · slope of the weights · x
//   taps          grad_x sums over whatever outputs read a pixel. So `taps` writes which pixels of x each output pixel reads (an
//                 index, or one that no pixel has) and weight · grad for each: indices [pixels · taps], rows [pixels · taps, C],
//                 which are then sorted by index and summed (shaders/scatter-add.wgsl)
//
// A position that is not finite reads NaN with PADDING 0 (0 if NEAREST), and counts as 0 otherwise (an infinite one as the nearer
// edge with PADDING 1): PyTorch's CPU kernels.
// Positions are kept as whole 2048ths of a pixel and a rest, because (g + 1) · size in f32 is off by 1e-5 of a pixel at size 100,
// as long as |g| · size is below 2^20. Beyond, plain f32.
// Entries: `forward` (one thread per value of out), `forward4` (per four channels), `grid_gradient` and `taps` (per output pixel).
// Layouts: x [n, h, w, C], out and grad [n, oh, ow, C]. Sums are f32, over channels in order.

//!include "lib/grid.wgsl"
//!include "lib/divide.wgsl"
//!include "lib/nan.wgsl"

struct Params { h: u32, w: u32, pixels: u32, plane: u32, channels: u32 }

override NEAREST: u32 = 0u;
override PADDING: u32 = 0u;
override ALIGN: u32 = 0u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> x4: array<vec4f>;
@group(0) @binding(2) var<storage, read> grid: array<f32>;
@group(0) @binding(3) var<storage, read> grad: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<storage, read_write> out4: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> indices: array<u32>;
@group(0) @binding(5) var<storage, read_write> rows: array<f32>;

/// units / 2048 + rest / 2048 pixels, 0 ≤ rest < 1, and how much it changes with g.
struct Spot { units: i32, rest: f32, slope: f32 }

/// limit − spot, running the other way.
fn mirrored(limit: i32, s: Spot) -> Spot {
  if (s.rest > 0.0) { return Spot(limit - s.units - 1, 1.0 - s.rest, -s.slope); }
  return Spot(limit - s.units, 0.0, -s.slope);
}

/// Reflected at `low` and `low + span`.
fn reflected(s: Spot, low: i32, span: i32) -> Spot {
  if (span == 0) { return Spot(0, 0.0, 0.0); }
  var v = Spot(s.units - low, s.rest, s.slope);
  if (v.units < 0) { v = mirrored(0, v); }
  let flips = v.units / span;
  v.units -= flips * span;
  if ((flips & 1) == 1) { v = mirrored(span, v); }
  return Spot(v.units + low, v.rest, v.slope);
}

/// The same for positions far away, in f32.
fn far_reflected(g: f32, size: u32, extent: f32) -> Spot {
  let low = select(-0.5, 0.0, ALIGN == 1u);
  if (extent == 0.0) { return Spot(0, 0.0, 0.0); }
  let position = g * extent * 0.5 + f32(size - 1u) * 0.5 - low;
  let away = min(abs(position), 1e30);
  let flips = floor(away / extent);
  let within = clamp(away - flips * extent, 0.0, extent);
  let odd = flips - 2.0 * floor(flips * 0.5) > 0.5;
  let units = (select(within, extent - within, odd) + low) * 2048.0;
  let whole = floor(units);
  return Spot(i32(whole), units - whole, select(0.5, -0.5, odd != (position < 0.0)) * extent);
}

/// The position along an axis of `size` pixels, before it is moved to the edge.
fn spot(g: f32, size: u32) -> Spot {
  let extent = size - select(0u, 1u, ALIGN == 1u);
  let outside = select(-8192, i32(size) * 2048 + 8192, g > 0.0);
  if (!is_finite(g)) {
    let infinite = !is_nan(g);
    return Spot(select(0, outside, infinite && PADDING == 1u), 0.0, 0.0);
  }
  if (abs(g) * f32(extent) >= 1048576.0) {
    if (PADDING == 2u) { return far_reflected(g, size, f32(extent)); }
    return Spot(outside, 0.0, 0.0);
  }
  let thousandths = round(g * 1024.0);
  let rest = (g - thousandths * 0.0009765625) * f32(extent) * 1024.0;
  let carry = floor(rest);
  let s = Spot(i32(thousandths) * i32(extent) + i32(size - 1u) * 1024 + i32(carry), rest - carry, f32(extent) * 0.5);
  if (PADDING == 2u) { return reflected(s, select(-1024, 0, ALIGN == 1u), i32(extent) * 2048); }
  return s;
}

fn to_edge(s: Spot, size: u32) -> Spot {
  if (PADDING == 0u) { return s; }
  let last = i32(size - 1u) * 2048;
  if (s.units >= last) { return Spot(last, 0.0, 0.0); }
  if (s.units < 0) { return Spot(0, 0.0, 0.0); }
  if (s.units == 0) {
    if (s.rest == 0.0) { return Spot(0, 0.0, 0.0); }
  }
  return s;
}

/// The two neighbours of a position, which of them lie inside (1 or 0), how much the second one weighs, and the slope.
struct Pair { a: u32, b: u32, inside: vec2f, weight: f32, slope: f32 }

fn pair(g: f32, size: u32) -> Pair {
  let s = to_edge(spot(g, size), size);
  var first = s.units >> 11u;
  var weight = (f32(s.units & 2047) + s.rest) * 0.00048828125;
  if (NEAREST == 1u) {
    let odd = (first & 1) == 1;
    let up = select(weight > 0.5, weight >= 0.5, odd);
    first += select(0, 1, up);
    weight = 0.0;
  }
  // Without padding, a position that is not finite is nowhere; `lost` makes a NaN of it.
  if (PADDING == 0u) { first = select(-4, first, is_finite(g)); }
  let last = i32(size) - 1;
  let inside = vec2f(f32(clamp(first, 0, last) == first), f32(clamp(first + 1, 0, last) == first + 1));
  return Pair(u32(clamp(first, 0, last)), u32(clamp(first + 1, 0, last)), inside, weight, s.slope);
}

/// Whether output pixel i reads from nowhere, which gives NaN.
fn lost(i: u32) -> bool {
  if (PADDING != 0u) { return false; }
  if (NEAREST == 1u) { return false; }
  if (!is_finite(grid[2u * i])) { return true; }
  return !is_finite(grid[2u * i + 1u]);
}

/// Pixels of x that an output pixel reads (top left, top right, bottom left, bottom right), their weights, and which are inside.
struct Quad { at: vec4u, weight: vec4f, inside: vec4f }

fn quad(sx: Pair, sy: Pair, image: u32) -> Quad {
  let top = (image * p.h + sy.a) * p.w;
  let bottom = (image * p.h + sy.b) * p.w;
  let across = vec2f(1.0 - sx.weight, sx.weight);
  return Quad(
    vec4u(top + sx.a, top + sx.b, bottom + sx.a, bottom + sx.b),
    vec4f(across * (1.0 - sy.weight), across * sy.weight),
    vec4f(sx.inside * sy.inside.x, sx.inside * sy.inside.y));
}

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.pixels * p.channels) { return; }
  let i = quotient(t, p.channels);
  let c = t - i * p.channels;
  let q = quad(pair(grid[2u * i], p.w), pair(grid[2u * i + 1u], p.h), quotient(i, p.plane));
  let inside = q.inside > vec4f(0.0);
  let values = select(vec4f(0.0), vec4f(x[q.at.x * p.channels + c], x[q.at.y * p.channels + c], x[q.at.z * p.channels + c], x[q.at.w * p.channels + c]), inside);
  // A single pixel is copied, so that infinite neighbours of it do not matter.
  var sum = values.x;
  if (NEAREST == 0u) { sum = dot(values, q.weight); }
  if (lost(i)) { sum = quiet_nan(); }
  out[t] = sum;
}

@compute @workgroup_size(WG)
fn forward4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let channels = p.channels / 4u;
  let t = flat_index(gid, groups);
  if (t >= p.pixels * channels) { return; }
  let i = quotient(t, channels);
  let c = t - i * channels;
  let q = quad(pair(grid[2u * i], p.w), pair(grid[2u * i + 1u], p.h), quotient(i, p.plane));
  let inside = q.inside > vec4f(0.0);
  var sum = select(vec4f(0.0), x4[q.at.x * channels + c], inside.x);
  if (NEAREST == 0u) {
    sum = sum * q.weight.x
      + select(vec4f(0.0), x4[q.at.y * channels + c], inside.y) * q.weight.y
      + select(vec4f(0.0), x4[q.at.z * channels + c], inside.z) * q.weight.z
      + select(vec4f(0.0), x4[q.at.w * channels + c], inside.w) * q.weight.w;
  }
  if (lost(i)) { sum = vec4f(quiet_nan()); }
  out4[t] = sum;
}

@compute @workgroup_size(WG)
fn grid_gradient(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_index(gid, groups);
  if (i >= p.pixels) { return; }
  let sx = pair(grid[2u * i], p.w);
  let sy = pair(grid[2u * i + 1u], p.h);
  let q = quad(sx, sy, quotient(i, p.plane));
  let inside = q.inside > vec4f(0.0);
  var across = 0.0;
  var down = 0.0;
  for (var c = 0u; c < p.channels; c++) {
    let v = select(vec4f(0.0), vec4f(x[q.at.x * p.channels + c], x[q.at.y * p.channels + c], x[q.at.z * p.channels + c], x[q.at.w * p.channels + c]), inside);
    let g = grad[i * p.channels + c];
    across += g * mix(v.y - v.x, v.w - v.z, sy.weight);
    down += g * mix(v.z - v.x, v.w - v.y, sx.weight);
  }
  across *= sx.slope;
  down *= sy.slope;
  if (lost(i)) {
    across = quiet_nan();
    down = across;
  }
  out[2u * i] = across;
  out[2u * i + 1u] = down;
}

@compute @workgroup_size(WG)
fn taps(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = flat_index(gid, groups);
  if (i >= p.pixels) { return; }
  let q = quad(pair(grid[2u * i], p.w), pair(grid[2u * i + 1u], p.h), quotient(i, p.plane));
  let count = select(4u, 1u, NEAREST == 1u);
  for (var k = 0u; k < count; k++) {
    let tap = i * count + k;
    let read = q.inside[k] > 0.0;
    indices[tap] = select(0xffffffffu, q.at[k], read);
    for (var c = 0u; c < p.channels; c++) { rows[tap * p.channels + c] = q.weight[k] * grad[i * p.channels + c]; }
  }
}
