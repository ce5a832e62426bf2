// conv2d-pack.wgsl - what the direct convolutions want to read: weights in tile order, channels that fill vec4s.
//
// pack            packed[(tap·k + j)·wide + o] = weight[o,tap,j]                       for conv2d, k = c / groups
// pack_gradient   packed[(tap·k + j)·wide + c] = weight[g·k + j, tap or its mirror image, c − g·cg]   for its input gradient,
//                                                k = o / groups, g = c / cg
//   The last row of both is the bias (zeros without HAS_BIAS, when any buffer stands in its place); columns from `width` on are zero.
//   FILL rows of zeros follow the k rows of each tap, where the map that is contracted over has been given as many channels of zeros.
// rechannel       out[pixel, c] = x[pixel, c], or zero for channels that x does not have; `out` may be a slice of wider rows.
//
// Layouts: weight OHWI [o, taps, cg]; packed [taps·(k + FILL) + 1, wide], or panels of it; maps [pixels, channels]. One thread per float written.

//!include "lib/grid.wgsl"

struct Params {
  total: u32,  // floats to write
  taps: u32,
  k: u32,      // channels that one output channel sums over
  cg: u32,     // last axis of weight
  width: u32,  // channels of the result (of x in rechannel)
  wide: u32,   // floats in a row that is written
  mirror: u32, // 1: taps in reverse order
  out_stride: u32, out_offset: u32,
  panel: u32,  // floats of a row that stand together: all `wide`, or as many as a panel has
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> packed: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

override HAS_BIAS: u32 = 0;
override FILL: u32 = 0;

/// The bias of a column of the last row.
fn bias_at(column: u32) -> f32 {
  if (HAS_BIAS == 0u) { return 0.0; }
  return bias[min(column, p.width - 1u)];
}

/// Where column o of a row stands: panels one after the other, the last as wide as is left.
fn panelled(row: u32, o: u32) -> u32 {
  let first = o / p.panel * p.panel;
  let rows = p.taps * (p.k + FILL) + 1u;
  return rows * first + row * min(p.panel, p.wide - first) + o - first;
}

@compute @workgroup_size(WG)
fn pack(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let o = t % p.wide;
  let row = t / p.wide;
  let tap = row / (p.k + FILL);
  let j = row % (p.k + FILL);
  var value = 0.0;
  if (o < p.width) {
    if (tap == p.taps) {
      value = bias_at(o);
    } else if (j < p.k) {
      value = weight[(o * p.taps + tap) * p.k + j];
    }
  }
  packed[panelled(row, o)] = value;
}

@compute @workgroup_size(WG)
fn pack_gradient(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let c = t % p.wide;
  let row = t / p.wide;
  let tap = row / (p.k + FILL);
  let j = row % (p.k + FILL);
  var value = 0.0;
  if (c < p.width) {
    if (tap == p.taps) {
      value = bias_at(c);
    } else if (j < p.k) {
      let seen = select(tap, p.taps - 1u - tap, p.mirror == 1u);
      value = weight[((c / p.cg * p.k + j) * p.taps + seen) * p.cg + c % p.cg];
    }
  }
  packed[panelled(row, c)] = value;
}

@compute @workgroup_size(WG)
fn rechannel(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let c = t % p.wide;
  let pixel = t / p.wide;
  out[pixel * p.out_stride + p.out_offset + c] = select(0.0, x[pixel * p.width + min(c, p.width - 1u)], c < p.width);
}
