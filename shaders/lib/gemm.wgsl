// lib/gemm.wgsl - the core of every tiled matrix product: C[m, n] = Σ over k of A[m, k] · B[k, n], tile by tile in workgroup memory.
//
// A workgroup of TX × TY × KS threads makes BM × BN of C (BM = ROWS·TY, BN = 4·QUADS·TX). It walks along k in tiles of BK = 4·K4:
// every thread fetches LA vec4s of A and LB of B into registers while the previous tile, which stands in workgroup memory, is
// multiplied; then they are staged, and a barrier lets everybody read them. With BUFFERS = 2 there are two places for a tile and
// one barrier per tile, with 1 there are two barriers. Each thread sums ROWS rows times QUADS vec4 columns of C in registers. They
// are interleaved, not side by side, so that the threads of a warp read the same vec4 of workgroup memory (a broadcast) or
// neighbouring ones (no bank conflict). With KS > 1, KS slices of the workgroup take every KS-th tile of k each, in places of their
// own, and are added up at the end, slice after slice: for products with few tiles.
//
// How a tile of A stands in workgroup memory is decided by lib/gemm-rows.wgsl (A stored with k innermost) or lib/gemm-columns.wgsl
// (A stored with m innermost), which the including file includes too. They give A_SIZE, A_SLOTS, line_of, depth_of, a_place, row_of
// and multiply (the tile in place `stage`, for thread x, y). B is stored with n innermost.
//
// The including file gives
//   Params with total (tiles of C in all), m_tiles, n_tiles (in one plane: a batch, a group), band (rows of tiles that stay together);
//   struct Place: one tile of C, with m (its first row), n (its first vec4 column) and steps (tiles of k that each slice walks);
//   struct Step, first_step(place, depth), next_step(place, step): what moves along k and is the same for all vec4s of A of a thread;
//   struct Lane, a_lane(place, line, depth), load_a(place, lane, step), next_a: one vec4 of A in each tile;
//   struct Column, b_column(place, n, depth), load_b(column), next_b(place, column): one vec4 of B in each tile;
//   start(place, n): what sums begin with; store(place, m, n, value).
// Depth is where along k a vec4 stands in the first tile of its slice (in single numbers), n counts vec4s. Beyond the end of k, load_a and load_b are zero.
//
// Edges: what lies past m or n is computed from anything and not stored. The loop runs to a constant in steps of one and leaves by
// a uniform break, so that compilers need no guard against endless loops. What `multiply` reads is provably in bounds (its arguments
// go through a remainder by a constant), so that it is not clamped read by read.

const TX: u32 = 8u; //!tune
const TY: u32 = 8u; //!tune
const KS: u32 = 1u; //!tune
const ROWS: u32 = 4u; //!tune
const QUADS: u32 = 1u; //!tune
const K4: u32 = 4u; //!tune
/// Vec4s of k that are multiplied in one turn of a loop of K4 / KU turns: all on GPUs; one where compiling takes longer than running.
const KU: u32 = 1u; //!tune
const BUFFERS: u32 = 1u; //!tune
const LA: u32 = 2u; //!tune
const LB: u32 = 2u; //!tune
/// Vec4s between two lines of A in workgroup memory that nobody uses.
const PAD: u32 = 0u; //!tune

const THREADS: u32 = TX * TY;
const BM: u32 = ROWS * TY;
const BN4: u32 = QUADS * TX;
const BK: u32 = 4u * K4;
const B_SIZE: u32 = BK * BN4;
const SUMS: u32 = ROWS * QUADS;
/// One slice's place for one tile of A and one of B.
const STAGE: u32 = A_SIZE + B_SIZE;
/// Steps that no product reaches.
const FOREVER: u32 = 0x7fffffffu;

// The slices' sums pass through the same memory, one slice at a time.
var<workgroup> tiles: array<vec4f, max(KS * BUFFERS * STAGE, min(KS - 1u, 1u) * THREADS * SUMS)>;
var<private> acc: array<vec4f, SUMS>;

