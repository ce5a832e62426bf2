import { describe, expect, test } from "vitest";
import { tensor } from "../../src/graph/tensor.js";
import { batchNormAffine, batchNormInference, batchNormTrain } from "../../src/ops/batch-norm2d.js";
import { cast } from "../../src/ops/cast.js";
import { add, mul } from "../../src/ops/pointwise.js";
import * as reference from "../reference/batch-norm2d.js";
import { testDevice } from "../support/device.js";
import { random } from "../support/random.js";
import { testOp } from "../support/test-op.js";

// Statistics are f32 also where the rest is f16.
const variance = (c: number) => ({ shape: [c], low: 0.5, high: 2 });

testOp("batchNormTrain", ({ x, gamma, beta }, o) => batchNormTrain(x, gamma, beta, o), reference.batchNormTrain, [
  { x: [2, 5, 7, 3], gamma: [3], beta: [3] },
  { x: [2, 5, 7, 4], gamma: [4], beta: [4], name: "four channels at a time" },
  { x: [1, 9, 5, 8], gamma: [8], beta: [8], options: { eps: 1e-3 } },
  { x: { shape: [2, 1, 1, 5], distinct: true, low: -9, high: 9 }, gamma: [5], beta: [5], name: "two values per channel" },
  { x: [1, 1, 3, 1], gamma: [1], beta: [1] },
  { x: [3, 11, 13, 2], gamma: [2], beta: [2], name: "several chunks" },
  { x: [1, 47, 51, 4], gamma: [4], beta: [4], name: "partials merged in two stages" },
  { x: [1, 47, 51, 1], gamma: [1], beta: [1] },
  // Half a unit in the last place of the mean is 3e-5 here, and the deviation is about 0.6.
  { x: { shape: [2, 9, 9, 3], low: 999, high: 1001 }, gamma: [3], beta: [3], name: "mean far from zero", tolerance: { forward: 5e-5 } },
  { x: { shape: [2, 5, 5, 4], low: 1e-3, high: 2e-3 }, gamma: [4], beta: [4], name: "variance below eps" },
  { x: [4, 3, 3, 20], gamma: [20], beta: [20] },
  { x: [4, 3, 3, 7], gamma: { shape: [7], values: [1, 0, 1, 0, 1, 0, 1] }, beta: [7], name: "gamma with zeros" },
]);

testOp("batchNormInference", ({ x, gamma, beta, mean, variance: v }, o) => batchNormInference(x, gamma, beta, cast(mean, "f32"), cast(v, "f32"), o), reference.batchNormInference, [
  { x: [2, 5, 7, 3], gamma: [3], beta: [3], mean: [3], variance: variance(3), options: { eps: 1e-5 } },
  { x: [2, 5, 7, 4], gamma: [4], beta: [4], mean: [4], variance: variance(4) },
  { x: [1, 1, 1, 5], gamma: [5], beta: [5], mean: [5], variance: variance(5), name: "one value per channel is fine" },
  { x: [1, 9, 5, 8], gamma: [8], beta: [8], mean: [8], variance: variance(8), options: { eps: 0.1 } },
  { x: [1, 3, 3, 1], gamma: [1], beta: [1], mean: [1], variance: variance(1), options: { eps: 0 } },
  { x: [3, 11, 13, 2], gamma: [2], beta: [2], mean: [2], variance: variance(2) },
  { x: [1, 47, 51, 4], gamma: [4], beta: [4], mean: [4], variance: variance(4) },
  { x: [2, 2, 3, 12], gamma: [12], beta: [12], mean: [12], variance: variance(12) },
  { x: [2, 3, 2, 6], gamma: [6], beta: [6], mean: [6], variance: { shape: [6], low: 50, high: 100 } },
  { x: [5, 1, 2, 4], gamma: [4], beta: [4], mean: { shape: [4], low: 10, high: 20 }, variance: variance(4) },
]);

testOp("batchNormAffine", ({ x, gamma, beta, mean, variance: v }, { eps = 1e-5 }) => {
  const { scale, shift } = batchNormAffine({ gamma, beta, mean: cast(mean, "f32"), variance: cast(v, "f32") }, { eps });
  return add(mul(x, scale), shift);
}, reference.batchNormInference, [
  { x: [2, 5, 7, 3], gamma: [3], beta: [3], mean: [3], variance: variance(3), options: { eps: 1e-5 } },
  { x: [2, 3, 3, 4], gamma: [4], beta: [4], mean: [4], variance: variance(4), options: { eps: 0.1 } },
]);

describe("batchNorm2d", () => {
  test.each([1, 4])("loses few digits to a mean a hundred thousand deviations away (%i channels)", async (c) => {
    const device = await testDevice();
    const rng = random("batch norm");
    const values = Float32Array.from({ length: 4000 * c }, () => 1e5 + rng.normal());
    using x = tensor(device, values, [1, 40, 100, c]);
    using ones = tensor(device, new Float32Array(c).fill(1));
    const { out, mean, variance: spread } = batchNormTrain(x, ones, ones);
    const first = values.filter((_, i) => i % c === 0);
    const average = first.reduce((a, v) => a + v, 0) / first.length;
    const expected = first.reduce((a, v) => a + (v - average) ** 2, 0) / first.length;
    // f32 knows numbers of this size, and so the mean, to 4e-3.
    expect(Math.abs((await mean.data())[0]! - average)).toBeLessThan(8e-3);
    expect(Math.abs((await spread.data())[0]! / expected - 1)).toBeLessThan(2e-4);
    for (const t of [out, mean, spread]) t.dispose();
  });

  test("says what is wrong with its arguments", async () => {
    const device = await testDevice();
    using x = tensor(device, new Float32Array(3), [1, 1, 1, 3]);
    using wide = tensor(device, new Float32Array(12), [1, 2, 2, 3]);
    using flat = tensor(device, new Float32Array(6), [2, 3]);
    using three = tensor(device, [1, 1, 1]);
    using two = tensor(device, [1, 1]);
    expect(() => batchNormTrain(x, three, three)).toThrow(
      "batchNorm2d: training needs more than one value per channel, but batch × height × width is 1. Use a larger batch or image, or evaluation mode.\n  x  [1, 1, 1, 3]  NHWC",
    );
    using empty = tensor(device, new Float32Array(0), [0, 2, 2, 3]);
    using bare = tensor(device, new Float32Array(0), [1, 2, 2, 0]);
    using none = tensor(device, new Float32Array(0));
    expect(() => batchNormTrain(empty, three, three)).toThrow("batchNorm2d: training needs more than one value per channel, but batch × height × width is 0.");
    expect(() => batchNormTrain(bare, none, none)).toThrow("batchNorm2d: x has no channels.\n  x  [1, 2, 2, 0]  NHWC");
    expect(() => batchNormInference(bare, none, none, none, none)).toThrow("batchNorm2d: x has no channels.");
    expect(() => batchNormTrain(wide, two, three)).toThrow("batchNorm2d: gamma must hold one number for each of the 3 channels of x.\n  x      [1, 2, 2, 3]  NHWC\n  gamma  [2]           C");
    expect(() => batchNormInference(flat, three, three, three, three)).toThrow("batchNorm2d: x must have 4 axes (NHWC) but has 2.\n  x  [2, 3]");
    expect(() => batchNormTrain(wide, three, three, { eps: -1 })).toThrow("batchNorm2d: eps must be a number of at least 0 but is -1.");
    expect(() => batchNormTrain(wide, three, three, { epsilon: 1 } as object)).toThrow('batchNorm2d: unknown option "epsilon".');
  });
});
