// depthwise-conv2d-weight-gradient.wgsl - the weight gradient of a depthwise convolution (groups = channels), in registers.
//
//   out[c,i,j] = Σ n,y,x: grad[n,y,x,c] · x[n, y·sh − top + i·dh, x·sw − left + j·dw, c]
//
// Layouts: x and grad NHWC with whole vec4s of channels; `sums` is `chunks` times [KH·KW] rows of c4 vec4s; out OHWI, dense.
// Entries: partial adds up TH rows of KW taps for one vec4 of channels over one chunk of the pixels per thread. A chunk is
//   `per_chunk` spots one after the other, a spot TX columns times up to `rows` rows of grad of one image. reduce adds
//   `fan` chunks up, one thread per vec4; finish adds up the last of them and writes `out`, one thread per weight.
// Columns and rows of a spot stand step_x = dw / gcd(sw, dw) and step_y apart, so that in x they are a multiple of the
//   dilation apart, SX = sw / gcd(sw, dw) and SY times, and neighbours share what they read whatever the dilation is.
// Edges: coordinates are unsigned, one before the edge is huge; they are clamped and what was outside is replaced by zero.
// Accumulation: f32, over the pixels of a chunk in order, then chunk by chunk in a tree: the same bits every time. No atomics.
//
// Why it is fast: the pixels are split among as many threads as the machine wants, and each slides down its spot: a row of x
//   is read once, as WINDOW = (TX − 1)·SX + KW vec4s, and meets the LIVE = ⌈TH / SY⌉ rows of grad that reach it, which stand
//   in registers like the sums. For 3×3 and TX = 4, 10 loads serve 36 multiply-adds of vec4s.

//!include "lib/grid.wgsl"
//!variant TX=2 TH=1 KH=5 KW=5 TAPS=5 SY=2 SX=2 LIVE=1 ROWS=1 WINDOW=7

struct Params {
  total: u32,   // threads with work
  h: u32, w: u32,
  oh: u32, ow: u32,
  c4: u32,      // vec4s of a pixel
  top: u32, left: u32,
  sh: u32, sw: u32,
  dh: u32, dw: u32,
  step_y: u32, step_x: u32,
  strips: u32,  // spots above one another
  tiles: u32,   // spots beside one another
  rows: u32,    // of a spot
  spots: u32, // of all images
  per_chunk: u32,
  chunks: u32,  // that are read
  fan: u32,     // chunks that reduce adds up per thread
  c: u32,       // channels of the weight
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> grad: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> sums: array<vec4f>;

@group(0) @binding(1) var<storage, read> parts: array<vec4f>;
@group(0) @binding(1) var<storage, read> last_parts: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

override KH: u32 = 3u;
const KW: u32 = 3u; //!tune
/// Rows of the kernel that a thread computes, from a multiple of TH on, and TAPS = TH·KW.
const TH: u32 = 3u; //!tune
const TAPS: u32 = 9u; //!tune
const TX: u32 = 4u; //!tune
const SY: u32 = 1u; //!tune
const SX: u32 = 1u; //!tune
/// Rows of grad that meet one row of x.
const LIVE: u32 = 3u; //!tune
/// Rows of x that one row of grad is further down than the last and that any tap reads: min(SY, TH).
const ROWS: u32 = 1u; //!tune
const WINDOW: u32 = 6u; //!tune

/// The sums of a thread, and the rows of grad under way, the youngest first.
struct State { acc: array<vec4f, TAPS>, g: array<vec4f, LIVE * TX> }

/// Moves one row of grad down: `r` of `count`, from `row` on, of the columns from `column` on; kernel rows from `ky` on.
fn slide(given: State, c: u32, image: u32, row: u32, column: u32, count: u32, r: u32, ky: u32) -> State {
  var s = State(given.acc, array<vec4f, LIVE * TX>());
  let gy = (image * p.oh + min(row + r * p.step_y, p.oh - 1u)) * p.ow;
  //!unroll
  for (var i = 0u; i < TX; i++) {
    let gx = column + i * p.step_x;
    s.g[i] = select(vec4f(), grad[(gy + min(gx, p.ow - 1u)) * p.c4 + c], (r < count) & (gx < p.ow));
    //!unroll
    for (var j = 1u; j < LIVE; j++) {
      s.g[j * TX + i] = given.g[(j - 1u) * TX + i];
    }
  }
  //!unroll
  for (var q = 0u; q < ROWS; q++) {
    let iy = row * p.sh - p.top + (r * SY + q + ky) * p.dh;
    let line = (image * p.h + min(iy, p.h - 1u)) * p.w;
    var v: array<vec4f, WINDOW>;
    //!unroll
    for (var k = 0u; k < WINDOW; k++) {
      let ix = column * p.sw - p.left + k * p.dw;
      v[k] = select(vec4f(), x[(line + min(ix, p.w - 1u)) * p.c4 + c], (iy < p.h) & (ix < p.w));
    }
    //!unroll
    for (var j = 0u; j < LIVE; j++) {
      if (j * SY + q < TH) {
        //!unroll
        for (var kx = 0u; kx < KW; kx++) {
          //!unroll
          for (var i = 0u; i < TX; i++) {
            s.acc[min(j * SY + q, TH - 1u) * KW + kx] += s.g[j * TX + i] * v[i * SX + kx];
          }
        }
      }
    }
  }
  return s;
}

@compute @workgroup_size(WG)
fn partial(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let c = t % p.c4;
  let ky = t / p.c4 % (KH / TH) * TH;
  let chunk = t / p.c4 / (KH / TH);
  var s: State;
  let end = min((chunk + 1u) * p.per_chunk, p.spots);
  for (var spot = chunk * p.per_chunk; spot < end; spot++) {
    let tile = spot % p.tiles;
    let strip = spot / p.tiles % p.strips;
    let row = strip / p.step_y * p.rows * p.step_y + strip % p.step_y;
    let column = tile / p.step_x * TX * p.step_x + tile % p.step_x;
    let count = min(p.rows, (max(p.oh, row) - row + p.step_y - 1u) / p.step_y);
    let steps = select(0u, count + LIVE - 1u, count > 0u);
    s.g = array<vec4f, LIVE * TX>();
    for (var r = 0u; r < steps; r++) {
      s = slide(s, c, spot / p.tiles / p.strips, row, column, count, r, ky);
    }
  }
  //!unroll
  for (var i = 0u; i < TAPS; i++) {
    sums[((chunk * KH + ky) * KW + i) * p.c4 + c] = s.acc[i];
  }
}

@compute @workgroup_size(WG)
fn reduce(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let size = KH * KW * p.c4;
  let end = min((t / size + 1u) * p.fan, p.chunks);
  var sum = vec4f();
  for (var chunk = t / size * p.fan; chunk < end; chunk++) {
    sum += parts[chunk * size + t % size];
  }
  sums[t] = sum;
}

@compute @workgroup_size(WG)
fn finish(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let c = t % p.c;
  let tap = t / p.c;
  var sum = 0.0;
  for (var chunk = 0u; chunk < p.chunks; chunk++) {
    sum += last_parts[((chunk * KH * KW) + tap) * p.c4 * 4u + c];
  }
  out[c * KH * KW + tap] = sum;
}
