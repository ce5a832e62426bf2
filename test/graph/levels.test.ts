import { describe, expect, test } from "vitest";
import { byLevels, countLevels } from "../../src/graph/levels.js";
import { usesOf, type Located, type Memory } from "../../src/graph/uses.js";
import type { Variable } from "../../src/graph/variable.js";
import { UNet } from "../../src/models/unet.js";
import type { Access, KernelCall } from "../../src/runtime/kernel.js";
import { lowerModel, someAdapter } from "../support/lower-model.js";
import { random } from "../support/random.js";

const memory = (name: string, bytes = 256, home: Partial<Memory> = {}): Memory => ({ name, shape: [bytes / 4], filled: bytes, bytes, first: Infinity, last: -Infinity, static: false, ...home });
const at = (m: Memory): Located => ({ shape: m.shape, dtype: "f32", memory: m, offset: 0 });

/** A dispatch that reads and writes these. */
function dispatch(name: string, reads: readonly Memory[], writes: readonly Memory[]): KernelCall {
  const uses = [...reads.map((m) => [m, "read"] as const), ...writes.map((m) => [m, "read_write"] as const)];
  const bindings = Object.fromEntries(uses.map(([m], i) => [`b${i}`, at(m)]));
  const entry = Object.fromEntries(uses.map(([, access], i): [string, [number, Access]] => [`b${i}`, [i, access]]));
  return { shader: { name, code: "", entries: { main: entry }, params: {}, overrides: {}, consts: {} }, entry: "main", bindings, params: {}, constants: {}, workgroups: [1, 1, 1], flops: 0 };
}

const names = (calls: readonly KernelCall[]): string => calls.map(({ shader }) => shader.name).join(" ");

/** What two dispatches must not both use when one of them writes it: looked at pair by pair, unlike in the schedule. */
function conflict(a: KernelCall, b: KernelCall): boolean {
  const [x, y] = [usesOf(a), usesOf(b)];
  const same = (p: Memory, q: Memory): boolean => p === q || (p.variable !== undefined && q.variable !== undefined && p.variable.storage?.buffer === q.variable.storage?.buffer);
  const meet = (p: readonly Memory[], q: readonly Memory[]): boolean => p.some((m) => q.some((n) => same(m, n)));
  return meet(x.writes, [...y.reads, ...y.writes]) || meet(y.writes, x.reads);
}

/** A sentence about the first pair whose order matters and has changed. */
function fault(given: readonly KernelCall[], order: readonly KernelCall[]): string | undefined {
  const place = new Map(order.map((call, i) => [call, i]));
  if (place.size !== given.length || given.some((call) => !place.has(call))) return "dispatches are missing or new";
  for (const [i, a] of given.entries())
    for (const b of given.slice(i + 1)) if (place.get(a)! > place.get(b)! && conflict(a, b)) return `${a.shader.name}.${a.entry} must come before ${b.shader.name}.${b.entry}`;
  return undefined;
}

describe("byLevels", () => {
  const [x, a, b, c, d] = ["x", "a", "b", "c", "d"].map((name) => memory(name));

  test("puts independent dispatches side by side and keeps the rest in order", () => {
    const calls = [dispatch("A", [x!], [a!]), dispatch("B", [a!], [b!]), dispatch("C", [x!], [c!]), dispatch("D", [b!, c!], [d!])];
    expect(countLevels(calls)).toBe(3);
    const chains = [dispatch("A", [x!], [a!]), dispatch("B", [a!], [b!]), dispatch("C", [x!], [c!]), dispatch("D", [c!], [d!])];
    expect(countLevels(chains)).toBe(3); // A, B with C, D
    const order = byLevels(chains, [at(x!)], [at(b!), at(d!)]);
    expect(names(order)).toBe("A C B D");
    expect(countLevels(order)).toBe(2);
  });

  test("lets writes wait for readers of the old value, and for everything else in the buffer of a variable", () => {
    const buffer = {};
    const variable = (name: string): Memory => memory(name, 256, { variable: { storage: { buffer } } as unknown as Variable });
    const [flat, weight] = [variable("flat"), variable("weight")];
    const calls = [dispatch("A", [x!], [a!]), dispatch("read weight", [a!, weight], [b!]), dispatch("update", [x!], [flat]), dispatch("read again", [weight], [c!])];
    expect(names(byLevels(calls, [at(x!)], [at(b!), at(c!)]))).toBe(names(calls));
    expect(countLevels(calls)).toBe(4);
  });

  test("leaves the order alone where more than 5 % more would be alive at once", () => {
    const large = memory("large", 1 << 20);
    const calls = [dispatch("A", [x!], [a!]), dispatch("B", [a!], [b!]), dispatch("C", [b!], [d!]), dispatch("L", [x!], [large]), dispatch("E", [large], [c!])];
    const many = [...Array.from({ length: 3 }, (_, i) => [dispatch(`L${i}`, [x!], [memory(`large ${i}`, 1 << 20)])]).flat(), ...calls];
    expect(names(byLevels(many, [at(x!)], [at(c!), at(d!)]))).toBe(names(many));
  });

  test("keeps the order of every pair that meets, for random programs, and is the same every time", () => {
    const rng = random("levels");
    for (let round = 0; round < 60; round++) {
      const memories = Array.from({ length: 2 + rng.integer(12) }, (_, i) => memory(`m${i}`, 256 * (1 + rng.integer(8))));
      const some = (most: number): Memory[] => [...new Set(Array.from({ length: 1 + rng.integer(most) }, () => memories[rng.integer(memories.length)]!))];
      const calls = Array.from({ length: 1 + rng.integer(50) }, (_, i) => {
        const writes = some(1);
        return dispatch(`k${i}`, some(3).filter((m) => !writes.includes(m)), writes);
      });
      const order = byLevels(calls, [at(memories[0]!)], [at(memories[1]!)]);
      expect(fault(calls, order), `round ${round}`).toBeUndefined();
      expect(countLevels(order)).toBeLessThanOrEqual(countLevels(calls));
      expect(byLevels(calls, [at(memories[0]!)], [at(memories[1]!)])).toEqual(order);
    }
  });

  test("finds the pairs of gradients in a U-Net's training step", () => {
    const { calls, origin } = lowerModel(new UNet({ classes: 2, widths: [8, 16, 32, 64, 128], norm: "none" }), "train", [2, 64, 64], someAdapter(true));
    const given = [...origin.keys()].filter((call) => calls.includes(call));
    expect(fault(given, calls)).toBeUndefined();
    expect(countLevels(calls)).toBeLessThan(countLevels(given));
    expect(countLevels(calls)).toBeLessThan(0.7 * calls.length);
  });
});
