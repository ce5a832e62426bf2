// conv2d-lanes-input-gradient.wgsl - the input gradient of a strided conv2d (and so the transposed convolution) in registers, the lanes of a
// subgroup loading for one another, for adapters that are CPUs. For stride 1 it is a convolution with mirrored taps: conv2d-lanes.wgsl.
//
//   out[n,y,x,c] = act(bias[c] + Σ o,i,j: grad[n, (y + top − i·DH) / SH, (x + left − j·DW) / SW, group(c)·k + o] · weight[o,i,j,c] (+ residual[n,y,x,c]))
//   over the taps where both divisions leave no remainder and land inside grad
//
// Layouts: grad NHWC [n,gh,gw,gc]; `packed` as panels of LANES vec4s of channels of the result, each [kh·kw·k + 1, LANES], the last panel
//   as narrow as is left; the last row is the bias (conv2d-pack.wgsl); out NHWC [n,h,w,c], rows of out_stride vec4s.
// Entries: transposed computes TP pixels times 4·LANES channels per team of LANES lanes, a vec4 of channels per lane; transposed_residual
//   adds a tensor shaped like `out`. Which taps contribute depends on y mod SH and x mod SW only: each of the SH·SW planes of pixels that
//   share these remainders is a layer (z) of the dispatch, and its pixels are counted in the flattened (n, y / SH, x / SW).
// Edges: as in conv2d-lanes.wgsl. All channels of a team lie in one group.
// Accumulation: f32, the bias first, then taps row by row, channels innermost. A gather: deterministic.
// Why it is fast on a CPU: see conv2d-lanes.wgsl; no multiplication by the zeros between strides is ever made.

enable subgroups;

//!include "lib/grid.wgsl"
//!include "lib/activate.wgsl"
//!include "lib/conv2d-planes.wgsl"

/// Lanes that load for one another: a subgroup, or a half or quarter of one (threads of a subgroup are neighbours). TP = LANES · LOADS.
const LANES: u32 = 8u; //!tune
const LOADS: u32 = 2u; //!tune
const TP: u32 = 16u; //!tune
//!variant LANES=4 LOADS=4

/// Sums, bias included, of this lane's vec4 of channels `c`, and the pixels of `out` that this lane loaded for; its team's lanes count from `team` on.
struct Tile { acc: array<vec4f, TP>, pixel: array<u32, LOADS>, c: u32, team: u32 }

fn tile(plane: Plane, t: u32, invocation: u32) -> Tile {
  var made: Tile;
  // Threads beyond the last team do its work again: all lanes stay together.
  let number = min(t, p.total - 1u) / LANES;
  let lane = invocation % LANES;
  made.team = invocation - lane;
  let c = min(number / p.tiles * LANES + lane, p.c4 - 1u);
  made.c = c;
  let panel = c / LANES * LANES;
  let width = min(LANES, p.c4 - panel);
  let rows = p.kh * p.kw * p.k;
  let weights = (rows + 1u) * panel + c - panel;
  let bias = packed[weights + rows * width];
  //!unroll
  for (var i = 0u; i < TP; i++) {
    made.acc[i] = bias;
  }
  var y: array<u32, LOADS>;
  var column: array<u32, LOADS>;
  var image: array<u32, LOADS>;
  //!unroll
  for (var q = 0u; q < LOADS; q++) {
    let own = min(number % p.tiles * TP + q * LANES + lane, p.n * plane.rows * plane.columns - 1u);
    let line = own / plane.columns;
    column[q] = own % plane.columns;
    y[q] = line % plane.rows;
    image[q] = line / plane.rows;
    made.pixel[q] = (image[q] * p.h + y[q] * p.sh + plane.ry) * p.w + column[q] * p.sw + plane.rx;
  }
  let k0 = c / p.group4 * p.k;
  for (var ky = 0u; ky < p.kh; ky++) {
    // (y·SH + ry + top − ky·DH) / SH is y plus this, when there is no remainder; a multiple of SH keeps the number above zero.
    let up = plane.ry + p.top + p.sh * p.kh * p.dh - ky * p.dh;
    let dy = up / p.sh - p.kh * p.dh;
    for (var kx = 0u; kx < p.kw; kx++) {
      let across = plane.rx + p.left + p.sw * p.kw * p.dw - kx * p.dw;
      let dx = across / p.sw - p.kw * p.dw;
      let hit = (up % p.sh == 0u) & (across % p.sw == 0u);
      var start: array<u32, LOADS>;
      var inside: array<bool, LOADS>;
      //!unroll
      for (var q = 0u; q < LOADS; q++) {
        let gy = y[q] + dy;
        let gx = column[q] + dx;
        inside[q] = (gy < p.gh) & (gx < p.gw);
        start[q] = ((image[q] * p.gh + min(gy, p.gh - 1u)) * p.gw + min(gx, p.gw - 1u)) * p.gc + k0;
      }
      let row = weights + (ky * p.kw + kx) * p.k * width;
      let count = select(0u, p.k, hit);
      for (var o = 0u; o < count; o++) {
        let w = packed[row + o * width];
        //!unroll
        for (var q = 0u; q < LOADS; q++) {
          let own = select(0.0, grad[start[q] + o], inside[q]);
          //!unroll
          for (var i = 0u; i < LANES; i++) {
            made.acc[q * LANES + i] += subgroupShuffle(own, made.team + i) * w;
          }
        }
      }
    }
  }
  return made;
}

@compute @workgroup_size(WG)
fn transposed(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(workgroup_id) wid: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let plane = plane_of(wid.z);
  if (plane.rows * plane.columns == 0u) { return; }
  let made = tile(plane, flat_index(gid, groups), lane);
  //!unroll
  for (var q = 0u; q < LOADS; q++) {
    //!unroll
    for (var i = 0u; i < LANES; i++) {
      out[subgroupShuffle(made.pixel[q], made.team + i) * p.out_stride + p.out_offset + made.c] = activate(made.acc[q * LANES + i]);
    }
  }
}

@compute @workgroup_size(WG)
fn transposed_residual(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(workgroup_id) wid: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let plane = plane_of(wid.z);
  if (plane.rows * plane.columns == 0u) { return; }
  let made = tile(plane, flat_index(gid, groups), lane);
  //!unroll
  for (var q = 0u; q < LOADS; q++) {
    //!unroll
    for (var i = 0u; i < LANES; i++) {
      let pixel = subgroupShuffle(made.pixel[q], made.team + i);
      out[pixel * p.out_stride + p.out_offset + made.c] = activate(made.acc[q * LANES + i] + residual[pixel * p.c4 + made.c]);
    }
  }
}
