// conv2d-lanes.wgsl - convolution in registers whose pixels the lanes of a subgroup load for one another, for adapters that are CPUs.
//
//   out[n,y,x,o] = act(bias[o] + Σ i,j,c: x[n, y·SH − top + i·DH, x·SW − left + j·DW, group(o)·cg + c] · weight[o,i,j,c] (+ residual[n,y,x,o]))
//
// Layouts: x NHWC; `packed` as panels of LANES vec4s of output channels, each [kh·kw·cg + 1, LANES], the last panel as narrow as is left;
//   the last row is the bias (written by conv2d-pack.wgsl); out NHWC, rows of out_stride vec4s, from out_offset on.
// Entries: forward computes TP pixels, consecutive in the flattened (n,y,x), times 4·LANES channels per team of LANES lanes, a vec4 of
//   channels per lane; forward_residual adds a tensor shaped like `out` (dense) before the activation.
// Edges: each lane clamps the pixels that it loads (coordinates are unsigned, so that one before the edge is huge) and puts zero
//   in place of what was outside. Past the last pixel, and in lanes past the last channel, the last is computed and stored again.
//   All channels of a team lie in one group.
// Accumulation: f32, the bias first, then taps row by row, channels innermost.
//
// Why it is fast on a CPU: lavapipe and SwiftShader run a subgroup in one vector register. A load costs them ten multiply-adds, since each lane
//   makes it for itself; handing a lane's number to all is one instruction. So TP pixels cost TP / LANES loads, where every lane
//   loading every pixel (conv2d-direct.wgsl, conv2d-columns.wgsl) costs TP: half the time of those on lavapipe.

enable subgroups;

//!include "lib/grid.wgsl"
//!include "lib/activate.wgsl"
//!include "lib/conv2d-blocks.wgsl"

/// Lanes that load for one another: a subgroup, or a half or quarter of one (threads of a subgroup are neighbours). TP = LANES · LOADS.
const LANES: u32 = 8u; //!tune
const LOADS: u32 = 2u; //!tune
const TP: u32 = 16u; //!tune
//!variant LANES=4 LOADS=4

/// What a team computes: TP pixels from `first` on, and in its lane `lane` the vec4 of channels `o`. Its lanes count from `team` on.
struct Place { first: u32, o: u32, lane: u32, team: u32 }

fn place(t: u32, lane: u32) -> Place {
  let tiles = (p.pixels + TP - 1u) / TP;
  // Threads beyond the last team do its work again: all lanes stay together.
  let number = min(t, p.total - 1u) / LANES;
  let own = lane % LANES;
  return Place(number % tiles * TP, min(number / tiles * LANES + own, p.o4 - 1u), own, lane - own);
}

/// Sums of TP pixels and 4 channels, bias included.
fn tile(at: Place) -> array<vec4f, TP> {
  var acc: array<vec4f, TP>;
  let panel = at.o / LANES * LANES;
  let width = min(LANES, p.o4 - panel);
  let rows = p.kh * p.kw * p.cg;
  let weights = (rows + 1u) * panel + at.o - panel;
  let bias = packed[weights + rows * width];
  //!unroll
  for (var i = 0u; i < TP; i++) {
    acc[i] = bias;
  }
  var y: array<u32, LOADS>;
  var column: array<u32, LOADS>;
  var plane: array<u32, LOADS>;
  //!unroll
  for (var k = 0u; k < LOADS; k++) {
    let pixel = min(at.first + k * LANES + at.lane, p.pixels - 1u);
    let line = pixel / p.ow;
    column[k] = pixel % p.ow * p.sw - p.left;
    y[k] = line % p.oh * p.sh - p.top;
    plane[k] = line / p.oh * p.h;
  }
  let c0 = at.o / p.group4 * p.cg;
  for (var ky = 0u; ky < p.kh; ky++) {
    for (var kx = 0u; kx < p.kw; kx++) {
      var start: array<u32, LOADS>;
      var inside: array<bool, LOADS>;
      //!unroll
      for (var k = 0u; k < LOADS; k++) {
        let iy = y[k] + ky * p.dh;
        let ix = column[k] + kx * p.dw;
        inside[k] = (iy < p.h) & (ix < p.w);
        start[k] = ((plane[k] + min(iy, p.h - 1u)) * p.w + min(ix, p.w - 1u)) * p.c + c0;
      }
      let row = weights + (ky * p.kw + kx) * p.cg * width;
      for (var c = 0u; c < p.cg; c++) {
        let w = packed[row + c * width];
        //!unroll
        for (var k = 0u; k < LOADS; k++) {
          let own = select(0.0, x[start[k] + c], inside[k]);
          //!unroll
          for (var i = 0u; i < LANES; i++) {
            acc[k * LANES + i] += subgroupShuffle(own, at.team + i) * w;
          }
        }
      }
    }
  }
  return acc;
}

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let at = place(flat_index(gid, groups), lane);
  let acc = tile(at);
  //!unroll
  for (var i = 0u; i < TP; i++) {
    out[min(at.first + i, p.pixels - 1u) * p.out_stride + p.out_offset + at.o] = activate(acc[i]);
  }
}

@compute @workgroup_size(WG)
fn forward_residual(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let at = place(flat_index(gid, groups), lane);
  let acc = tile(at);
  //!unroll
  for (var i = 0u; i < TP; i++) {
    let pixel = min(at.first + i, p.pixels - 1u);
    out[pixel * p.out_stride + p.out_offset + at.o] = activate(acc[i] + residual[pixel * p.o4 + at.o]);
  }
}
