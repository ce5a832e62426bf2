import { describe, expect, it } from "vitest";
import { hash32, permutation, Random } from "../../src/data/random.js";

describe("Random", () => {
  it("gives numbers that never change", () => {
    const random = new Random(1, 2, 3);
    expect([random.bits(), random.bits(), random.bits()]).toMatchInlineSnapshot(`
      [
        3813744833,
        1369237291,
        1382897049,
      ]
    `);
    expect(hash32(0)).toMatchInlineSnapshot(`1214650568`);
  });

  it("has another stream for other counters, both halves of large ones included", () => {
    const firsts = [[0], [1], [0, 0], [0, 1], [1, 0], [2 ** 32], [2 ** 33], [-1], [-2]].map((counters) => new Random(...counters).bits());
    expect(new Set(firsts).size).toBe(firsts.length);
  });

  it("is uniform and normal as it says", () => {
    const random = new Random(7);
    const uniform = Array.from({ length: 20000 }, () => random.next());
    const normal = Array.from({ length: 20000 }, () => random.normal());
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    expect(mean(uniform)).toBeCloseTo(0.5, 1.7);
    expect(mean(uniform.map((v) => (v - 0.5) ** 2))).toBeCloseTo(1 / 12, 2);
    expect(Math.abs(mean(normal))).toBeLessThan(0.03);
    expect(Math.abs(mean(normal.map((v) => v * v)) - 1)).toBeLessThan(0.05);
  });

  it("shuffles every index exactly once", () => {
    const order = permutation(1000, 5, 0);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect([...permutation(1000, 5, 1)]).not.toEqual([...order]);
    expect([...permutation(1000, 5, 0)]).toEqual([...order]);
  });
});
