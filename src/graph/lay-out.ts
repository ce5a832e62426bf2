import { byteLength } from "../runtime/dtype.js";
import { sizeOf } from "../runtime/shape.js";
import type { KernelCall } from "../runtime/kernel.js";
import type { Lowered } from "./lower.js";
import { planMemory, type MemoryPlan } from "./memory-plan.js";
import { shareSlabs } from "./share-slabs.js";
import { usesOf, type Located, type Memory } from "./uses.js";

/** Padding behind every tensor of a guarded plan. */
const GUARD_BYTES = 256;

/**
 * Places everything that belongs to a plan alone. The caller's tensors stand for arguments and results where they can; arguments that are copied in live from
 * before the first dispatch, results that are copied out until after the last.
 * A guarded plan (a test hook, see `Device.guardPlans`) reuses no memory and has padding behind every tensor.
 */
export function layOut(lowered: Lowered, maxSlab: number, guarded = false): MemoryPlan<Memory> {
  const { calls, memories, inputs, outputs } = lowered;
  if (!guarded) noteSlots(lowered);
  for (const { memory } of inputs) memory.first = -1;
  for (const { memory } of outputs) memory.last = calls.length;
  const blocks = memories.filter((m) => !m.variable && !m.held && !m.static && m.slot === undefined && m.last >= -1);
  for (const block of blocks) block.last = Math.max(block.last, block.first);
  if (guarded) for (const block of blocks) Object.assign(block, { bytes: block.bytes + GUARD_BYTES, first: -1, last: calls.length });
  const place = (apart: readonly KernelCall[]): MemoryPlan<Memory> => planMemory(blocks, rivals(apart.map(usesOf)), maxSlab);
  return guarded ? place(calls) : shareSlabs(calls, place);
}

/** Numbers the memories that the caller's own tensors can stand for: arguments that are only read, and results that fill a memory of their own. The rest is copied. */
function noteSlots({ calls, inputs, outputs }: Lowered): void {
  const written = new Set<Memory>(calls.flatMap((call) => usesOf(call).writes));
  const whole = ({ memory, offset, slice, shape, dtype }: Located): boolean => offset === 0 && !slice && byteLength(dtype, sizeOf(shape)) >= memory.filled;
  inputs.forEach((input, i) => {
    if (!written.has(input.memory)) input.memory.slot = i;
  });
  outputs.forEach((output, i) => {
    if (written.has(output.memory) && output.memory.slot === undefined && !output.memory.variable && whole(output)) output.memory.slot = inputs.length + i;
  });
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
