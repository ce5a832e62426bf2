import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { capturing } from "../../src/graph/current.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { dropout, dropout2d } from "../../src/ops/dropout.js";
import * as reference from "../reference/dropout.js";
import { testDevice } from "../support/device.js";
import { testOp } from "../support/test-op.js";

testOp("dropout", ({ x }, o) => dropout(x, o), reference.dropout, [
  { x: [2, 5, 7, 3] },
  { x: [2, 5, 7, 3], options: { rate: 0.1, seed: 7 } },
  { x: [2, 5, 7, 3], options: { rate: 0.9, seed: 7, key: 3 } },
  { x: [2, 5, 7, 3], options: { seed: 4294967295, key: 4294967295 } },
  { x: [1] },
  { x: [1000], options: { rate: 0.25, key: 12 } },
  { x: [5, 3], options: { rate: 0 }, name: "rate 0 keeps everything" },
  { x: [5, 3], options: { rate: 1 }, name: "rate 1 drops everything" },
]);

testOp("dropout2d", ({ x }, o) => dropout2d(x, o), reference.dropout2d, [
  { x: [2, 5, 7, 3] },
  { x: [3, 2, 2, 8], options: { rate: 0.2, seed: 1 } },
  { x: [1, 1, 1, 16], options: { rate: 0.7, key: 5 } },
  { x: [4, 3, 1, 1], options: { rate: 0.5, seed: 99 } },
]);

describe("dropout", () => {
  test("drops about the asked fraction, and not the same elements for another seed, key or step", async () => {
    const device = await testDevice();
    using ones = tensor(device, new Float32Array(10_000).fill(1));
    const draws: number[][] = [];
    for (const options of [{}, { seed: 1 }, { key: 1 }]) {
      using y = dropout(ones, { rate: 0.3, ...options });
      draws.push(Array.from(await y.data(), (v) => (v === 0 ? 1 : 0)));
    }
    for (const drawn of draws) expect(drawn.reduce<number>((a, b) => a + b, 0) / 10_000).toBeCloseTo(0.3, 1);
    const both = draws[0]!.filter((v, i) => v === 1 && draws[1]![i] === 1).length / 10_000;
    expect(both).toBeCloseTo(0.09, 1);
    expect(draws[0]).not.toEqual(draws[2]);
  });

  test("draws anew in each step, from the step number in the step block", async () => {
    const device = await testDevice();
    let step = 0;
    const run = compile((x: Tensor) => dropout(x as Tensor<"f32">, { stepSlot: capturing()!.stepValue("u32", () => step) }));
    using ones = tensor(device, new Float32Array(50).fill(1));
    for (step of [0, 1, 5]) {
      using y = run(ones);
      expect(Array.from(await y.data())).toEqual(Array.from({ length: 50 }, (_, i) => (reference.kept(i, step, {}) ? 2 : 0)));
    }
    run.dispose();
  });

  test("says what is wrong with its arguments", async () => {
    const device = await testDevice();
    using x = tensor(device, [1, 2]);
    using labels = tensor(device, new Uint32Array(2));
    expect(() => dropout(x, { rate: 1.5 })).toThrow("dropout: rate must be between 0 and 1 but is 1.5.");
    expect(() => dropout(x, { seed: 0.5 })).toThrow("dropout: seed must be a whole number but is 0.5.");
    expect(() => dropout(x, { p: 0.5 } as object)).toThrow('dropout: unknown option "p".');
    expect(() => dropout2d(x)).toThrow("dropout2d: x must have 4 axes (NHWC) but has 1.\n  x  [2]");
    expect(() => dropout(labels as never)).toThrow('dropout: x must be f16 or f32 but is u32. Convert with cast(x, "f32").');
  });
});
