import { globalAvgPool2d } from "../../src/ops/global-avg-pool2d.js";
import { globalMaxPool2d } from "../../src/ops/global-max-pool2d.js";
import { adaptiveAvgPool2d } from "../reference/adaptive-avg-pool2d.js";
import { adaptiveMaxPool2dWithIndices } from "../reference/adaptive-max-pool2d.js";
import type { NdArray } from "../reference/ndarray.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

const shapes = [[2, 9, 7, 3], [1, 8, 8, 4], [1, 1, 1, 5], [3, 1, 6, 1], [2, 5, 1, 8], [1, 33, 31, 2], [1, 64, 48, 4], [2, 3, 3, 13], [1, 13, 17, 16], [4, 2, 2, 4]];

testOp<{ x: NdArray }, object>("globalAvgPool2d", ({ x }) => globalAvgPool2d(x), ({ x }) => adaptiveAvgPool2d({ x }, { outputSize: 1 }), shapes.map((x) => ({ x })));
testOp<{ x: NdArray }, object>("globalMaxPool2d", ({ x }) => globalMaxPool2d(x), ({ x }) => adaptiveMaxPool2dWithIndices({ x }, { outputSize: 1 }).out, shapes.map((shape) => ({ x: { shape, distinct: true } })));

testErrors("global pooling", [
  ["a plane without positions", { x: [1, 0, 4, 1] }, ({ x }) => globalAvgPool2d(x!), "adaptiveAvgPool2d: x has no positions to pool.\n  x  [1, 0, 4, 1]  NHWC"],
  ["x that is no feature map", { x: [4, 1] }, ({ x }) => globalMaxPool2d(x!), "adaptiveMaxPool2d: x must have 4 axes (NHWC) but has 2.\n  x  [4, 1]"],
]);
