import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { gradients } from "../../src/ops/gradients.js";
import { min } from "../../src/ops/max.js";
import * as reference from "../reference/max.js";
import { testDevice } from "../support/device.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

const distinct = (...shape: number[]) => ({ shape, distinct: true });

testOp("min", ({ x }, o) => min(x, o), reference.min, [
  { x: distinct(2, 5, 7, 3), options: { axes: [1, 2] } },
  { x: distinct(2, 5, 7, 3) },
  { x: distinct(2, 5, 7, 3), options: { axes: [-1], keepDims: true } },
  { x: distinct(3, 4, 5), options: { axes: [0, 2] } },
  { x: distinct(140, 3), options: { axes: [0] }, name: "two stages" },
  { x: { shape: [3, 5], low: 1, high: 9 }, options: { axes: [1] }, name: "all positive" },
  { x: { shape: [2, 3], values: [1, NaN, 3, 4, 5, 6] }, options: { axes: [1] }, name: "NaN wins" },
  { x: { shape: [2, 2], values: [Infinity, Infinity, 3, -Infinity] }, options: { axes: [1] }, name: "infinities" },
  { x: { shape: [3, 200], dtype: "u32", low: 3e9, high: 4e9 }, options: { axes: [1] } },
  { x: { shape: [3, 200], dtype: "i32", low: -1000, high: 1000 }, options: { axes: [1] } },
  { x: distinct(1), options: {} },
  { x: distinct(2, 3), options: { axes: [] }, name: "no axes" },
]);

describe("min", () => {
  test("shares the gradient among ties, as PyTorch's amin does", async () => {
    const device = await testDevice();
    using x = tensor(device, [1, 1, 3, 2, 2, 2], [2, 3]);
    using seed = tensor(device, [1, 6]);
    const run = compile((a: Tensor, s: Tensor) => gradients(min(a, { axes: [1] }), [a], s)[0]!);
    using grad = run(x, seed);
    expect(Array.from(await grad.data())).toEqual([0.5, 0.5, 0, 2, 2, 2]);
    run.dispose();
  });
});

testErrors("min", [
  ["no elements", { x: [2, 0] }, ({ x }) => min(x!), "min: the smallest of no elements is not defined.\n  x  [2, 0]"],
  ["what is no tensor", {}, () => min(undefined as never), "min: x must be a tensor but is undefined. Make one with tensor(device, data, shape)."],
]);
