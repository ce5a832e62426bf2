import { expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { adaptiveMaxPool2d, adaptiveMaxPool2dWithIndices, type AdaptiveMaxPool2dOptions } from "../../src/ops/adaptive-max-pool2d.js";
import { gradients } from "../../src/ops/gradients.js";
import { square } from "../../src/ops/pointwise.js";
import * as reference from "../reference/adaptive-max-pool2d.js";
import { testDevice } from "../support/device.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

const distinct = (...shape: number[]) => ({ shape, distinct: true });
const values = (shape: number[], list: number[]) => ({ shape, dtype: "f32" as const, values: list, gradient: false });

testOp("adaptiveMaxPool2dWithIndices", ({ x }, o: AdaptiveMaxPool2dOptions) => adaptiveMaxPool2dWithIndices(x, o), reference.adaptiveMaxPool2dWithIndices, [
  { x: distinct(1, 33, 33, 4), options: { outputSize: 6 }, name: "33 positions in 6 overlapping bins" },
  { x: distinct(2, 9, 7, 3), options: { outputSize: 1 } },
  { x: distinct(2, 9, 7, 8), options: { outputSize: 1 } },
  { x: distinct(1, 8, 12, 4), options: { outputSize: [4, 6] } },
  { x: distinct(1, 7, 5, 3), options: { outputSize: [2, 3] } },
  { x: distinct(1, 10, 11, 4), options: { outputSize: [7, 4] } },
  { x: distinct(1, 3, 4, 3), options: { outputSize: [5, 6] }, name: "more bins than positions" },
  { x: distinct(2, 1, 1, 4), options: { outputSize: [3, 2] }, name: "one position in every bin" },
  { x: distinct(1, 7, 5, 3), options: { outputSize: [null, 2] }, name: "every row kept" },
  { x: distinct(1, 7, 5, 4), options: { outputSize: [3, null] }, name: "every column kept" },
  { x: values([1, 2, 4, 1], [5, 5, NaN, 1, 5, 5, 2, NaN]), options: { outputSize: [1, 2] }, name: "NaN wins, the last one; the first of equal values" },
  { x: values([1, 2, 1, 4], [-Infinity, -1, Infinity, NaN, -Infinity, -3, Infinity, 0]), options: { outputSize: 1 }, name: "infinities and NaN by channel" },
  { x: distinct(0, 4, 4, 3), options: { outputSize: 2 }, name: "no images" },
]);

test("the second derivative follows the indices", async () => {
  const device = await testDevice();
  using x = tensor(device, [1, 3, 2, 5, 4, 0], [1, 2, 3, 1]);
  using ones = tensor(device, [1, 1, 1, 1, 1, 1], [1, 2, 3, 1]);
  using seed = tensor(device, [1, 1], [1, 1, 2, 1]);
  const twice = compile((v: Tensor<"f32">, s: Tensor<"f32">, u: Tensor<"f32">) => {
    const [slope] = gradients(square(adaptiveMaxPool2d(v, { outputSize: [1, 2] })), [v], s);
    return gradients(slope!, [v], u)[0]!;
  });
  using second = twice(x, seed, ones);
  expect([...(await second.data())]).toEqual([0, 0, 0, 2, 2, 0]);
  twice.dispose();
});

testErrors("adaptiveMaxPool2d", [
  ["no bins", { x: [1, 4, 4, 1] }, ({ x }) => adaptiveMaxPool2d(x!, { outputSize: 0 }), "adaptiveMaxPool2d: outputSize must be a whole number of at least 1, or two of them [vertical, horizontal], but is 0."],
  ["labels", { x: { shape: [1, 4, 4, 1], classes: 3 } }, ({ x }) => adaptiveMaxPool2d(x!, { outputSize: 2 }), 'adaptiveMaxPool2d: x must be f16 or f32 but is u32. Convert with cast(x, "f32").'],
  ["a plane without rows", { x: [1, 0, 4, 1] }, ({ x }) => adaptiveMaxPool2d(x!, { outputSize: 1 }), "adaptiveMaxPool2d: x has no positions to pool.\n  x  [1, 0, 4, 1]  NHWC"],
]);
