// depthwise-conv2d.wgsl - convolution in which every channel has a kernel of its own (groups = channels), in registers.
//
//   out[n,y,x,c] = act(bias[c] + Σ i,j: x[n, y·sh − top + i·dh, x·sw − left + j·dw, c] · weight[c,i,j] (+ residual[n,y,x,c]))
//
// Layouts: x NHWC with whole vec4s of channels; `packed` [KH·KW + 1] rows of c4 vec4s, taps first, the bias last
//   (conv2d-pack.wgsl); out NHWC, rows of out_stride vec4s, from out_offset on.
// Entries: forward computes, for one vec4 of channels, TX columns of up to p.rows output rows per thread; forward_residual
//   adds a tensor shaped like `out` (dense) before the activation. With mirrored taps it is the input gradient of stride 1.
// Columns and rows of a thread stand step_x = dw / gcd(sw, dw) and step_y apart, so that in x they are a multiple of the
//   dilation apart, SX = sw / gcd(sw, dw) and SY times, and neighbours share what they read whatever the dilation is.
// Edges: coordinates are unsigned, one before the edge is huge; they are clamped into x and what was outside is replaced by
//   zero, which costs no branch. Past the last column of a row the last one is stored again with the same value.
// Accumulation: f32, the bias first, then taps row by row.
//
// Why it is fast: it slides along x and down. A row of x is read once, as WINDOW = (TX − 1)·SX + KW vec4s, and used for all
//   LIVE = ⌈KH / SY⌉ output rows that are under way, whose sums stand in registers like the weights: for 3×3 and
//   TX = 4, 6 loads serve 36 multiply-adds of vec4s, where one thread per value would need 72. (The first LIVE − 1 rows of a
//   thread are begun too late, and thrown away.) Neighbouring threads take neighbouring channels, so a GPU's loads coalesce.

//!include "lib/grid.wgsl"
//!include "lib/activate.wgsl"
//!variant TX=2 KH=5 KW=5 TAPS=25 SY=2 SX=2 LIVE=3 ROWS=2 WINDOW=7 KEEP=0

