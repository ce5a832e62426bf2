// conv2d-direct-input-gradient.wgsl - the input gradient of a strided conv2d (and so the transposed convolution) in registers,
// for adapters that are CPUs (and correct everywhere). For stride 1 it is a convolution with mirrored taps: conv2d-direct.wgsl.
//
//   out[n,y,x,c] = act(bias[c] + Σ o,i,j: grad[n, (y + top − i·DH) / SH, (x + left − j·DW) / SW, group(c)·k + o] · weight[o,i,j,c] (+ residual[n,y,x,c]))
//   over the taps where both divisions leave no remainder and land inside grad
//
// Layouts: grad NHWC [n,gh,gw,gc]; `packed` [kh·kw·k + 1] rows of c4 vec4s: channels of the result innermost, filled up with
//   zeros to a multiple of 4, the last row is the bias (conv2d-pack.wgsl); out NHWC [n,h,w,c], rows of out_stride vec4s.
// Entries: transposed computes TP pixels times 4·TQ channels per thread; transposed_residual adds a tensor shaped like `out`.
//   Which taps contribute depends on y mod SH and x mod SW only, so the pixels of a thread share these remainders: they are
//   consecutive in the flattened (n, y / SH, x / SW) of one of SH·SW planes, and a tap is left out for all of them or for none.
// Edges: coordinates are unsigned, one before the edge is huge; they are clamped into grad and what was outside is replaced by
//   zero. Past the last pixel of a plane, the last is computed again and stored with the same value.
// Accumulation: f32, the bias first, then taps row by row, channels innermost. A gather: deterministic.
// Why it is fast on a CPU: see conv2d-direct.wgsl; no multiplication by the zeros between strides is ever made.

//!include "lib/grid.wgsl"
//!include "lib/activate.wgsl"
//!include "lib/conv2d-planes.wgsl"

const TP: u32 = 8u; //!tune
const TQ: u32 = 2u; //!tune
const TILE: u32 = 16u; //!tune

/// Sums, bias included, and the pixels of `out` that they belong to.
struct Tile { acc: array<vec4f, TILE>, pixel: array<u32, TP> }

fn tile(plane: Plane, first: u32, c: u32) -> Tile {
  var made: Tile;
  var y: array<u32, TP>;
  var column: array<u32, TP>;
  var image: array<u32, TP>;
  let bias_row = p.kh * p.kw * p.k * p.c4 + c;
  // One division for the first pixel; the others follow by counting, and the last of all stays where it is.
  let line = first / plane.columns;
  var at_column = first % plane.columns;
  var at_y = line % plane.rows;
  var at_image = line / plane.rows;
  //!unroll
  for (var i = 0u; i < TP; i++) {
    y[i] = at_y;
    column[i] = at_column;
    image[i] = at_image;
    made.pixel[i] = (at_image * p.h + at_y * p.sh + plane.ry) * p.w + at_column * p.sw + plane.rx;
    let last_column = at_column + 1u == plane.columns;
    let last_y = last_column & (at_y + 1u == plane.rows);
    let more = !(last_y & (at_image + 1u == p.n));
    at_image = select(at_image, at_image + 1u, more & last_y);
    at_y = select(at_y, select(at_y + 1u, 0u, last_y), more & last_column);
    at_column = select(at_column, select(at_column + 1u, 0u, last_column), more);
    //!unroll
    for (var q = 0u; q < TQ; q++) {
      made.acc[i * TQ + q] = packed[bias_row + q];
    }
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
      var at: array<u32, TP>;
      var inside: array<bool, TP>;
      //!unroll
      for (var i = 0u; i < TP; i++) {
        let gy = y[i] + dy;
        let gx = column[i] + dx;
        inside[i] = (gy < p.gh) & (gx < p.gw);
        at[i] = ((image[i] * p.gh + min(gy, p.gh - 1u)) * p.gw + min(gx, p.gw - 1u)) * p.gc + k0;
      }
      let row = (ky * p.kw + kx) * p.k;
      let count = select(0u, p.k, hit);
      for (var o = 0u; o < count; o++) {
        var v: array<f32, TP>;
        //!unroll
        for (var i = 0u; i < TP; i++) {
          v[i] = select(0.0, grad[at[i] + o], inside[i]);
        }
        let wr = (row + o) * p.c4 + c;
        //!unroll
        for (var q = 0u; q < TQ; q++) {
          let wq = packed[wr + q];
          //!unroll
          for (var i = 0u; i < TP; i++) {
            made.acc[i * TQ + q] += v[i] * wq;
          }
        }
      }
    }
  }
  return made;
}

@compute @workgroup_size(WG)
fn transposed(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let blocks = p.c4 / TQ;
  let c = t % blocks * TQ;
  let first = t / blocks % p.tiles * TP;
  let plane = plane_of(t / blocks / p.tiles);
  if (first >= p.n * plane.rows * plane.columns) { return; }
  let made = tile(plane, first, c);
  //!unroll
  for (var i = 0u; i < TP; i++) {
    let pixel = made.pixel[i];
    //!unroll
    for (var q = 0u; q < TQ; q++) {
      out[pixel * p.out_stride + p.out_offset + c + q] = activate(made.acc[i * TQ + q]);
    }
  }
}

@compute @workgroup_size(WG)
fn transposed_residual(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let blocks = p.c4 / TQ;
  let c = t % blocks * TQ;
  let first = t / blocks % p.tiles * TP;
  let plane = plane_of(t / blocks / p.tiles);
  if (first >= p.n * plane.rows * plane.columns) { return; }
  let made = tile(plane, first, c);
  //!unroll
  for (var i = 0u; i < TP; i++) {
    let pixel = made.pixel[i];
    //!unroll
    for (var q = 0u; q < TQ; q++) {
      out[pixel * p.out_stride + p.out_offset + c + q] = activate(made.acc[i * TQ + q] + residual[pixel * p.c4 + c + q]);
    }
  }
}
