import { Placer, type Placement } from "./place-blocks.js";

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

/** How close to the lower bound is good enough, after so many placements: the first are the likeliest to be good. */
const goals = [[10, 1.02], [40, 1.04], [200, 1.07], [Infinity, 1.1]] as const;
/** Where the search gives up: blocks looked at, which is what placing costs (some 5 ns each), and placements, few for small plans. */
const MAX_WORK = 4e6;
const MAX_TRIALS = 1200;
const TRIALS_PER_BLOCK = 6;
/** Share of the bound by which the next order may be worse than the last at first, so that the search leaves where it is stuck. */
const SLACK = 0.1;

/**
 * Places blocks in a few slabs. One dispatch must not read and write the same slab (`apart` lists such pairs), and
 * blocks alive at the same time must not overlap. Greedy best fit under several orders; the best of them is then improved by moving blocks
 * ahead that stand at the top of a slab or are alive with one that does, as long as nothing gets worse. The slabs come largest first, so
 * that the plans of a device, which share them, want the same ones large.
 */
export function planMemory<B extends Block>(blocks: readonly B[], apart: ReadonlyMap<B, ReadonlySet<B>>, maxSlab: number): MemoryPlan<B> {
  const bound = lowerBound(blocks);
  const numbers = new Map(blocks.map((block, i) => [block, i]));
  const placer = new Placer(blocks, blocks.map((block) => [...(apart.get(block) ?? [])].flatMap((rival) => numbers.get(rival) ?? [])), maxSlab);
  const { slabs, offsets, heights } = search(blocks, placer, bound);
  const order = heights.map((_, i) => i).sort((a, b) => heights[b]! - heights[a]!);
  const rank = new Map(order.map((slab, i) => [slab, i]));
  return {
    slabs: order.map((i) => heights[i]!),
    places: new Map(blocks.map((block, i) => [block, { slab: rank.get(slabs[i]!)!, offset: offsets[i]! }])),
    lowerBound: bound,
  };
}

/** A placement, and the order that made it. */
interface Attempt {
  readonly plan: Placement;
  readonly order: Int32Array;
  readonly opens: Uint8Array;
}

function search(blocks: readonly Block[], placer: Placer, bound: number): Placement {
  const time = (b: Block): number => b.last - b.first + 1;
  const keys: ((b: Block) => number)[] = [(b) => b.bytes, (b) => b.bytes * time(b), time, (b) => -b.first, (b) => b.last];
  let [best, current, trials, work]: [Placement | undefined, Attempt | undefined, number, number] = [undefined, undefined, 0, 0];
  const enough = (): boolean => best!.total <= goals.find(([until]) => trials <= until)![1] * bound;
  const attempt = (order: Int32Array, opens: Uint8Array, slack: number): void => {
    const plan = placer.place(order, opens);
    trials++;
    work += plan.work + order.length;
    if (!best || plan.total <= best.total) best = plan;
    if (!current || plan.total <= current.plan.total + slack) current = { plan, order, opens };
  };
  for (const open of [0, 1])
    for (const key of keys) {
      attempt(Int32Array.from(blocks.keys()).sort((a, b) => key(blocks[b]!) - key(blocks[a]!)), new Uint8Array(blocks.length).fill(open), 0);
      if (enough()) return best!;
    }
  const random = generator(blocks.length);
  const most = Math.min(MAX_TRIALS, TRIALS_PER_BLOCK * blocks.length);
  while (!enough() && work < MAX_WORK && trials < most) {
    const left = 1 - Math.max(work / MAX_WORK, trials / most);
    attempt(...changed(current!, blocks, random), SLACK * left * left * bound * random());
  }
  return best!;
}

/** The order with one block further ahead, or opening a slab or not: one at the top of a slab, or one that is alive with it. */
function changed({ order, opens, plan: { slabs, offsets, heights } }: Attempt, blocks: readonly Block[], random: () => number): [order: Int32Array, opens: Uint8Array] {
  const any = (count: number): number => Math.floor(random() * count);
  const slab = any(heights.length);
  const top = blocks.findIndex(({ bytes }, i) => slabs[i] === slab && offsets[i]! + bytes === heights[slab]);
  const { first, last } = blocks[top]!;
  const ofSlab = random() < 0.5;
  const together = [...order.keys()].filter((i) => {
    const other = order[i]!;
    return other !== top && blocks[other]!.first <= last && first <= blocks[other]!.last && (!ofSlab || slabs[other] === slab);
  });
  const from = random() < 0.5 || together.length === 0 ? order.indexOf(top) : together[any(together.length)]!;
  if (random() < 0.2) return [order, opens.map((open, block) => (block === order[from] ? 1 - open : open))];
  const to = any(from + 1);
  const next = order.slice();
  next.copyWithin(to + 1, to, from);
  next[to] = order[from]!;
  return [next, opens];
}
