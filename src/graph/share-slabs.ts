import type { KernelCall } from "../runtime/kernel.js";
import type { MemoryPlan } from "./memory-plan.js";
import { boundBy, type Memory } from "./uses.js";

/** Memory that is this close to the lower bound is not worth a pipeline of its own. */
const CLOSE = 1.12;

const bytesOf = ({ slabs }: MemoryPlan<Memory>): number => slabs.reduce((sum, slab) => sum + slab, 0);

/** Bytes that a dispatch touches in slabs; 0 where it cannot read and write one slab, because it binds some memory twice. */
function shareable(call: KernelCall, { places }: MemoryPlan<Memory>): number {
  const memories = boundBy(call).map(({ memory }) => memory).filter((memory) => places.has(memory));
  return new Set(memories).size < memories.length ? 0 : memories.reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * Places memory so that as few dispatches as possible read and write one slab. WebGPU forbids that where the buffer is bound as read-only as well,
 * so what a dispatch reads and what it writes stand in slabs of their own, which may cost up to 40 % (a chain of large maps of falling
 * size). Where it costs much, the dispatches with the largest tensors may share a slab after all: they bind as writable what they read
 * from the slab that they write (`KernelCall.writable`), by a pipeline of their own.
 *
 * @param place places everything, keeping apart what the given dispatches read and write
 */
export function shareSlabs(calls: readonly KernelCall[], place: (apart: readonly KernelCall[]) => MemoryPlan<Memory>): MemoryPlan<Memory> {
  let best = place(calls);
  const able = calls.map((call) => ({ call, bytes: shareable(call, best) })).filter(({ bytes }) => bytes > 0).sort((a, b) => b.bytes - a.bytes);
  for (let count = Math.ceil(able.length / 40); bytesOf(best) > CLOSE * best.lowerBound && count < 1.5 * able.length; count = Math.ceil(1.5 * count)) {
    const sharing = new Set(able.slice(0, count).map(({ call }) => call));
    const made = place(calls.filter((call) => !sharing.has(call)));
    if (bytesOf(made) < bytesOf(best)) best = made;
  }
  const slabOf = (memory: Memory): number | undefined => best.places.get(memory)?.slab;
  for (const call of calls) {
    const bound = boundBy(call);
    const written = new Set(bound.flatMap(({ memory, reads }) => (reads ? [] : slabOf(memory) ?? [])));
    const writable = bound.filter(({ memory, reads }) => reads && written.has(slabOf(memory)!)).map(({ name }) => name);
    if (writable.length > 0) call.writable = writable.sort();
  }
  return best;
}
