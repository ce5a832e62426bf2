// conv2d-direct.wgsl - convolution in registers, for adapters that are CPUs (and correct everywhere).
//
//   out[n,y,x,o] = act(bias[o] + Σ i,j,c: x[n, y·SH − top + i·DH, x·SW − left + j·DW, group(o)·cg + c] · weight[o,i,j,c] (+ residual[n,y,x,o]))
//
// Layouts: x NHWC; `packed` [kh·kw·cg + 1] rows of o4 vec4s: output channels innermost, filled up with zeros to a multiple
//   of 4, the last row is the bias (written by conv2d-pack.wgsl); out NHWC, rows of out_stride vec4s, from out_offset on.
// Entries: forward computes TP pixels, consecutive in the flattened (n,y,x), times 4·TQ channels per thread (TILE = TP·TQ);
//   forward_residual adds a tensor shaped like `out` (dense) before the activation.
// Edges: coordinates are unsigned, so that one before the edge is huge; they are clamped into x and what was outside is
//   replaced by zero, which costs no branch. Past the last pixel, the last is computed again and stored with the same value.
//   All channels of a thread lie in one group: o / groups is a multiple of 4·TQ, or there is one group.
// Accumulation: f32, the bias first, then taps row by row, channels innermost.
//
// Why it is fast on a CPU: see conv2d-columns.wgsl, which is faster for horizontal stride 1 and long rows. Here each loaded
//   number serves 4 multiply-adds (TP = 8, TQ = 2), in a loop small enough for the instruction cache.

//!include "lib/grid.wgsl"
//!include "lib/activate.wgsl"
//!include "lib/conv2d-blocks.wgsl"

const TP: u32 = 8u; //!tune
const TQ: u32 = 2u; //!tune
const TILE: u32 = 16u; //!tune

/// Sums of TP pixels from `first` on and 4·TQ channels from the vec4 `o` on, bias included.
fn tile(first: u32, o: u32) -> array<vec4f, TILE> {
  var acc: array<vec4f, TILE>;
  var y: array<u32, TP>;
  var column: array<u32, TP>;
  var plane: array<u32, TP>;
  let bias_row = p.kh * p.kw * p.cg * p.o4 + o;
  // One division for the first pixel; the others follow by counting, and the last of all stays where it is.
  let line = first / p.ow;
  var at_column = first % p.ow;
  var at_y = line % p.oh;
  var at_image = line / p.oh;
  //!unroll
  for (var i = 0u; i < TP; i++) {
    y[i] = at_y * p.sh - p.top;
    column[i] = at_column * p.sw - p.left;
    plane[i] = at_image * p.h;
    let more = first + i + 1u < p.pixels;
    let last_column = at_column + 1u == p.ow;
    let last_y = last_column & (at_y + 1u == p.oh);
    at_image = select(at_image, at_image + 1u, more & last_y);
    at_y = select(at_y, select(at_y + 1u, 0u, last_y), more & last_column);
    at_column = select(at_column, select(at_column + 1u, 0u, last_column), more);
    //!unroll
    for (var q = 0u; q < TQ; q++) {
      acc[i * TQ + q] = packed[bias_row + q];
    }
  }
  let c0 = o / p.group4 * p.cg;
  for (var ky = 0u; ky < p.kh; ky++) {
    for (var kx = 0u; kx < p.kw; kx++) {
      var at: array<u32, TP>;
      var inside: array<bool, TP>;
      //!unroll
      for (var i = 0u; i < TP; i++) {
        let iy = y[i] + ky * p.dh;
        let ix = column[i] + kx * p.dw;
        inside[i] = (iy < p.h) & (ix < p.w);
        at[i] = ((plane[i] + min(iy, p.h - 1u)) * p.w + min(ix, p.w - 1u)) * p.c + c0;
      }
      let row = (ky * p.kw + kx) * p.cg;
      for (var c = 0u; c < p.cg; c++) {
        var v: array<f32, TP>;
        //!unroll
        for (var i = 0u; i < TP; i++) {
          v[i] = select(0.0, x[at[i] + c], inside[i]);
        }
        let wr = (row + c) * p.o4 + o;
        //!unroll
        for (var q = 0u; q < TQ; q++) {
          let wq = packed[wr + q];
          //!unroll
          for (var i = 0u; i < TP; i++) {
            acc[i * TQ + q] += v[i] * wq;
          }
        }
      }
    }
  }
  return acc;
}

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let blocks = p.o4 / TQ;
  let o = t % blocks * TQ;
  let first = t / blocks * TP;
  let acc = tile(first, o);
  //!unroll
  for (var i = 0u; i < TP; i++) {
    let pixel = min(first + i, p.pixels - 1u);
    //!unroll
    for (var q = 0u; q < TQ; q++) {
      out[pixel * p.out_stride + p.out_offset + o + q] = activate(acc[i * TQ + q]);
    }
  }
}

@compute @workgroup_size(WG)
fn forward_residual(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let blocks = p.o4 / TQ;
  let o = t % blocks * TQ;
  let first = t / blocks * TP;
  let acc = tile(first, o);
  //!unroll
  for (var i = 0u; i < TP; i++) {
    let pixel = min(first + i, p.pixels - 1u);
    //!unroll
    for (var q = 0u; q < TQ; q++) {
      out[pixel * p.out_stride + p.out_offset + o + q] = activate(acc[i * TQ + q] + residual[pixel * p.o4 + o + q]);
    }
  }
}
