// lib/gemm-columns.wgsl - for lib/gemm.wgsl: tiles of an A that is stored with m innermost (gradients, whose pixels are summed over).
//
// The tile stands in workgroup memory as it is stored: BK lines of BM / 4 vec4s, four consecutive rows each, and PAD vec4s. Per k a
// thread reads ROWS / 4 vec4s of A and QUADS of B for 4·ROWS·QUADS multiply-adds. Thread y sums the rows 4·(y + i·TY) … + 3; rows
// count in single ones, lanes of A in vec4s.

const BM4: u32 = BM / 4u;
const A_LINE: u32 = BM4 + PAD;
const A_SIZE: u32 = BK * A_LINE;
/// Vec4s of A that are fetched per tile.
const A_SLOTS: u32 = BK * BM4;
/// Vec4s of rows of one thread.
const ROWS4: u32 = 1u; //!tune

fn line_of(slot: u32) -> u32 { return slot % BM4; }

fn depth_of(slot: u32) -> u32 { return slot / BM4; }

fn a_place(slot: u32) -> u32 { return slot / BM4 * A_LINE + slot % BM4; }

fn row_of(y: u32, i: u32) -> u32 { return (y + i / 4u * TY) * 4u + i % 4u; }

fn multiply(stage: u32, column: u32, line: u32) {
  let at = stage % (KS * BUFFERS) * STAGE;
  let x = column % TX;
  let y = line % TY;
  for (var turn = 0u; turn < K4 / KU; turn++) {
    //!unroll
    for (var u = 0u; u < KU; u++) {
      let k = turn * KU + u;
      //!unroll
      for (var j = 0u; j < 4u; j++) {
        var row: array<vec4f, QUADS>;
        //!unroll
        for (var q = 0u; q < QUADS; q++) { row[q] = tiles[at + A_SIZE + (k * 4u + j) * BN4 + x + q * TX]; }
        //!unroll
        for (var i = 0u; i < ROWS4; i++) {
          let a = tiles[at + (k * 4u + j) * A_LINE + y + i * TY];
          //!unroll
          for (var q = 0u; q < QUADS; q++) {
            acc[i * 4u * QUADS + q] += a.x * row[q];
            acc[(i * 4u + 1u) * QUADS + q] += a.y * row[q];
            acc[(i * 4u + 2u) * QUADS + q] += a.z * row[q];
            acc[(i * 4u + 3u) * QUADS + q] += a.w * row[q];
          }
        }
      }
    }
  }
}
