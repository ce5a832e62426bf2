import { crop2d, type Crop2dOptions } from "../../src/ops/crop2d.js";
import * as reference from "../reference/crop2d.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("crop2d", ({ x }, o: Crop2dOptions) => crop2d(x, o), reference.crop2d, [
  { x: [2, 9, 7, 3], options: { top: 2, left: 1, height: 5, width: 4 } },
  { x: [1, 9, 7, 4], options: { top: 3, left: 2, height: 4, width: 5 } },
  { x: [1, 8, 6, 8], options: { height: 5, width: 3 }, name: "the corner" },
  { x: [1, 8, 6, 1], options: { top: 7, left: 5, height: 1, width: 1 }, name: "the last pixel" },
  { x: [2, 5, 7, 4], options: { height: 5, width: 7 }, name: "everything" },
  { x: [1, 11, 3, 2], options: { top: 4, height: 3, width: 3 } },
  { x: [1, 3, 11, 5], options: { left: 4, height: 3, width: 6 } },
  { x: [3, 1, 9, 4], options: { left: 8, height: 1, width: 1 } },
  { x: { shape: [1, 5, 7, 1], classes: 9 }, options: { top: 1, left: 2, height: 3, width: 4 }, name: "labels" },
  { x: { shape: [2, 5, 7, 4], dtype: "i32", low: -9, high: 9 }, options: { top: 2, left: 3, height: 3, width: 4 }, name: "signed numbers" },
]);

testErrors("crop2d", [
  ["rows beyond x", { x: [1, 4, 6, 1] }, ({ x }) => crop2d(x!, { top: 2, height: 3, width: 2 }), "crop2d: rows 2 to 5 reach beyond the 4 rows of x.\n  x  [1, 4, 6, 1]  NHWC"],
  ["columns beyond x", { x: [1, 4, 6, 1] }, ({ x }) => crop2d(x!, { left: 5, height: 3, width: 2 }), "crop2d: columns 5 to 7 reach beyond the 6 columns of x.\n  x  [1, 4, 6, 1]  NHWC"],
  ["a negative corner", { x: [1, 4, 6, 1] }, ({ x }) => crop2d(x!, { left: -1, height: 3, width: 2 }), "crop2d: left must be a whole number of at least 0 but is -1."],
  ["nothing", { x: [1, 4, 6, 1] }, ({ x }) => crop2d(x!, { height: 0, width: 2 }), "crop2d: height must be a whole number of at least 1 but is 0."],
]);
