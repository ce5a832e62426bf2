import { resize, type ResizeOptions } from "../../src/ops/resize.js";
import * as reference from "../reference/resize.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("resize", ({ x }, o: ResizeOptions) => resize(x, o), reference.resize, [
  { x: [2, 5, 7, 3], options: { size: [10, 14] } },
  { x: [1, 4, 6, 8], options: { size: [8, 12] } },
  { x: [1, 4, 6, 4], options: { size: [8, 12], alignCorners: true } },
  { x: [1, 5, 7, 3], options: { size: [9, 4], alignCorners: true } },
  { x: [1, 9, 13, 4], options: { size: [4, 5] } },
  { x: [1, 9, 13, 2], options: { size: [2, 3], alignCorners: true } },
  { x: [1, 3, 5, 4], options: { size: [23, 45] } },
  { x: [1, 3, 5, 3], options: { size: [23, 45], alignCorners: true } },
  { x: [1, 5, 7, 4], options: { size: [5, 7] }, name: "the same size" },
  { x: [1, 5, 6, 3], options: { size: 1, alignCorners: true }, name: "one pixel, corners aligned: the first" },
  { x: [1, 5, 6, 3], options: { size: 1 }, name: "one pixel: the middle" },
  { x: [2, 1, 1, 4], options: { size: [3, 4], alignCorners: true }, name: "from one pixel, corners aligned" },
  { x: [2, 1, 1, 3], options: { size: [3, 4] }, name: "from one pixel" },
  { x: [1, 65, 33, 1], options: { size: [7, 9] }, name: "far down: many inputs are read by nobody" },
  { x: [1, 5, 7, 3], options: { size: [10, 14], mode: "nearest" } },
  { x: [1, 5, 7, 4], options: { size: [9, 3], mode: "nearest" } },
  { x: [2, 11, 6, 8], options: { size: [4, 13], mode: "nearest" } },
  { x: { shape: [1, 5, 7, 1], classes: 9 }, options: { size: [12, 3], mode: "nearest" }, name: "labels" },
]);

testErrors("resize", [
  ["corners of nearest", { x: [1, 4, 4, 1] }, ({ x }) => resize(x!, { size: 8, mode: "nearest", alignCorners: true }), 'resize: alignCorners goes with mode "bilinear" only.'],
  ["a mode that does not exist", { x: [1, 4, 4, 1] }, ({ x }) => resize(x!, { size: 8, mode: "cubic" as never }), 'resize: mode must be "bilinear" or "nearest" but is "cubic".'],
  ["bilinear labels", { x: { shape: [1, 4, 4, 1], classes: 3 } }, ({ x }) => resize(x!, { size: 8 }), 'resize: x must be f32 but is u32. Convert with cast(x, "f32").'],
  ["a size of 0", { x: [1, 4, 4, 1] }, ({ x }) => resize(x!, { size: [0, 4] }), "resize: size must be a whole number of at least 1, or two of them [vertical, horizontal], but is [0,4]."],
  ["sizes beyond 32-bit fractions", { x: [1, 1024, 1, 1] }, ({ x }) => resize(x!, { size: [2 ** 20, 1] }), "resize: cannot resize to [1048576, 1]: the sizes of an axis before and after multiply to 1073741824 or more.\n  x  [1, 1024, 1, 1]  NHWC"],
]);
