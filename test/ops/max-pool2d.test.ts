import { expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { gradients } from "../../src/ops/gradients.js";
import { maxPool2d, maxPool2dWithIndices, type MaxPool2dOptions } from "../../src/ops/max-pool2d.js";
import { square } from "../../src/ops/pointwise.js";
import * as reference from "../reference/max-pool2d.js";
import { testDevice } from "../support/device.js";
import { testErrors } from "../support/test-errors.js";
import { testOp, type OpCase } from "../support/test-op.js";
import type { NdArray } from "../reference/ndarray.js";

const distinct = (...shape: number[]) => ({ shape, distinct: true });
const values = (shape: number[], list: number[]) => ({ shape, dtype: "f32" as const, values: list });

const cases: OpCase<{ x: NdArray }, MaxPool2dOptions>[] = [
  { x: distinct(2, 9, 7, 3), options: { kernelSize: 2 } },
  { x: distinct(1, 8, 10, 8), options: { kernelSize: 2 } },
  { x: distinct(2, 9, 8, 3), options: { kernelSize: 3, stride: 2, padding: 1 } },
  { x: distinct(1, 11, 9, 4), options: { kernelSize: 3, stride: 2, padding: 1 } },
  { x: distinct(1, 7, 7, 5), options: { kernelSize: 3, stride: 1, padding: 1 } },
  { x: distinct(1, 45, 60, 4), options: { kernelSize: 2, ceilMode: true }, name: "SegNet's 45 to 23 rows" },
  { x: distinct(1, 7, 5, 2), options: { kernelSize: 3, stride: 2, padding: 1, ceilMode: true } },
  { x: distinct(1, 6, 8, 4), options: { kernelSize: 3, stride: 3, padding: 1, ceilMode: true }, name: "ceil mode drops a last window that begins in the padding" },
  { x: distinct(1, 13, 11, 3), options: { kernelSize: 3, stride: 1, dilation: 2, padding: 1 } },
  { x: distinct(1, 12, 13, 4), options: { kernelSize: [3, 2], stride: [1, 3], dilation: [3, 2], padding: [1, 1] } },
  { x: distinct(2, 5, 9, 1), options: { kernelSize: [1, 4], stride: [2, 1], padding: [0, 2] } },
  { x: distinct(1, 7, 9, 4), options: { kernelSize: 2, stride: 3 }, name: "strides longer than the window" },
  { x: distinct(1, 2, 2, 1), options: { kernelSize: 3, stride: 2, ceilMode: true }, name: "one window larger than x in ceil mode" },
  { x: values([1, 2, 4, 1], [5, 5, NaN, 1, 5, 5, 2, 3]), options: { kernelSize: 2 }, name: "NaN wins" },
  { x: values([1, 2, 2, 4], [-Infinity, -1, Infinity, 0, -Infinity, -3, 1, -0, -Infinity, NaN, 2, 0, -Infinity, -2, Infinity, 0]), options: { kernelSize: 2 }, name: "infinities and NaN by channel" },
  { x: values([1, 2, 4, 1], [NaN, 1, NaN, 2, 3, Infinity, 4, NaN]), options: { kernelSize: [2, 4] }, name: "the last NaN of a window" },
  { x: values([1, 2, 2, 1], [-Infinity, -Infinity, -Infinity, -Infinity]), options: { kernelSize: 2, stride: 1, padding: 1 }, name: "nothing but -infinity, inside and around" },
  { x: distinct(1, 1, 1, 3), options: { kernelSize: 1 }, name: "one pixel" },
  { x: distinct(2, 1, 1, 4), options: { kernelSize: 3, stride: 1, padding: 1 }, name: "one pixel under larger windows" },
  { x: distinct(1, 9, 8, 3), options: { kernelSize: 4, stride: 1, padding: 2, dilation: 2 }, name: "windows that overlap everywhere" },
  { x: distinct(0, 4, 4, 3), options: { kernelSize: 2 }, name: "no images" },
];

testOp("maxPool2d", ({ x }, o: MaxPool2dOptions) => maxPool2d(x, o), reference.maxPool2d, cases);
testOp("maxPool2dWithIndices", ({ x }, o: MaxPool2dOptions) => maxPool2dWithIndices(x, o), reference.maxPool2dWithIndices, [
  ...cases,
  { x: { ...values([1, 3, 3, 1], [7, 7, 7, 7, 7, 7, 7, 7, 7]), gradient: false }, options: { kernelSize: 2, stride: 1 }, name: "the first of equal values is named" },
  { x: { ...values([1, 2, 2, 4], [3, 0, 1, 2, 3, 1, 1, 2, 3, 1, 2, 2, 3, 0, 2, 2]), gradient: false }, options: { kernelSize: 2 }, name: "ties by channel" },
]);

test("the second derivative follows the indices", async () => {
  const device = await testDevice();
  // out = max², so d/dx of (v · d out/dx) is 2 v at the maxima, here with v = 1.
  using x = tensor(device, [1, 3, 2, 5, 4, 0], [1, 2, 3, 1]);
  using ones = tensor(device, [1, 1, 1, 1, 1, 1], [1, 2, 3, 1]);
  using seed = tensor(device, [1, 1], [1, 1, 2, 1]);
  const twice = compile((v: Tensor<"f32">, s: Tensor<"f32">, u: Tensor<"f32">) => {
    const [slope] = gradients(square(maxPool2d(v, { kernelSize: 2, stride: 1 })), [v], s);
    return gradients(slope!, [v], u)[0]!;
  });
  using second = twice(x, seed, ones);
  expect([...(await second.data())]).toEqual([0, 0, 0, 2, 2, 0]);
  twice.dispose();
});

testErrors("maxPool2d", [
  ["x that is no feature map", { x: [4, 4, 3] }, ({ x }) => maxPool2d(x!, { kernelSize: 2 }), "maxPool2d: x must have 4 axes (NHWC) but has 3.\n  x  [4, 4, 3]"],
  ["labels", { x: { shape: [1, 4, 4, 1], classes: 3 } }, ({ x }) => maxPool2d(x!, { kernelSize: 2 }), 'maxPool2d: x must be f16 or f32 but is u32. Convert with cast(x, "f32").'],
  ["too much padding", { x: [1, 4, 4, 1] }, ({ x }) => maxPool2d(x!, { kernelSize: 3, padding: 2 }), "maxPool2d: padding [2, 2] is more than half of kernelSize [3, 3]."],
  ["a window larger than x", { x: [1, 4, 3, 1] }, ({ x }) => maxPool2d(x!, { kernelSize: 5, padding: 0 }), "maxPool2d: the window spans 5 rows but x has 4.\n  x  [1, 4, 3, 1]  NHWC"],
  ["a dilated window larger than padded x", { x: [1, 9, 4, 1] }, ({ x }) => maxPool2d(x!, { kernelSize: 3, padding: 1, dilation: 3 }), "maxPool2d: the window spans 7 columns but x has 4, and 6 with its padding.\n  x  [1, 9, 4, 1]  NHWC"],
  ["windows that see only padding", { x: [1, 1, 4, 1] }, ({ x }) => maxPool2d(x!, { kernelSize: 2, padding: 1, dilation: 2 }), "maxPool2d: window 0 of the rows sees only padding; use less padding or dilation.\n  x  [1, 1, 4, 1]  NHWC"],
  ["a stride of 0", { x: [1, 4, 4, 1] }, ({ x }) => maxPool2d(x!, { kernelSize: 2, stride: 0 }), "maxPool2d: stride must be a whole number of at least 1, or two of them [vertical, horizontal], but is 0."],
  ["a switch that is none", { x: [1, 4, 4, 1] }, ({ x }) => maxPool2d(x!, { kernelSize: 2, ceilMode: "yes" as never }), 'maxPool2d: ceilMode must be true or false but is "yes".'],
  ["a stride that does not fit 32 bits", { x: [1, 4, 4, 1] }, ({ x }) => maxPool2d(x!, { kernelSize: 2, stride: 2 ** 33 }), "maxPool2d: stride must be below 1073741824 but is 8589934592."],
  ["a window that no GPU ever finishes", { x: [1, 4, 4, 1] }, ({ x }) => maxPool2d(x!, { kernelSize: 2 ** 29, padding: 2 ** 28 }), "maxPool2d: kernelSize [536870912, 536870912] has more than 16777216 positions. Pool in several steps, or adaptively."],
  ["a plane without rows", { x: [1, 0, 4, 1] }, ({ x }) => maxPool2d(x!, { kernelSize: 2, padding: 1 }), "maxPool2d: the window spans 2 rows but x has 0, and 2 with its padding.\n  x  [1, 0, 4, 1]  NHWC"],
  ["an option by another name", { x: [1, 4, 4, 1] }, ({ x }) => maxPool2d(x!, { kernelSize: 2, strides: 2 } as never), 'maxPool2d: unknown option "strides". Did you mean "stride"? Options: kernelSize, stride, padding, dilation, ceilMode.'],
]);
