import { BINDING_ALIGNMENT, alignUp } from "../runtime/gpu.js";

/** A tensor's memory inside a plan: alive from the dispatch that first writes it to the one that last reads it. */
export interface Block {
  bytes: number;
  /** Index of the first and last dispatch that use it (−1: before the first). */
  first: number;
  last: number;
}

export interface MemoryPlan<B extends Block> {
  /** Bytes of each slab. */
  readonly slabs: readonly number[];
  readonly places: ReadonlyMap<B, { slab: number; offset: number }>;
  /** The most bytes alive at once: no placement can need less. */
  readonly lowerBound: number;
}

/** The sum over time of what is alive, at its highest. */
export function lowerBound(blocks: readonly Block[]): number {
  const events = blocks.flatMap(({ first, last, bytes }) => [[first, bytes], [last + 1, -bytes]] as const);
  events.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let now = 0;
  return events.reduce((most, [, bytes]) => Math.max(most, (now += bytes)), 0);
}

/** A small deterministic generator (mulberry32), so that the same graph is always placed the same way. */
function generator(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How close to the lower bound is good enough, after so many trials: the first trials are the likeliest to be good. */
const goals = [[5, 1.02], [16, 1.05], [40, 1.1]] as const;
const MAX_TRIALS = 64;

/**
 * Places blocks in a few slabs. One dispatch must not read and write the same slab (`apart` lists such pairs), and
 * blocks alive at the same time must not overlap. Greedy best fit under several orders; the smallest result wins. The
 * slabs come largest first, so that the plans of a device, which share them, want the same ones large.
 */
export function planMemory<B extends Block>(blocks: readonly B[], apart: ReadonlyMap<B, ReadonlySet<B>>, maxSlab: number): MemoryPlan<B> {
  const bound = lowerBound(blocks);
  const random = generator(blocks.length);
  const time = (b: B): number => b.last - b.first + 1;
  const orders: ((b: B) => number)[] = [(b) => b.bytes, (b) => b.bytes * time(b), (b) => time(b), (b) => -b.first, (b) => b.last];
  const trials = Math.min(MAX_TRIALS, Math.ceil(12000 / (blocks.length + 1)));
  let best: Placement<B> | undefined;
  for (let trial = 0; trial < trials; trial++) {
    const noise = trial < orders.length ? 0 : 0.2 + 0.8 * (trial / trials);
    const key = orders[trial < orders.length ? trial : trial % 2]!;
    const ranked = blocks.map((block) => [block, key(block) * (1 + noise * (random() - 0.5))] as const).sort((a, b) => b[1] - a[1]);
    const plan = place(ranked.map(([block]) => block), apart, maxSlab);
    if (!best || plan.total < best.total) best = plan;
    const goal = goals.find(([until]) => trial < until)?.[1] ?? Infinity;
    if (best.total <= goal * bound) break;
  }
  return { ...largestFirst(best!), lowerBound: bound };
}

interface Placement<B> {
  readonly slabs: readonly number[];
  readonly places: ReadonlyMap<B, { slab: number; offset: number }>;
  readonly total: number;
}

function largestFirst<B>({ slabs, places }: Placement<B>): Pick<MemoryPlan<B & Block>, "slabs" | "places"> {
  const order = slabs.map((_, i) => i).sort((a, b) => slabs[b]! - slabs[a]!);
  const rank = new Map(order.map((slab, i) => [slab, i]));
  return {
    slabs: order.map((i) => slabs[i]!),
    places: new Map([...places].map(([block, { slab, offset }]) => [block as B & Block, { slab: rank.get(slab)!, offset }])),
  };
}

function place<B extends Block>(order: readonly B[], apart: ReadonlyMap<B, ReadonlySet<B>>, maxSlab: number): Placement<B> {
  const places = new Map<B, { slab: number; offset: number }>();
  const slabs: { height: number; blocks: B[] }[] = [];
  for (const block of order) {
    const forbidden = new Set<number>();
    for (const enemy of apart.get(block) ?? []) forbidden.add(places.get(enemy)?.slab ?? -1);
    let best: { slab: number; offset: number; growth: number } | undefined;
    for (const [slab, { height, blocks }] of slabs.entries()) {
      if (forbidden.has(slab)) continue;
      const offset = firstFit(block, blocks, places);
      const growth = Math.max(0, offset + block.bytes - height);
      if (offset + block.bytes <= maxSlab && (!best || growth < best.growth)) best = { slab, offset, growth };
    }
    best ??= { slab: slabs.push({ height: 0, blocks: [] }) - 1, offset: 0, growth: block.bytes };
    const slab = slabs[best.slab]!;
    slab.blocks.push(block);
    slab.height = Math.max(slab.height, best.offset + block.bytes);
    places.set(block, { slab: best.slab, offset: best.offset });
  }
  return { slabs: slabs.map((slab) => slab.height), places, total: slabs.reduce((sum, { height }) => sum + height, 0) };
}

/** The lowest aligned offset at which `block` overlaps nothing that is alive with it. */
function firstFit<B extends Block>(block: B, placed: readonly B[], places: ReadonlyMap<B, { offset: number }>): number {
  const busy: [start: number, end: number][] = [];
  for (const other of placed) {
    if (other.first > block.last || block.first > other.last) continue;
    const { offset } = places.get(other)!;
    busy.push([offset, offset + other.bytes]);
  }
  busy.sort((a, b) => a[0] - b[0]);
  let offset = 0;
  for (const [start, end] of busy) {
    if (start >= offset + block.bytes) break;
    offset = Math.max(offset, alignUp(end, BINDING_ALIGNMENT));
  }
  return offset;
}
