// lib/gemm-rows.wgsl - for lib/gemm.wgsl: tiles of an A that is stored with k innermost (pixels with their channels).
//
// The tile stands in workgroup memory as it is stored: BM lines of K4 vec4s, four consecutive k each, and PAD vec4s. A thread that
// reads one vec4 of A and 4·QUADS of B has 16·QUADS multiply-adds from them: per four k, ROWS + 4·QUADS vec4s for
// 16·ROWS·QUADS multiply-adds. Thread y sums the rows y + i·TY.

const A_LINE: u32 = K4 + PAD;
const A_SIZE: u32 = BM * A_LINE;
/// Vec4s of A that are fetched per tile.
const A_SLOTS: u32 = BM * K4;

fn line_of(slot: u32) -> u32 { return slot / K4; }

/// The same for all slots of a thread: THREADS is a multiple of K4.
fn depth_of(slot: u32) -> u32 { return slot % K4 * 4u; }

fn a_place(slot: u32) -> u32 { return slot / K4 * A_LINE + slot % K4; }

fn row_of(y: u32, i: u32) -> u32 { return y + i * TY; }

fn multiply(stage: u32, column: u32, line: u32) {
  let at = stage % (KS * BUFFERS) * STAGE;
  let x = column % TX;
  let y = line % TY;
  for (var turn = 0u; turn < K4 / KU; turn++) {
    //!unroll
    for (var u = 0u; u < KU; u++) {
      let k = turn * KU + u;
      var b0: array<vec4f, QUADS>;
      var b1: array<vec4f, QUADS>;
      var b2: array<vec4f, QUADS>;
      var b3: array<vec4f, QUADS>;
      let b_at = at + A_SIZE + k * (4u * BN4) + x;
      //!unroll
      for (var q = 0u; q < QUADS; q++) {
        b0[q] = tiles[b_at + q * TX];
        b1[q] = tiles[b_at + BN4 + q * TX];
        b2[q] = tiles[b_at + 2u * BN4 + q * TX];
        b3[q] = tiles[b_at + 3u * BN4 + q * TX];
      }
      //!unroll
      for (var i = 0u; i < ROWS; i++) {
        let a = tiles[at + (y + i * TY) * A_LINE + k];
        //!unroll
        for (var q = 0u; q < QUADS; q++) {
          acc[i * QUADS + q] += a.x * b0[q];
          acc[i * QUADS + q] += a.y * b1[q];
          acc[i * QUADS + q] += a.z * b2[q];
          acc[i * QUADS + q] += a.w * b3[q];
        }
      }
    }
  }
}
