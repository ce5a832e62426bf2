import { grid, type Workgroups } from "../runtime/kernel.js";
import type { Lowering } from "./lowering.js";

/**
 * Constants of lib/gemm.wgsl: threads (TX × TY, times KS slices of k), rows and vec4 columns of a thread, vec4s of k in a tile, places
 * for a tile, vec4s that a thread loads of A and of B, and unused vec4s after each line of A.
 */
export interface TileConstants {
  readonly TX: number;
  readonly TY: number;
  readonly KS: number;
  readonly ROWS: number;
  readonly QUADS: number;
  readonly K4: number;
  readonly KU: number;
  readonly BUFFERS: number;
  readonly LA: number;
  readonly LB: number;
  readonly PAD: number;
  /** Vec4s of rows of a thread; only in lib/gemm-columns.wgsl. */
  readonly ROWS4?: number;
}

/** A tile of C made by one workgroup: `m` × `n` numbers, `k` at a time, by `slices` groups of threads that share k. */
export interface Tile {
  /** "128x128x16", with slices "32x32x16x4". */
  readonly name: string;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly slices: number;
  readonly constants: TileConstants;
}

/** A matrix product C[m, n] = Σ over k, `planes` times (batches, groups, parities, parts of k). */
export interface Work {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly planes: number;
}

/** Which index of A is innermost in memory: k (lib/gemm-rows.wgsl) or m (lib/gemm-columns.wgsl). */
export type Layout = "rows" | "columns";

/** Threads along n and m, rows and vec4 columns per thread, slices. 8 × 8, 8 × 4 and 4 × 4 sums per thread; the last but four are narrow. */
const SHAPES: readonly (readonly [tx: number, ty: number, rows: number, quads: number, slices: number])[] = [
  [16, 16, 8, 2, 1], // 128 × 128, 8 × 8
  [8, 16, 8, 2, 1], // 128 × 64, 8 × 8
  [16, 8, 8, 2, 1], // 64 × 128, 8 × 8
  [16, 8, 8, 1, 1], // 64 × 64, 8 × 4
  [8, 16, 8, 1, 1], // 128 × 32, 8 × 4
  [4, 16, 8, 1, 1], // 128 × 16, 8 × 4
  [8, 8, 4, 1, 1], // 32 × 32, 4 × 4
  [16, 8, 8, 1, 2], // 64 × 64, two slices
  [8, 8, 4, 1, 2],
  [8, 8, 4, 1, 4],
];

/** Depth of all tiles: at 8, loads of A would be two vec4s of a pixel, half of what a GPU reads at once. */
const DEPTH = 16;

/** vec4s of workgroup memory: the stages of all slices, in which the slices' sums find room afterwards. */
export function tileVec4s({ TX, TY, KS, ROWS, QUADS, K4, BUFFERS, PAD }: TileConstants, layout: Layout): number {
  const [m, n4] = [ROWS * TY, QUADS * TX];
  const a = layout === "rows" ? m * (K4 + PAD) : 4 * K4 * (m / 4 + PAD);
  return Math.max(KS * BUFFERS * (a + 4 * K4 * n4), KS > 1 ? TX * TY * ROWS * QUADS : 0);
}

function makeTile({ adapter: { software } }: Lowering, [TX, TY, ROWS, QUADS, KS]: (typeof SHAPES)[number], layout: Layout, BUFFERS: number): Tile {
  const [m, n, K4] = [ROWS * TY, 4 * QUADS * TX, DEPTH / 4];
  // A warp of 32 threads reads 32 / TX lines of A at once: with more than two, lines of 64 bytes would share banks. Slices need the memory.
  const PAD = layout === "rows" && TX < 16 && KS === 1 ? 1 : 0;
  const loads = (floats: number): number => Math.ceil(floats / 4 / (TX * TY));
  return {
    name: [m, n, DEPTH, ...(KS > 1 ? [KS] : [])].join("x"), m, n, k: DEPTH, slices: KS,
    constants: { TX, TY, KS, ROWS, QUADS, K4, KU: software ? 1 : K4, BUFFERS, LA: loads(m * DEPTH), LB: loads(n * DEPTH), PAD, ...(layout === "columns" && { ROWS4: ROWS / 4 }) },
  };
}

/** Two places for a tile save a barrier; worth the memory where many threads wait, and where another workgroup still finds room beside. */
function buffered(low: Lowering, shape: (typeof SHAPES)[number], layout: Layout): Tile {
  const [single, double] = [makeTile(low, shape, layout, 1), makeTile(low, shape, layout, 2)];
  const threads = shape[0] * shape[1] * shape[4];
  return threads >= 128 && 16 * tileVec4s(double.constants, layout) * 3 <= low.adapter.limits.maxComputeWorkgroupStorageSize * 2 ? double : single;
}

