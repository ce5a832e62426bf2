import { BINDING_ALIGNMENT, alignUp } from "../runtime/gpu.js";

/** A tensor's memory inside a plan: alive from the dispatch that first writes it to the one that last reads it. */
export interface Block {
  readonly bytes: number;
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

/**
 * Places blocks in a few slabs. One dispatch must not read and write the same slab (`apart` lists such pairs), and
 * blocks alive at the same time must not overlap. Greedy best fit under several orders; the smallest result wins.
 */
export function planMemory<B extends Block>(blocks: readonly B[], apart: ReadonlyMap<B, ReadonlySet<B>>, maxSlab: number): MemoryPlan<B> {
  const bound = lowerBound(blocks);
  const random = generator(blocks.length);
  const time = (b: B): number => b.last - b.first + 1;
  const orders: ((b: B) => number)[] = [(b) => b.bytes, (b) => b.bytes * time(b), (b) => time(b), (b) => -b.first, (b) => b.last];
  let best: MemoryPlan<B> | undefined;
  const total = (plan: MemoryPlan<B>): number => plan.slabs.reduce((a, b) => a + b, 0);
  const trials = blocks.length > 1500 ? 8 : 64;
  for (let trial = 0; trial < trials && !(best && total(best) <= 1.02 * bound); trial++) {
    const noise = trial < orders.length ? 0 : 0.2 + 0.8 * (trial / trials);
    const key = orders[trial < orders.length ? trial : trial % 2]!;
    const ranked = blocks.map((block) => [block, key(block) * (1 + noise * (random() - 0.5))] as const).sort((a, b) => b[1] - a[1]);
    const plan = place(ranked.map(([block]) => block), apart, maxSlab, bound);
    if (!best || total(plan) < total(best)) best = plan;
  }
  return best!;
}

function place<B extends Block>(order: readonly B[], apart: ReadonlyMap<B, ReadonlySet<B>>, maxSlab: number, bound: number): MemoryPlan<B> {
  const places = new Map<B, { slab: number; offset: number }>();
  const slabs: { height: number; blocks: B[] }[] = [];
  for (const block of order) {
    const enemies = apart.get(block);
    let best: { slab: number; offset: number; growth: number } | undefined;
    const consider = (slab: number): void => {
      const { height, blocks } = slabs[slab]!;
      const offset = firstFit(block, blocks, places);
      const growth = Math.max(0, offset + block.bytes - height);
      if (offset + block.bytes <= maxSlab && (!best || growth < best.growth)) best = { slab, offset, growth };
    };
    slabs.forEach((slab, i) => {
      if (!enemies || !slab.blocks.some((other) => enemies.has(other))) consider(i);
    });
    if (!best) best = { slab: slabs.push({ height: 0, blocks: [] }) - 1, offset: 0, growth: block.bytes };
    const slab = slabs[best.slab]!;
    slab.blocks.push(block);
    slab.height = Math.max(slab.height, best.offset + block.bytes);
    places.set(block, { slab: best.slab, offset: best.offset });
  }
  return { slabs: slabs.map((slab) => slab.height), places, lowerBound: bound };
}

/** The lowest aligned offset at which `block` overlaps nothing that is alive with it. */
function firstFit<B extends Block>(block: B, placed: readonly B[], places: ReadonlyMap<B, { offset: number }>): number {
  const busy = placed
    .filter((other) => other.first <= block.last && block.first <= other.last)
    .map((other) => [places.get(other)!.offset, places.get(other)!.offset + other.bytes] as const)
    .sort((a, b) => a[0] - b[0]);
  let offset = 0;
  for (const [start, end] of busy) {
    if (start >= offset + block.bytes) break;
    offset = Math.max(offset, alignUp(end, BINDING_ALIGNMENT));
  }
  return offset;
}