struct Params {
  total: u32,   // threads with work
  h: u32, w: u32,
  oh: u32, ow: u32,
  c4: u32,      // vec4s of a pixel of x, and of a row of `packed`
  top: u32, left: u32,
  sh: u32, sw: u32,
  dh: u32, dw: u32,
  step_y: u32, step_x: u32,
  strips: u32,  // threads that share the rows of a column
  tiles: u32,   // threads that share the columns of a row
  rows: u32,
  out_stride: u32, out_offset: u32, // in vec4s
  activation: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> packed: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(4) var<storage, read> residual: array<vec4f>;

const TX: u32 = 4u; //!tune
const KH: u32 = 3u; //!tune
const KW: u32 = 3u; //!tune
const TAPS: u32 = 9u; //!tune
const SY: u32 = 1u; //!tune
const SX: u32 = 1u; //!tune
/// Output rows under way.
const LIVE: u32 = 3u; //!tune
/// Rows of x that one output row is further down than the last and that any tap reads: min(SY, KH).
const ROWS: u32 = 1u; //!tune
const WINDOW: u32 = 6u; //!tune
/// 1: the weights stay in registers; 0: they are read again for every row.
const KEEP: u32 = 1u; //!tune

/// What a thread computes: a vec4 of channels of an image, columns from `column` on and `count` rows from `row` on.
struct Place { c: u32, image: u32, row: u32, column: u32, count: u32 }

fn place(t: u32) -> Place {
  let tile = t / p.c4 % p.tiles;
  let strip = t / p.c4 / p.tiles % p.strips;
  let row = strip / p.step_y * p.rows * p.step_y + strip % p.step_y;
  let count = min(p.rows, (max(p.oh, row) - row + p.step_y - 1u) / p.step_y);
  return Place(t % p.c4, t / p.c4 / p.tiles / p.strips, row, tile / p.step_x * TX * p.step_x + tile % p.step_x, count);
}

/// Bias and weights of a thread's channels.
struct Weights { bias: vec4f, tap: array<vec4f, LIVE * SY * KW> }

fn weights(c: u32) -> Weights {
  var w: Weights;
  w.bias = packed[KH * KW * p.c4 + c];
  if (KEEP == 1u) {
    //!unroll
    for (var i = 0u; i < TAPS; i++) {
      w.tap[i] = packed[i * p.c4 + c];
    }
  }
  return w;
}

/// Sums of the output rows under way, the youngest first.
struct Sums { at: array<vec4f, LIVE * TX> }

/// Lets every sum grow a row older and begins a row.
fn begin(sums: Sums, bias: vec4f) -> Sums {
  var next: Sums;
  //!unroll
  for (var i = 0u; i < TX; i++) {
    next.at[i] = bias;
    //!unroll
    for (var j = 1u; j < LIVE; j++) {
      next.at[j * TX + i] = sums.at[(j - 1u) * TX + i];
    }
  }
  return next;
}

/// Adds what the row of x at `line`, and those after it up to that of the next output row, bring to the sums.
fn add_rows(given: Sums, w: Weights, at: Place, line: u32) -> Sums {
  var sums = given;
  //!unroll
  for (var q = 0u; q < ROWS; q++) {
    let iy = line + q * p.dh;
    let start = (at.image * p.h + min(iy, p.h - 1u)) * p.w;
    var v: array<vec4f, WINDOW>;
    //!unroll
    for (var k = 0u; k < WINDOW; k++) {
      let ix = at.column * p.sw - p.left + k * p.dw;
      v[k] = select(vec4f(), x[(start + min(ix, p.w - 1u)) * p.c4 + at.c], (iy < p.h) & (ix < p.w));
    }
    //!unroll
    for (var j = 0u; j < LIVE; j++) {
      if (j * SY + q < KH) {
        //!unroll
        for (var kx = 0u; kx < KW; kx++) {
          var wk = w.tap[(j * SY + q) * KW + kx];
          if (KEEP == 0u) { wk = packed[((j * SY + q) * KW + kx) * p.c4 + at.c]; }
          //!unroll
          for (var i = 0u; i < TX; i++) {
            sums.at[j * TX + i] += v[i * SX + kx] * wk;
          }
        }
      }
    }
  }
  return sums;
}

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let at = place(t);
  if ((at.count == 0u) | (at.column >= p.ow)) { return; }
  let w = weights(at.c);
  var sums: Sums;
  for (var r = 0u; r < at.count + LIVE - 1u; r++) {
    sums = add_rows(begin(sums, w.bias), w, at, at.row * p.sh - p.top + r * SY * p.dh);
    if (r >= LIVE - 1u) {
      let line = (at.image * p.oh + at.row + (r - (LIVE - 1u)) * p.step_y) * p.ow;
      var last = sums.at[(LIVE - 1u) * TX];
      var column = at.column;
      //!unroll
      for (var i = 0u; i < TX; i++) {
        let inside = at.column + i * p.step_x < p.ow;
        last = select(last, sums.at[(LIVE - 1u) * TX + i], inside);
        column = select(column, at.column + i * p.step_x, inside);
        out[(line + column) * p.out_stride + p.out_offset + at.c] = activate(last);
      }
    }
  }
}

@compute @workgroup_size(WG)
fn forward_residual(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let at = place(t);
  if ((at.count == 0u) | (at.column >= p.ow)) { return; }
  let w = weights(at.c);
  var sums: Sums;
  for (var r = 0u; r < at.count + LIVE - 1u; r++) {
    sums = add_rows(begin(sums, w.bias), w, at, at.row * p.sh - p.top + r * SY * p.dh);
    if (r >= LIVE - 1u) {
      let line = (at.image * p.oh + at.row + (r - (LIVE - 1u)) * p.step_y) * p.ow;
      var last = sums.at[(LIVE - 1u) * TX];
      var column = at.column;
      //!unroll
      for (var i = 0u; i < TX; i++) {
        let inside = at.column + i * p.step_x < p.ow;
        last = select(last, sums.at[(LIVE - 1u) * TX + i], inside);
        column = select(column, at.column + i * p.step_x, inside);
        out[(line + column) * p.out_stride + p.out_offset + at.c] = activate(last + residual[(line + column) * p.c4 + at.c]);
      }
    }
  }
}
