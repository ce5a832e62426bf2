import { expect } from "vitest";
import { mix32 } from "../../src/data/random.js";
import type { Plan } from "../../src/graph/plan.js";
import type { Device } from "../../src/runtime/device.js";
import { Storage } from "../../src/runtime/storage.js";

/**
 * What nobody has written in word `i` of a slab: a NaN as f32 and as two f16, another one at every place, because arithmetic
 * hands the bits of a NaN on from what was read to what is written.
 */
function unwritten(slab: number, i: number): number {
  const hash = mix32(slab * 0x1000193 + i);
  return (0x7fc07e00 | ((hash & 63) << 16) | ((hash >>> 6) & 511)) >>> 0;
}

/**
 * Fills the memory of a plan's intermediate tensors with NaN words, as `poisonPool` does with that of tensors. It is there from when a
 * plan is made until the last one is disposed of.
 */
export function poisonSlabs(device: Device, plan: Plan): void {
  const slabs = device.slabs.reserve([]);
  if (slabs.length < plan.layout.slabs.length) throw new Error("poisonSlabs: there is no memory of plans to fill. Make the plan first.");
  slabs.forEach((buffer, slab) => {
    const words = new Uint32Array(buffer.size / 4);
    for (let i = 0; i < words.length; i++) words[i] = unwritten(slab, i);
    device.write(buffer, 0, words);
  });
}

/**
 * After `poisonSlabs` and one run of a plan made under `device.guardPlans(true)`: nothing was written behind the end of any
 * tensor, input, output or scratch.
 */
export async function expectGuards(device: Device, plan: Plan, note = ""): Promise<void> {
  const slabs = await Promise.all(device.slabs.reserve([]).map(async (buffer) => new Uint32Array(await new Storage(device, buffer, 0, buffer.size, () => undefined).read())));
  const copied = new Set(plan.lowered.inputs.map(({ memory }) => memory));
  for (const [memory, { slab, offset }] of plan.layout.places) {
    const report = (stray: number): void => expect.fail(`${note}${memory.name} [${memory.shape.join(", ")}]: something was written ${stray} words behind its last element`);
    const end = (offset + memory.filled) / 4;
    const from = Math.ceil(end);
    // Half a word follows an odd number of f16; inputs come in whole words.
    if (from > end && !copied.has(memory) && slabs[slab]![from - 1]! >>> 16 !== unwritten(slab, from - 1) >>> 16) report(0);
    const stray = slabs[slab]!.subarray(from, (offset + memory.bytes) / 4).findIndex((word, i) => word !== unwritten(slab, from + i));
    if (stray >= 0) report(stray);
  }
}
