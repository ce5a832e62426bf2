import { adaptiveAvgPool2d, type AdaptiveAvgPool2dOptions } from "../../src/ops/adaptive-avg-pool2d.js";
import * as reference from "../reference/adaptive-avg-pool2d.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("adaptiveAvgPool2d", ({ x }, o: AdaptiveAvgPool2dOptions) => adaptiveAvgPool2d(x, o), reference.adaptiveAvgPool2d, [
  { x: [1, 33, 33, 4], options: { outputSize: 6 }, name: "33 positions in 6 overlapping bins" },
  { x: [2, 9, 7, 3], options: { outputSize: 1 } },
  { x: [2, 9, 7, 8], options: { outputSize: 1 } },
  { x: [1, 8, 12, 4], options: { outputSize: [4, 6] } },
  { x: [1, 7, 5, 3], options: { outputSize: [2, 3] } },
  { x: [1, 7, 5, 4], options: { outputSize: [3, 2] } },
  { x: [1, 10, 10, 1], options: { outputSize: 3 } },
  { x: [1, 10, 10, 2], options: { outputSize: 7 } },
  { x: [1, 3, 4, 3], options: { outputSize: [5, 6] }, name: "more bins than positions" },
  { x: [1, 5, 6, 4], options: { outputSize: [5, 6] }, name: "a bin for every position" },
  { x: [2, 1, 1, 4], options: { outputSize: [3, 2] }, name: "one position in every bin" },
  { x: [2, 7, 5, 4], options: { outputSize: [3, null] }, name: "every column kept" },
  { x: [1, 7, 5, 3], options: { outputSize: [null, 2] }, name: "every row kept" },
  { x: [1, 65, 40, 3], options: { outputSize: 1 }, name: "one large bin" },
  { x: [0, 4, 4, 3], options: { outputSize: 2 }, name: "no images" },
  { x: [1, 23, 45, 4], options: { outputSize: [2, 8] } },
]);

testErrors("adaptiveAvgPool2d", [
  ["a plane without columns", { x: [1, 4, 0, 1] }, ({ x }) => adaptiveAvgPool2d(x!, { outputSize: 1 }), "adaptiveAvgPool2d: x has no positions to pool.\n  x  [1, 4, 0, 1]  NHWC"],
  ["bins that are no numbers", { x: [1, 4, 4, 1] }, ({ x }) => adaptiveAvgPool2d(x!, { outputSize: [null, 1.5] }), "adaptiveAvgPool2d: outputSize must be a whole number of at least 1, or two of them [vertical, horizontal], but is [1,1.5]."],
  ["no bins", { x: [1, 4, 4, 1] }, ({ x }) => adaptiveAvgPool2d(x!, { outputSize: [2, 0] }), "adaptiveAvgPool2d: outputSize must be a whole number of at least 1, or two of them [vertical, horizontal], but is [2,0]."],
  ["x that is no feature map", { x: [4, 4] }, ({ x }) => adaptiveAvgPool2d(x!, { outputSize: 1 }), "adaptiveAvgPool2d: x must have 4 axes (NHWC) but has 2.\n  x  [4, 4]"],
]);
