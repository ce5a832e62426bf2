import { expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { gradients } from "../../src/ops/gradients.js";
import { lpPool2d, type LpPool2dOptions } from "../../src/ops/lp-pool2d.js";
import * as reference from "../reference/lp-pool2d.js";
import { testDevice } from "../support/device.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

/** Away from 0, where a fractional power is not smooth. */
const positive = (...shape: number[]) => ({ shape, low: 0.2, high: 2 });

testOp("lpPool2d", ({ x }, o: LpPool2dOptions) => lpPool2d(x, o), reference.lpPool2d, [
  { x: [2, 9, 7, 3], options: { normType: 2, kernelSize: 2 } },
  { x: [1, 8, 10, 4], options: { normType: 2, kernelSize: 3, stride: 2 } },
  { x: [1, 9, 7, 3], options: { normType: 2, kernelSize: [3, 2], stride: [1, 3] } },
  { x: [1, 8, 6, 2], options: { normType: 2, kernelSize: 3, stride: 2, ceilMode: true }, name: "windows that reach beyond x are scaled up" },
  { x: [1, 2, 2, 1], options: { normType: 4, kernelSize: 3, stride: 2, ceilMode: true }, name: "one window larger than x in ceil mode" },
  { x: [1, 7, 5, 4], options: { normType: 1, kernelSize: 2, stride: 1 }, name: "p = 1 is a signed sum" },
  { x: positive(1, 7, 5, 3), options: { normType: 3, kernelSize: 3, stride: 1 } },
  { x: [1, 6, 6, 2], options: { normType: 4, kernelSize: 2 } },
  { x: positive(1, 9, 7, 3), options: { normType: 1.5, kernelSize: 3, stride: 2 } },
  { x: positive(1, 6, 8, 2), options: { normType: 2.5, kernelSize: 2, stride: 3 }, name: "strides longer than the window" },
  { x: positive(1, 5, 7, 4), options: { normType: 20, kernelSize: 3, stride: 1 } },
  { x: [1, 5, 7, 4], options: { normType: 18, kernelSize: 3, stride: 1 }, name: "negative values and a large even power" },
  { x: { shape: [1, 2, 4, 1], values: [-1, 2, 1, 1.5, 1, -1, 1.25, -1] }, options: { normType: 17, kernelSize: 2 }, name: "negative values and a large odd power" },
  { x: { shape: [1, 9, 7, 3], distinct: true }, options: { normType: Infinity, kernelSize: 3, stride: 2, ceilMode: true }, name: "the largest magnitude" },
  { x: { shape: [1, 2, 4, 1], values: [-1, -2, -1, 2, 1, -2, 2, 1] }, options: { normType: 3, kernelSize: 2 }, name: "a negative sum of odd powers is NaN" },
  { x: { shape: [1, 2, 4, 1], values: [-1, 2, 1, 2, 1, 2, NaN, 1] }, options: { normType: 1.5, kernelSize: 2 }, name: "a negative value with a fractional p is NaN" },
]);

test("the gradient of windows of zeros is zero", async () => {
  const device = await testDevice();
  using x = tensor(device, [0, 0, 3, 0, 0, 4], [1, 2, 3, 1]);
  using seed = tensor(device, [1, 1], [1, 1, 2, 1]);
  // The first window holds zeros only, and so gives nothing, not even for p = 1.
  for (const [normType, expected] of [[1, [0, 1, 1, 0, 1, 1]], [2, [0, 0, 0.6, 0, 0, 0.8]], [2.5, [0, 0, 0.5119, 0, 0, 0.7881]]] as const) {
    const slope = compile((v: Tensor<"f32">, s: Tensor<"f32">) => gradients(lpPool2d(v, { normType, kernelSize: 2, stride: 1 }), [v], s)[0]!);
    using dx = slope(x, seed);
    const values = [...(await dx.data())];
    values.forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 3));
    slope.dispose();
  }
});

testErrors("lpPool2d", [
  ["a power below 1", { x: [1, 4, 4, 1] }, ({ x }) => lpPool2d(x!, { normType: 0.5, kernelSize: 2 }), "lpPool2d: normType must be a number from 1 to 1000000, or Infinity, but is 0.5."],
  ["a power that f32 does not hold", { x: [1, 4, 4, 1] }, ({ x }) => lpPool2d(x!, { normType: 1e39, kernelSize: 2 }), "lpPool2d: normType must be a number from 1 to 1000000, or Infinity, but is 1e+39."],
  ["no power", { x: [1, 4, 4, 1] }, ({ x }) => lpPool2d(x!, { kernelSize: 2 } as never), "lpPool2d: normType must be a number from 1 to 1000000, or Infinity, but is undefined."],
  ["padding", { x: [1, 4, 4, 1] }, ({ x }) => lpPool2d(x!, { normType: 2, kernelSize: 2, padding: 1 } as never), 'lpPool2d: unknown option "padding". Options: normType, kernelSize, stride, ceilMode.'],
  ["a window larger than x", { x: [1, 4, 3, 1] }, ({ x }) => lpPool2d(x!, { normType: Infinity, kernelSize: 4 }), "lpPool2d: the window spans 4 columns but x has 3.\n  x  [1, 4, 3, 1]  NHWC"],
  ["labels", { x: { shape: [1, 4, 4, 1], classes: 3 } }, ({ x }) => lpPool2d(x!, { normType: 2, kernelSize: 2 }), 'lpPool2d: x must be f16 or f32 but is u32. Convert with cast(x, "f32").'],
]);

test("the second derivative is refused by name", async () => {
  const device = await testDevice();
  using x = tensor(device, [1, 2, 3, 4], [1, 2, 2, 1]);
  using seed = tensor(device, [1], [1, 1, 1, 1]);
  const twice = compile((v: Tensor<"f32">, s: Tensor<"f32">) => {
    const [slope] = gradients(lpPool2d(v, { normType: 2, kernelSize: 2 }), [v], s);
    return gradients(slope!, [v], v)[0]!;
  });
  expect(() => twice(x, seed)).toThrow('lpPool2dGradient: the gradient with respect to "x" is not defined.');
  twice.dispose();
});