/** The tiles that the adapter has workgroup memory and threads for. */
export function tilesOf(low: Lowering, layout: Layout): Tile[] {
  const { maxComputeInvocationsPerWorkgroup: threads, maxComputeWorkgroupStorageSize: bytes } = low.adapter.limits;
  return SHAPES.map((shape) => buffered(low, shape, layout)).filter(({ slices, constants }) => constants.TX * constants.TY * slices <= threads && 16 * tileVec4s(constants, layout) <= bytes);
}

/**
 * Threads that keep a GPU of the larger kind busy: 128 processors times 256, each of which has many independent sums. More fit, but
 * only share the time. Measured on the adapter only where the user gives a table of measurements, so that choices are the same in every
 * process.
 */
const FILLING = 32768;

/** Tiles that are worked on at once. */
export const tilesToFill = ({ slices, constants: { TX, TY } }: Tile, { adapter: { tuning } }: Lowering): number => Math.max(1, Math.floor((tuning?.filling ?? FILLING) / (TX * TY * slices)));

/** What a tile's beginning and end cost, as steps of k: filling the first stage, decoding pixels, storing. */
const FIXED_STEPS = 16;

/** Numbers read from workgroup memory per multiply-add: 1/4 for 8 × 8 sums per thread, 3/8 for 8 × 4, 1/2 for 4 × 4. */
export const sharedPerFma = ({ ROWS, QUADS }: TileConstants): number => 1 / (4 * QUADS) + 1 / ROWS;

/** Weight of a number read from memory (or the cache before it) against a multiply-add. */
const GLOBAL_WEIGHT = 8;

/**
 * Relative time of some work with a tile: waves of tiles over the adapter, times what one tile takes a thread, padding included.
 * A multiply-add takes 1, a number from workgroup memory 1 (a processor of 128 multiply-adds per clock reads 32 such numbers, and
 * half of the reads are broadcasts), a number from memory 8. From data sheets; nothing of it has been timed on a GPU.
 */
export function tileCost(low: Lowering, { m, n, k, planes }: Work, tile: Tile): number {
  const { m: tm, n: tn, k: tk, slices, constants } = tile;
  const threads = constants.TX * constants.TY * slices;
  const waves = Math.ceil((Math.ceil(m / tm) * Math.ceil(n / tn) * planes) / tilesToFill(tile, low));
  const depth = Math.ceil(k / (tk * slices)) * tk * slices + FIXED_STEPS * slices;
  return (waves * ((tm * tn * depth) / threads)) * (1 + sharedPerFma(constants) + GLOBAL_WEIGHT * (1 / tm + 1 / tn));
}

/** Multiply-adds below which the tiled kernels are not worth their barriers. An estimate. */
const WORTHWHILE = 2 ** 17;

/**
 * The tile for some work, or undefined where the register-blocked kernels of conv2d-direct.ts serve: on software adapters, for
 * little work, and when a test forces other kernels. `workOf` says how the work is divided where that depends on the tile.
 * `device.forceVariant("tiled")` asks for tiles anywhere, "tiled:64x64x16" for that tile.
 */
export function tileFor(low: Lowering, workOf: (tile: Tile) => Work, layout: Layout): Tile | undefined {
  const { software, variant = "" } = low.adapter;
  const forced = variant === "tiled" || variant.startsWith("tiled:");
  if (!forced && (software || variant !== "")) return undefined;
  let best: { tile: Tile; cost: number } | undefined;
  for (const tile of tilesOf(low, layout)) {
    if (variant === `tiled:${tile.name}`) return tile;
    const work = workOf(tile);
    if (!forced && work.m * work.n * work.k * work.planes < WORTHWHILE) return undefined;
    const cost = tileCost(low, work, tile);
    if (!best || cost < best.cost) best = { tile, cost };
  }
  return best?.tile;
}

/** How tiles are laid over C, and how many steps along k each slice takes: fields of `Params` that lib/gemm.wgsl reads. */
export function tileGrid({ m, n, k, planes }: Work, tile: Tile): { total: number; m_tiles: number; n_tiles: number; band: number; steps: number } {
  const [m_tiles, n_tiles] = [Math.ceil(m / tile.m), Math.ceil(n / tile.n)];
  return { total: m_tiles * n_tiles * planes, m_tiles, n_tiles, band: BAND, steps: Math.ceil(k / (tile.k * tile.slices)) };
}

/** Rows of tiles that are taken together, column by column: what a wave of workgroups reads is then nearly square. */
const BAND = 16;

/** Workgroups for `total` tiles; what does not fit in x goes on in y. */
export const tileWorkgroups = ({ total }: { total: number }): Workgroups => grid(total, 1);
