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
  { x: { shape: [1, 2, 3, 1], values: [1, Infinity, 3, 4, NaN, 6], gradient: false }, options: { size: [2, 3] }, name: "the same size, infinite" },
  { x: [1, 5, 6, 3], options: { size: 1, alignCorners: true }, name: "one pixel, corners aligned: the first" },
  { x: [1, 5, 6, 3], options: { size: 1 }, name: "one pixel: the middle" },
  { x: [2, 1, 1, 4], options: { size: [3, 4], alignCorners: true }, name: "from one pixel, corners aligned" },
  { x: [2, 1, 1, 3], options: { size: [3, 4] }, name: "from one pixel" },
  { x: [1, 65, 33, 1], options: { size: [7, 9] }, name: "far down: many inputs are read by nobody" },
  { x: [1, 5, 7, 3], options: { scaleFactor: 1.7 } },
  { x: [1, 5, 7, 4], options: { scaleFactor: [0.63, 2.3] } },
  { x: [1, 5, 7, 4], options: { scaleFactor: [0.63, 2.3], recomputeScaleFactor: true } },
  { x: [1, 5, 7, 1], options: { scaleFactor: [1.7, 0.5], alignCorners: true } },
  { x: [1, 3, 4, 2], options: { scaleFactor: [1.3, 1.2] }, name: "a scale that leaves the size: a copy" },
]);

testOp("resize nearest", ({ x }, o: ResizeOptions) => resize(x, o), reference.resize, [
  { x: [1, 5, 7, 3], options: { size: [10, 14], mode: "nearest" } },
  { x: [1, 5, 7, 4], options: { size: [9, 3], mode: "nearest" } },
  { x: [2, 11, 6, 8], options: { size: [4, 13], mode: "nearest" } },
  { x: { shape: [1, 5, 7, 1], classes: 9 }, options: { size: [12, 3], mode: "nearest" }, name: "labels" },
  { x: { shape: [1, 5, 7, 4], dtype: "i32", low: -99, high: 99 }, options: { scaleFactor: 2.4, mode: "nearest-exact" }, name: "signed labels" },
  { x: [1, 2, 1, 1], options: { size: [98, 1], mode: "nearest" }, name: "49 · fround(2 / 98) is below 1" },
  { x: [1, 3, 2, 4], options: { scaleFactor: [1.3, 2.2], mode: "nearest" }, name: "the same and twice the size, whatever the scale" },
  { x: [1, 5, 7, 3], options: { scaleFactor: [1.7, 0.4], mode: "nearest" } },
  { x: [1, 5, 7, 3], options: { size: [9, 3], mode: "nearest-exact" } },
  { x: [2, 6, 5, 4], options: { size: [3, 17], mode: "nearest-exact" } },
  { x: [1, 3, 2, 1], options: { scaleFactor: [1.3, 2.3], mode: "nearest-exact" } },
  { x: [1, 5, 6, 2], options: { size: 1, mode: "nearest-exact" }, name: "one pixel: the middle" },
  { x: [1, 1, 1, 4], options: { size: [4, 3], mode: "nearest-exact" } },
  { x: [1, 70, 31, 1], options: { size: [9, 50], mode: "nearest-exact" } },
]);

testOp("resize by filters", ({ x }, o: ResizeOptions) => resize(x, o), reference.resize, [
  { x: [2, 5, 7, 3], options: { size: [10, 14], mode: "bicubic" } },
  { x: [1, 5, 7, 4], options: { size: [9, 4], mode: "bicubic" } },
  { x: [1, 5, 7, 4], options: { size: [9, 4], mode: "bicubic", alignCorners: true } },
  { x: [1, 9, 13, 1], options: { scaleFactor: [0.37, 2.3], mode: "bicubic" } },
  { x: [1, 3, 4, 3], options: { scaleFactor: 1.2, mode: "bicubic" }, name: "a scale that leaves the size moves pixels" },
  { x: [1, 1, 2, 3], options: { size: [3, 5], mode: "bicubic" }, name: "fewer pixels than taps" },
  { x: [1, 4, 5, 3], options: { size: 1, mode: "bicubic", alignCorners: true } },
  { x: [1, 4, 5, 3], options: { size: 1, mode: "bicubic" } },
  { x: [2, 11, 13, 4], options: { size: [4, 5], antialias: true } },
  { x: [1, 11, 13, 3], options: { size: [4, 29], antialias: true } },
  { x: [1, 11, 13, 3], options: { size: [5, 4], antialias: true, alignCorners: true } },
  { x: [1, 4, 3, 3], options: { size: [9, 8], antialias: true, alignCorners: true } },
  { x: [1, 9, 8, 1], options: { scaleFactor: [0.31, 0.77], antialias: true } },
  { x: [1, 3, 40, 2], options: { scaleFactor: [1.3, 0.1], antialias: true } },
  { x: [1, 7, 9, 3], options: { size: 1, antialias: true }, name: "one pixel of all" },
  { x: [1, 7, 9, 3], options: { size: 1, antialias: true, alignCorners: true }, name: "one pixel, corners aligned: the first" },
  { x: [1, 1, 1, 4], options: { size: [3, 2], antialias: true } },
  { x: { shape: [1, 2, 3, 4], values: Array.from({ length: 24 }, (_, i) => (i % 9 === 4 ? -Infinity : i)), gradient: false }, options: { size: [2, 3], mode: "bicubic", antialias: true }, name: "the same size, infinite" },
  { x: [1, 12, 17, 4], options: { size: [5, 6], mode: "bicubic", antialias: true } },
  { x: [1, 12, 17, 3], options: { size: [5, 31], mode: "bicubic", antialias: true, alignCorners: true } },
  { x: [1, 37, 8, 1], options: { size: [3, 8], mode: "bicubic", antialias: true } },
  { x: [2, 9, 7, 3], options: { size: [4, 10], mode: "area" } },
  { x: [1, 9, 7, 4], options: { scaleFactor: [0.4, 1.5], mode: "area" } },
]);

