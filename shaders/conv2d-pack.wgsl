// conv2d-pack.wgsl - what the direct convolutions want to read: weights in tile order, channels that fill vec4s.
//
// pack            packed[(tap·k + j)·wide + o] = weight[o,tap,j]                       for conv2d, k = c / groups
// pack_gradient   packed[(tap·k + j)·wide + c] = weight[g·k + j, tap or its mirror image, c − g·cg]   for its input gradient,
//                                                k = o / groups, g = c / cg
//   The last row of both is the bias (zeros without HAS_BIAS, when any buffer stands in its place); columns from `width` on are zero.
//   FILL rows of zeros follow the k rows of each tap, where the map that is contracted over has been given as many channels of zeros.
// rechannel       out[pixel, c] = x[pixel, c], or zero for channels that x does not have; `out` may be a slice of wider rows.
//
// Layouts: weight OHWI [o, taps, cg]; packed [taps·(k + FILL) + 1, wide], or panels of it; maps [pixels, channels]. One thread per vec4 of weights, or per float
//   of a map, that is written.

//!include "lib/divide.wgsl"
//!include "lib/grid.wgsl"

struct Params {
  total: u32,  // vec4s of weights or floats of a map to write
  taps: u32,
  k: u32,      // channels that one output channel sums over
  cg: u32,     // last axis of weight
  width: u32,  // channels of the result (of x in rechannel)
  wide: u32,   // floats in a row that is written
  mirror: u32, // 1: taps in reverse order
  out_stride: u32, out_offset: u32,
  panel: u32,  // floats of a row that stand together: all `wide`, or as many as a panel has, a multiple of 4
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> packed: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

override HAS_BIAS: u32 = 0;
override FILL: u32 = 0;

/// The bias of a column of the last row.
fn bias_at(column: u32) -> f32 {
  if (HAS_BIAS == 0u) { return 0.0; }
  return bias[min(column, p.width - 1u)];
}

/// A vec4 of `packed`: its row, which is row j of a tap, its first column, and where it stands among panels one after the other, the last as wide as is left.
struct Cell { tap: u32, j: u32, column: u32, at: u32 }

fn cell(t: u32) -> Cell {
  let row = quotient(t, p.wide / 4u);
  let column = (t - row * (p.wide / 4u)) * 4u;
  let tap = quotient(row, p.k + FILL);
  let first = quotient(column, p.panel) * p.panel;
  let rows = p.taps * (p.k + FILL) + 1u;
  return Cell(tap, row - tap * (p.k + FILL), column, (rows * first + row * min(p.panel, p.wide - first) + column - first) / 4u);
}

@compute @workgroup_size(WG)
fn pack(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let to = cell(t);
  var value = vec4f();
  for (var i = 0u; i < min(4u, p.width - min(to.column, p.width)); i++) {
    let o = to.column + i;
    if (to.tap == p.taps) {
      value[i] = bias_at(o);
    } else if (to.j < p.k) {
      value[i] = weight[(o * p.taps + to.tap) * p.k + to.j];
    }
  }
  packed[to.at] = value;
}

@compute @workgroup_size(WG)
fn pack_gradient(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let to = cell(t);
  let seen = select(to.tap, p.taps - 1u - to.tap, p.mirror == 1u);
  var group = quotient(to.column, p.cg);
  var within = to.column - group * p.cg;
  var value = vec4f();
  for (var i = 0u; i < min(4u, p.width - min(to.column, p.width)); i++) {
    if (to.tap == p.taps) {
      value[i] = bias_at(to.column + i);
    } else if (to.j < p.k) {
      value[i] = weight[((group * p.k + to.j) * p.taps + seen) * p.cg + within];
    }
    within += 1u;
    if (within == p.cg) {
      within = 0u;
      group += 1u;
    }
  }
  packed[to.at] = value;
}

@compute @workgroup_size(WG)
fn rechannel(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let pixel = quotient(t, p.wide);
  let c = t - pixel * p.wide;
  out[pixel * p.out_stride + p.out_offset + c] = select(0.0, x[pixel * p.width + min(c, p.width - 1u)], c < p.width);
}
