import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { gradients } from "../../src/ops/gradients.js";
import { max } from "../../src/ops/max.js";
import * as reference from "../reference/max.js";
import { testDevice } from "../support/device.js";
import { testOp } from "../support/test-op.js";

const distinct = (...shape: number[]) => ({ shape, distinct: true });

testOp("max", ({ x }, o) => max(x, o), reference.max, [
  { x: distinct(2, 5, 7, 3), options: { axes: [1, 2] } },
  { x: distinct(2, 5, 7, 3) },
  { x: distinct(2, 5, 7, 3), options: { axes: [-1], keepDims: true } },
  { x: distinct(3, 4, 5), options: { axes: [0, 2] } },
  { x: distinct(140, 3), options: { axes: [0] }, name: "two stages" },
  { x: distinct(2, 300), options: { axes: [1] } },
  { x: { shape: [3, 5], low: -9, high: -1 }, options: { axes: [1] }, name: "all negative" },
  { x: { shape: [2, 3], values: [1, NaN, 3, 4, 5, 6] }, options: { axes: [1] }, name: "NaN wins" },
  { x: { shape: [2, 2], values: [-Infinity, -Infinity, 3, Infinity] }, options: { axes: [1] }, name: "infinities" },
  { x: { shape: [3, 200], dtype: "u32", high: 4e9 }, options: { axes: [1] } },
  { x: { shape: [3, 200], dtype: "i32", low: -1000, high: -1 }, options: { axes: [1] } },
  { x: distinct(1), options: {} },
]);

describe("max", () => {
  test("shares the gradient among ties, as PyTorch's amax does", async () => {
    const device = await testDevice();
    using x = tensor(device, [1, 3, 3, 2, 2, 2], [2, 3]);
    using seed = tensor(device, [1, 6]);
    const run = compile((a: Tensor, s: Tensor) => gradients(max(a, { axes: [1] }), [a], s)[0]!);
    using grad = run(x, seed);
    expect(Array.from(await grad.data())).toEqual([0, 0.5, 0.5, 2, 2, 2]);
    run.dispose();
  });

  test("says what is wrong with its arguments", async () => {
    const device = await testDevice();
    using x = tensor(device, new Uint8Array(4));
    using empty = tensor(device, new Float32Array(0), [2, 0]);
    expect(() => max(x)).toThrow('max: x must be f32, f16, i32 or u32 but is u8. Convert with cast(x, "u32").');
    expect(() => max(empty)).toThrow("max: the largest of no elements is not defined.\n  x  [2, 0]");
  });
});
