import { argmax, type ArgmaxOptions } from "../../src/ops/argmax.js";
import { argmin } from "../../src/ops/argmin.js";
import * as reference from "../reference/argmax.js";
import type { NdArray } from "../reference/ndarray.js";
import { testErrors } from "../support/test-errors.js";
import { testOp, type OpCase } from "../support/test-op.js";

const shared: OpCase<{ x: NdArray }, ArgmaxOptions>[] = [
  { x: [2, 5, 7, 3] },
  { x: [1, 3, 3, 2] },
  { x: [2, 3, 5, 21], name: "21 classes" },
  { x: [7, 1], name: "one class" },
  { x: [5] },
  { x: [3, 130], name: "a long row" },
  { x: [3, 9000], name: "a row of many chunks" },
  { x: [2, 5000, 3], options: { axis: 1 }, name: "a column of many chunks" },
  { x: [2, 3, 5, 4], options: { axis: 1 } },
  { x: [2, 9, 5, 4], options: { axis: -3, keepDims: true } },
  { x: [11, 4], options: { axis: 0, keepDims: true } },
  { x: [0, 4], name: "no rows" },
  { x: { shape: [3, 3], values: [1, NaN, 2, NaN, 9, NaN, 3, 2, NaN] }, name: "the first NaN" },
  { x: { shape: [3, 2], values: [-Infinity, -Infinity, 0, Infinity, Infinity, 0] }, name: "infinities" },
  { x: { shape: [2, 3], values: [-0, 0, -1, 0, -0, 1] }, name: "zeros of both signs" },
  { x: { shape: [1, 1, 1, 5], low: -9, high: -8 }, name: "all negative" },
  { x: { shape: [4, 2000], dtype: "u32", low: 0, high: 50 }, name: "ties in far chunks" },
  { x: { shape: [4, 9], dtype: "i32", low: -5, high: 5 } },
];

testOp("argmax", ({ x }, o: ArgmaxOptions) => argmax(x, o), reference.argmax, [
  ...shared,
  { x: { shape: [3, 4], values: [1, 1, 1, 1, 0, 2, 2, 0, -1, -2, -1, -1] }, name: "the first of equal ones" },
], { gradients: false });

testOp("argmin", ({ x }, o: ArgmaxOptions) => argmin(x, o), reference.argmin, [
  ...shared,
  { x: { shape: [3, 4], values: [1, 1, 1, 1, 0, -2, -2, 0, 1, -2, -1, -2] }, name: "the first of equal ones" },
], { gradients: false });

testErrors("argmax", [
  ["bytes", { x: { shape: [3], dtype: "u8" } }, ({ x }) => argmax(x!), 'argmax: x must be f32, f16, i32 or u32 but is u8. Convert with cast(x, "u32").'],
  ["no classes", { x: [3, 0] }, ({ x }) => argmin(x!), "argmin: axis 1 has no elements to choose from.\n  x  [3, 0]"],
  ["an axis that does not exist", { x: [3, 2] }, ({ x }) => argmax(x!, { axis: 2 }), "argmax: x has no axis 2: axes go from -2 to 1.\n  x  [3, 2]"],
]);
