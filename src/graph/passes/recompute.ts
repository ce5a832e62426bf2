import { inputsOf, type Graph, type Node } from "../node.js";
import { eliminateDead } from "./eliminate-dead.js";
import { Lifetimes, type Change, type Lifetime } from "./lifetimes.js";
import { backwardNodes, recomputeNodes, repeatable, repeatedOutputs } from "./recompute-nodes.js";

/** Values below this share of the peak are not worth a dispatch. */
const MIN_SHARE = 1 / 400;
/** Bytes off the peak for each byte that is read or written to compute a value again: less is not worth the time. */
const MIN_GAIN = 0.24;
/** Copies of values that are computed on the way to the one that is wanted. */
const MAX_DEPTH = 3;
/** Nodes from one reader to the next for which one copy is kept. */
const REACH = 16;
const ROUNDS = 4;

/** What it takes to compute a value again. */
interface Cost {
  /** Bytes read and written. */
  traffic: number;
  /** Values that have to be kept for it, and until when. */
  readonly leaves: Map<Lifetime, number>;
  /** Values that are computed on the way. */
  readonly between: Set<Lifetime>;
}

/** One change of the plan: a value to compute again, what that needs and what it does to memory. */
interface Step extends Cost {
  readonly lifetime: Lifetime;
  readonly changes: Change[];
  readonly gain: number;
}

/**
 * Does not keep for the backward pass what costs little to compute again (ops that are pointwise, `cheap`, or can do it `again` from
 * saved statistics) from values that are kept anyway: of a convolution, batch norm and ReLU, for instance, the convolution's result
 * stays and the rest is computed again. Only while the most bytes alive at once get fewer, and enough of them for the traffic. What a
 * kept value is needed for decides, greedily: the best gain per byte moved first.
 */
export function recompute(graph: Graph): Graph {
  const backward = backwardNodes(graph);
  if (backward.size === 0) return graph;
  const lifetimes = new Lifetimes(graph, backward);
  const chosen = new Set<Lifetime>();
  const between = new Set<Lifetime>();
  const pinned = new Set<Lifetime>();
  const least = lifetimes.peak() * MIN_SHARE;
  let candidates = [...lifetimes.all].filter((lifetime) => lifetime.bytes >= least && isCandidate(lifetime, backward));
  for (let round = 0; round < ROUNDS; round++) {
    const before = chosen.size;
    const ranked = candidates.flatMap((lifetime) => stepFor(lifetime, lifetimes, chosen, pinned, least) ?? []).sort((a, b) => b.gain / b.traffic - a.gain / a.traffic);
    for (const { lifetime } of ranked) {
      // What was chosen meanwhile may have changed what it needs.
      const step = stepFor(lifetime, lifetimes, chosen, pinned, least);
      if (!step || lifetimes.peak(step.changes) >= lifetimes.peak()) continue;
      take(step, lifetimes);
      chosen.add(lifetime);
      for (const leaf of step.leaves.keys()) pinned.add(leaf);
      for (const each of step.between) between.add(each);
    }
    if (chosen.size === before) break;
    candidates = candidates.filter((lifetime) => !chosen.has(lifetime));
  }
  if (chosen.size === 0) return graph;
  return eliminateDead(recomputeNodes(graph, new Set([...chosen, ...between].flatMap(({ views }) => views)), REACH));
}

const isCheap = (node: Node): boolean => repeatable(node) && Boolean(node.op.traits.pointwise || node.op.traits.cheap || node.op.traits.concat || node.op.traits.again);

/** A value that the forward pass has done with long before the backward pass reads it, and that is cheap. */
function isCandidate({ value, first, last, forward, backward: reads }: Lifetime, backward: ReadonlySet<Node>): boolean {
  const node = value.from?.node;
  if (!node || backward.has(node) || !isCheap(node) || !repeatedOutputs(node).includes(value)) return false;
  return reads.length > 0 && last === reads.at(-1) && reads[0]! > Math.max(first, ...forward) + 1;
}

/** Runs of readers that share a copy. */
function groups(reads: readonly number[]): [from: number, to: number][] {
  const found: [number, number][] = [];
  for (const read of reads) {
    const open = found.at(-1);
    if (open && read - open[1] <= REACH) open[1] = read;
    else found.push([read, read]);
  }
  return found;
}

function stepFor(lifetime: Lifetime, lifetimes: Lifetimes, chosen: ReadonlySet<Lifetime>, pinned: ReadonlySet<Lifetime>, least: number): Step | undefined {
  if (pinned.has(lifetime)) return undefined;
  const { bytes, first, forward, backward, last } = lifetime;
  const runs = groups(backward);
  const until = runs.at(-1)![0];
  const cost: Cost = { traffic: 0, leaves: new Map(), between: new Set() };
  addCost(lifetime, until, lifetimes, chosen, cost, least, 0);
  const changes: Change[] = [{ from: Math.max(first, ...forward) + 1, to: last, bytes: -bytes }];
  for (const [from, to] of runs) {
    changes.push({ from, to, bytes });
    for (const each of cost.between) changes.push({ from, to: from, bytes: each.bytes });
  }
  let gain = bytes;
  for (const [leaf, to] of cost.leaves) {
    const from = leaf.inside ? leaf.first : leaf.last + 1;
    if (to < from) continue;
    changes.push({ from, to, bytes: leaf.bytes });
    gain -= leaf.bytes;
    // It loses its place in a concatenation, which has to copy it.
    if (leaf.inside) cost.traffic += 2 * leaf.bytes;
  }
  const traffic = cost.traffic * runs.length;
  return gain >= MIN_GAIN * traffic ? { ...cost, traffic, lifetime, changes, gain } : undefined;
}

/** Adds what it takes to compute a value at place `at`. */
function addCost(lifetime: Lifetime, at: number, lifetimes: Lifetimes, chosen: ReadonlySet<Lifetime>, cost: Cost, least: number, depth: number): void {
  cost.traffic += lifetime.bytes;
  for (const value of inputsOf(lifetime.value.from!.node)) {
    const input = lifetimes.of(value);
    if (!input) continue;
    cost.traffic += input.bytes;
    const alive = !chosen.has(input) && !input.inside && input.last >= at;
    const node = input.value.from?.node;
    const again = chosen.has(input) || (!alive && depth < MAX_DEPTH && input.bytes >= least && node !== undefined && isCheap(node) && repeatedOutputs(node).includes(input.value) && inputsAlive(node, at, lifetimes, chosen));
    if (!again) cost.leaves.set(input, at);
    else if (!cost.between.has(input)) {
      cost.between.add(input);
      addCost(input, at, lifetimes, chosen, cost, least, depth + 1);
    }
  }
}

const inputsAlive = (node: Node, at: number, lifetimes: Lifetimes, chosen: ReadonlySet<Lifetime>): boolean =>
  inputsOf(node).every((value) => {
    const input = lifetimes.of(value);
    return !input || (!chosen.has(input) && !input.inside && input.last >= at);
  });

function take({ lifetime, changes, leaves }: Step, lifetimes: Lifetimes): void {
  lifetimes.apply(changes);
  lifetime.last = Math.max(lifetime.first, ...lifetime.forward);
  for (const [leaf, until] of leaves) {
    leaf.last = Math.max(leaf.last, until);
    leaf.inside = undefined;
  }
}

