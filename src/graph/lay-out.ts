import type { Lowered } from "./lower.js";
import { planMemory, type MemoryPlan } from "./memory-plan.js";
import { usesOf, type Memory } from "./uses.js";

/** Padding behind every tensor of a guarded plan. */
const GUARD_BYTES = 256;

/**
 * Places everything that belongs to a plan alone: inputs live from before the first dispatch, outputs until after the last.
 * A guarded plan (a test hook, see `Device.guardPlans`) reuses no memory and has padding behind every tensor.
 */
export function layOut({ calls, memories, inputs, outputs }: Lowered, maxSlab: number, guarded = false): MemoryPlan<Memory> {
  for (const { memory } of inputs) memory.first = -1;
  for (const { memory } of outputs) memory.last = calls.length;
  const blocks = memories.filter((m) => !m.variable && !m.held && !m.static && m.last >= -1);
  for (const block of blocks) block.last = Math.max(block.last, block.first);
  if (guarded) for (const block of blocks) Object.assign(block, { bytes: block.bytes + GUARD_BYTES, first: -1, last: calls.length });
  return planMemory(blocks, rivals(calls.map(usesOf)), maxSlab);
}

/** Pairs of memories that one dispatch reads and writes. */
function rivals(uses: readonly { reads: Memory[]; writes: Memory[] }[]): Map<Memory, Set<Memory>> {
  const pairs = new Map<Memory, Set<Memory>>();
  const add = (a: Memory, b: Memory): void => void (pairs.get(a) ?? pairs.set(a, new Set()).get(a)!).add(b);
  for (const { reads, writes } of uses)
    for (const read of reads)
      for (const write of writes) {
        add(read, write);
        add(write, read);
      }
  return pairs;
}
