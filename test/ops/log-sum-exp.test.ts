import { logSum, logSumExp } from "../../src/ops/log-sum-exp.js";
import * as reference from "../reference/log-sum-exp.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

const inf = Infinity;

testOp("logSumExp", ({ x }, o) => logSumExp(x, o), reference.logSumExp, [
  { x: [2, 5, 7, 3], options: { axes: [-1] } },
  { x: [2, 5, 7, 3], options: { axes: [1, 2], keepDims: true } },
  { x: [2, 5, 7, 4] },
  { x: [3, 4, 5], options: { axes: [0, 2] } },
  { x: { shape: [3, 300], low: -900, high: 900 }, options: { axes: [1] }, name: "far apart, two stages" },
  { x: { shape: [9000], low: 99, high: 101 }, name: "three stages" },
  { x: { shape: [4, 3], values: [-inf, -inf, -inf, inf, 1, 2, -inf, 2, 3, inf, -inf, 0] }, options: { axes: [1] }, name: "infinities" },
  { x: { shape: [2, 3], values: [1, NaN, 3, 4, 5, 6] }, options: { axes: [1] }, name: "NaN" },
  { x: { shape: [200, 2], values: Array.from({ length: 400 }, (_, i) => (i % 2 ? -inf : i)) }, options: { axes: [0] }, name: "−∞ alone, two stages" },
  { x: { shape: [2, 0], values: [] }, options: { axes: [1] }, name: "of nothing: −∞" },
  { x: [1] },
  { x: [4, 3], options: { axes: [] }, name: "no axes: a copy" },
]);

testOp("logSum", ({ x }, o) => logSum(x, o), reference.logSum, [
  { x: { shape: [2, 5, 7, 3], low: 0.1, high: 2 }, options: { axes: [1, 2] } },
  { x: { shape: [2, 5, 7, 3], low: 0.1, high: 2 } },
  { x: { shape: [3, 4], low: 0.1, high: 2 }, options: { axes: [-1], keepDims: true } },
  { x: { shape: [300], low: 0.1, high: 2 } },
]);

testErrors("logSumExp", [
  ["whole numbers", { x: { shape: [2], dtype: "u32" } }, ({ x }) => logSumExp(x!), 'logSumExp: x must be f16 or f32 but is u32. Convert with cast(x, "f32").'],
  ["whole numbers", { x: { shape: [2], dtype: "u32" } }, ({ x }) => logSum(x!), 'logSum: x must be f16 or f32 but is u32. Convert with cast(x, "f32").'],
  ["an axis that does not exist", { x: [2, 2] }, ({ x }) => logSumExp(x!, { axes: [2] }), "logSumExp: x has no axis 2: axes go from -2 to 1.\n  x  [2, 2]"],
]);