/// Where tile `index` stands: planes one after another, in them bands of `band` rows of tiles, which share columns of B.
fn tile_at(index: u32) -> vec3u {
  let plane = index / (p.m_tiles * p.n_tiles);
  let rest = index % (p.m_tiles * p.n_tiles);
  let first = rest / (p.band * p.n_tiles) * p.band;
  let rows = min(p.band, p.m_tiles - first);
  let at = rest - first * p.n_tiles;
  return vec3u(plane, (first + at % rows) * BM, at / rows * BN4);
}

/// Sums this thread's part of the tile into `acc`; complete in slice 0.
fn accumulate(place: Place, id: vec3u) {
  let t = (id.y * TX + id.x) % THREADS;
  var lanes: array<Lane, LA>;
  var columns: array<Column, LB>;
  var fetched_a: array<vec4f, LA>;
  var fetched_b: array<vec4f, LB>;
  //!unroll
  for (var j = 0u; j < LA; j++) { lanes[j] = a_lane(place, line_of(t + j * THREADS), id.z * BK + depth_of(t + j * THREADS)); }
  //!unroll
  for (var j = 0u; j < LB; j++) { columns[j] = b_column(place, (t + j * THREADS) % BN4, id.z * BK + (t + j * THREADS) / BN4); }
  var step = first_step(place, id.z * BK + depth_of(t));
  //!unroll
  for (var q = 0u; q < QUADS; q++) {
    let begin = select(vec4f(), start(place, place.n + id.x + q * TX), id.z == 0u);
    //!unroll
    for (var i = 0u; i < ROWS; i++) { acc[i * QUADS + q] = begin; }
  }
  for (var i = 0u; i < FOREVER; i++) {
    if (i > place.steps) { break; }
    if (i < place.steps) {
      //!unroll
      for (var j = 0u; j < LA; j++) {
        fetched_a[j] = load_a(place, lanes[j], step);
        lanes[j] = next_a(lanes[j]);
      }
      //!unroll
      for (var j = 0u; j < LB; j++) {
        fetched_b[j] = load_b(columns[j]);
        columns[j] = next_b(place, columns[j]);
      }
      step = next_step(place, step);
    }
    if (i > 0u) { multiply(id.z * BUFFERS + (i + BUFFERS - 1u) % BUFFERS, id.x, id.y); }
    if (BUFFERS == 1u) { workgroupBarrier(); }
    if (i < place.steps) {
      let to = (id.z % KS * BUFFERS + i % BUFFERS) * STAGE;
      //!unroll
      for (var j = 0u; j < LA; j++) {
        if (LA * THREADS == A_SLOTS || t + j * THREADS < A_SLOTS) { tiles[to + a_place(t + j * THREADS)] = fetched_a[j]; }
      }
      //!unroll
      for (var j = 0u; j < LB; j++) {
        if (LB * THREADS == B_SIZE || t + j * THREADS < B_SIZE) { tiles[to + A_SIZE + t + j * THREADS] = fetched_b[j]; }
      }
    }
    workgroupBarrier();
  }
  for (var slice = 1u; slice < KS; slice++) {
    if (id.z == slice) {
      //!unroll
      for (var i = 0u; i < ROWS; i++) {
        //!unroll
        for (var q = 0u; q < QUADS; q++) { tiles[(i * QUADS + q) * THREADS + t] = acc[i * QUADS + q]; }
      }
    }
    workgroupBarrier();
    if (id.z == 0u) {
      //!unroll
      for (var i = 0u; i < ROWS; i++) {
        //!unroll
        for (var q = 0u; q < QUADS; q++) { acc[i * QUADS + q] += tiles[(i * QUADS + q) * THREADS + t]; }
      }
    }
    workgroupBarrier();
  }
}

/// Stores this thread's sums that lie before row `m_end` and vec4 column `n_end`.
fn finish(place: Place, id: vec3u, m_end: u32, n_end: u32) {
  if (id.z > 0u) { return; }
  //!unroll
  for (var i = 0u; i < ROWS; i++) {
    let m = place.m + row_of(id.y, i);
    //!unroll
    for (var q = 0u; q < QUADS; q++) {
      let n = place.n + id.x + q * TX;
      if (m < m_end && n < n_end) { store(place, m, n, acc[i * QUADS + q]); }
    }
  }
}
