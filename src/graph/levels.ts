import type { KernelCall } from "../runtime/kernel.js";
import { lowerBound } from "./memory-plan.js";
import { usesOf, type Located, type Memory } from "./uses.js";

/** How many of the waiting dispatches are looked at for one level, widest first: the first that the memory allows counts. */
const WINDOWS = [16, 8, 4] as const;

/** How much more than in the given order may be alive. */
const HIGHER = 1.05;

/** What a hazard is about: memory of the plan, or the buffer behind a variable (parameters share one, and the optimizer writes it as a whole). */
const unplaced = {};
const resource = (memory: Memory): object => (memory.variable ? (memory.variable.storage?.buffer ?? unplaced) : memory);

/** For each dispatch the later ones that must wait for it: those that read what it writes, or write what it reads or writes. */
function followers(calls: readonly KernelCall[]): number[][] {
  const later = calls.map((): number[] => []);
  const writer = new Map<object, number>();
  const readers = new Map<object, number[]>();
  calls.forEach((call, i) => {
    const { reads, writes } = usesOf(call);
    const [read, written] = [new Set(reads.map(resource)), new Set(writes.map(resource))];
    const before = new Set<number>();
    for (const thing of [...read, ...written]) if (writer.has(thing)) before.add(writer.get(thing)!);
    for (const thing of written) for (const reader of readers.get(thing) ?? []) before.add(reader);
    for (const j of before) later[j]!.push(i);
    for (const thing of read) (readers.get(thing) ?? readers.set(thing, []).get(thing)!).push(i);
    for (const thing of written) {
      writer.set(thing, i);
      readers.delete(thing);
    }
  });
  return later;
}

/** The dispatches level by level: each level takes, in the given order, the ready ones among the first `window` that wait. */
function byReadiness(later: readonly (readonly number[])[], window: number): number[][] {
  const waits = later.map(() => 0);
  for (const list of later) for (const i of list) waits[i]!++;
  const levels: number[][] = [];
  let waiting: number[] = [];
  for (let next = 0; next < later.length || waiting.length > 0; ) {
    while (waiting.length < window && next < later.length) waiting.push(next++);
    const level = waiting.filter((i) => waits[i] === 0);
    waiting = waiting.filter((i) => waits[i] !== 0);
    for (const i of level) for (const k of later[i]!) waits[k]!--;
    levels.push(level);
  }
  return levels;
}

/**
 * Puts dispatches that do not depend on each other side by side, the gradients of a layer's input and weight for instance:
 * a list schedule that keeps the given order as far as it can. Neither the most that is alive at once nor the mean rises by
 * more than 5 %; the order stays where that would not do, or where no level is won.
 *
 * The order of independent dispatches changes no number. Whether a driver lets neighbours overlap is its own affair: Dawn
 * on Vulkan has every dispatch wait that writes a buffer used before, whoever used it.
 */
export function byLevels(calls: readonly KernelCall[], inputs: readonly Located[], outputs: readonly Located[]): readonly KernelCall[] {
  const later = followers(calls);
  const given = aliveBytes(calls, inputs, outputs);
  const levels = countRuns(later);
  for (const window of WINDOWS) {
    const schedule = byReadiness(later, window);
    if (schedule.length >= levels) break;
    const order = schedule.flat().map((i) => calls[i]!);
    const { most, mean } = aliveBytes(order, inputs, outputs);
    if (most <= HIGHER * given.most && mean <= HIGHER * given.mean) return order;
  }
  return calls;
}

/** Runs of dispatches, as they stand, of which none depends on another of its run. */
export const countLevels = (calls: readonly KernelCall[]): number => countRuns(followers(calls));

function countRuns(later: readonly (readonly number[])[]): number {
  let [runs, start] = [0, 0];
  const last = later.map(() => -1);
  later.forEach((list, i) => {
    if (i === 0 || last[i]! >= start) {
      runs++;
      start = i;
    }
    for (const k of list) last[k] = i;
  });
  return runs;
}

/** What belongs to the plan alone: the most bytes alive at once in this order, and the mean over the dispatches. */
function aliveBytes(calls: readonly KernelCall[], inputs: readonly Located[], outputs: readonly Located[]): { most: number; mean: number } {
  const spans = new Map<Memory, { bytes: number; first: number; last: number }>();
  const use = (memory: Memory, at: number): void => {
    if (memory.variable || memory.held || memory.static) return;
    const span = spans.get(memory);
    if (!span) return void spans.set(memory, { bytes: memory.bytes, first: at, last: at });
    span.first = Math.min(span.first, at);
    span.last = Math.max(span.last, at);
  };
  for (const { memory } of inputs) use(memory, -1);
  calls.forEach((call, i) => {
    const { reads, writes } = usesOf(call);
    for (const memory of [...reads, ...writes]) use(memory, i);
  });
  for (const { memory } of outputs) use(memory, calls.length);
  const blocks = [...spans.values()];
  return { most: lowerBound(blocks), mean: blocks.reduce((sum, { bytes, first, last }) => sum + bytes * (last - first + 1), 0) / calls.length };
}