const x = { x: [1, 4, 4, 1] };
testErrors("resize", [
  ["corners of nearest", x, ({ x }) => resize(x!, { size: 8, mode: "nearest", alignCorners: true }), 'resize: alignCorners goes with modes "bilinear" and "bicubic" only, not with "nearest".'],
  ["an antialiased area", x, ({ x }) => resize(x!, { size: 8, mode: "area", antialias: true }), 'resize: antialias goes with modes "bilinear" and "bicubic" only, not with "area".'],
  ["a mode that does not exist", x, ({ x }) => resize(x!, { size: 8, mode: "cubic" as never }), 'resize: mode must be "bilinear", "nearest", "nearest-exact", "bicubic" or "area" but is "cubic".'],
  ["a switch that is no boolean", x, ({ x }) => resize(x!, { size: 8, alignCorners: "yes" as never }), 'resize: alignCorners must be true or false but is "yes".'],
  ["bilinear labels", { x: { shape: [1, 4, 4, 1], classes: 3 } }, ({ x }) => resize(x!, { size: 8 }), 'resize: x must be f16 or f32 but is u32. Convert with cast(x, "f32").'],
  ["labels by area", { x: { shape: [1, 4, 4, 1], classes: 3 } }, ({ x }) => resize(x!, { size: 8, mode: "area" }), 'resize: x must be f16 or f32 but is u32. Convert with cast(x, "f32").'],
  ["a size of 0", x, ({ x }) => resize(x!, { size: [0, 4] }), "resize: size must be a whole number of at least 1, or two of them [vertical, horizontal], but is [0,4]."],
  ["neither size nor factor", x, ({ x }) => resize(x!, { mode: "nearest" }), "resize: needs either size or scaleFactor."],
  ["both size and factor", x, ({ x }) => resize(x!, { size: 8, scaleFactor: 2 }), "resize: takes either size or scaleFactor, not both."],
  ["a size whose scale is recomputed", x, ({ x }) => resize(x!, { size: 8, recomputeScaleFactor: true }), "resize: recomputeScaleFactor goes with scaleFactor only, not with size."],
  ["a factor that is no number", x, ({ x }) => resize(x!, { scaleFactor: [NaN, 2] }), "resize: scaleFactor must be a positive number, or two of them [vertical, horizontal], but is [null,2]."],
  ["a factor that leaves nothing", x, ({ x }) => resize(x!, { scaleFactor: 0.2 }), "resize: scaleFactor [0.2, 0.2] leaves no pixels; give a size instead.\n  x  [1, 4, 4, 1]  NHWC"],
  ["no pixels", { x: [1, 0, 4, 1] }, ({ x }) => resize(x!, { size: 8 }), "resize: x has no pixels.\n  x  [1, 0, 4, 1]  NHWC"],
  ["a plane without channels", { x: [4, 4, 1] }, ({ x }) => resize(x!, { size: 8 }), "resize: x must have 4 axes (NHWC) but has 3.\n  x  [4, 4, 1]"],
  ["sizes beyond 32-bit positions", { x: [1, 1024, 1, 1] }, ({ x }) => resize(x!, { size: [2 ** 20, 1] }), "resize: cannot resize to [1048576, 1]: an axis may have at most 1048575 pixels before and after.\n  x  [1, 1024, 1, 1]  NHWC"],
]);
