import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { gradients } from "../../src/ops/gradients.js";
import { prod } from "../../src/ops/prod.js";
import * as reference from "../reference/prod.js";
import { testDevice } from "../support/device.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

const near1 = (...shape: number[]) => ({ shape, low: 0.7, high: 1.4 });

testOp("prod", ({ x }, o) => prod(x, o), reference.prod, [
  { x: [2, 3, 5], options: { axes: [1] } },
  { x: [2, 3, 5], options: { axes: [0, 2], keepDims: true } },
  { x: near1(2, 5, 7, 3), options: { axes: [1, 2] } },
  { x: near1(150), name: "two stages" },
  { x: near1(3, 200), options: { axes: [-1] } },
  { x: { shape: [3, 3], values: [2, 0, 3, 0, 4, 0, 1, 2, 3] }, options: { axes: [1] }, name: "no, one and two zeros" },
  { x: { shape: [2, 2, 2], values: [0, 1, 2, 0, 5, -6, 7, 8] }, options: { axes: [0, 2] } },
  { x: { shape: [4, 7], dtype: "i32", low: -3, high: 4 }, options: { axes: [1] } },
  { x: { shape: [40], dtype: "u32", low: 1, high: 3 }, name: "u32" },
  { x: [1] },
  { x: [4, 3], options: { axes: [] }, name: "no axes: a copy" },
  { x: { shape: [2, 0, 3], values: [] }, options: { axes: [1] }, name: "of nothing: 1" },
]);

describe("prod", () => {
  test("wraps around in whole numbers", async () => {
    const device = await testDevice();
    using x = tensor(device, Int32Array.of(65537, 65537, -3));
    using y = prod(x);
    expect(await y.item()).toBe(Math.imul(Math.imul(65537, 65537), -3));
  });

  test("the gradient of a factor 0 is the product of the others", async () => {
    const device = await testDevice();
    using x = tensor(device, [2, 0, 3]);
    using seed = tensor(device, [1], []);
    const run = compile((a: Tensor, s: Tensor) => gradients(prod(a), [a], s)[0]!);
    using grad = run(x, seed);
    expect([...(await grad.data())]).toEqual([0, 6, 0]);
    run.dispose();
  });
});

testErrors("prod", [["bytes", { x: { shape: [2], dtype: "u8" } }, ({ x }) => prod(x!), 'prod: x must be f32, f16, i32 or u32 but is u8. Convert with cast(x, "u32").']]);
