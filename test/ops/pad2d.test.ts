import { pad2d, type Pad2dOptions } from "../../src/ops/pad2d.js";
import * as reference from "../reference/pad2d.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("pad2d", ({ x }, o: Pad2dOptions) => pad2d(x, o), reference.pad2d, [
  { x: [2, 5, 7, 3], options: { top: 1, bottom: 2, left: 3, right: 4 } },
  { x: [1, 5, 7, 4], options: { top: 1, bottom: 2, left: 3, right: 4 } },
  { x: [1, 4, 6, 8], options: { bottom: 3 } },
  { x: [1, 4, 6, 1], options: { right: 5, value: -1.5 } },
  { x: [3, 3, 3, 4], options: { left: 2, value: 0.25 } },
  { x: [1, 1, 1, 5], options: { top: 4, left: 4 } },
  { x: [1, 9, 5, 2], options: { top: 7 } },
  { x: [2, 5, 5, 4], options: {}, name: "no frame" },
  { x: { shape: [1, 3, 5, 1], classes: 6 }, options: { top: 1, right: 2, value: 255 }, name: "labels, with ignored ones around" },
  { x: { shape: [1, 3, 5, 4], dtype: "i32", low: -9, high: 9 }, options: { bottom: 1, left: 2, value: -7 }, name: "signed numbers" },
  { x: [2, 5, 7, 3], options: { top: 4, bottom: 1, left: 6, right: 2, mode: "reflect" } },
  { x: [1, 5, 7, 4], options: { top: 2, bottom: 4, right: 3, mode: "reflect" } },
  { x: [1, 1, 4, 2], options: { left: 3, right: 3, mode: "reflect" }, name: "a single row, reflected sideways" },
  { x: [1, 2, 2, 8], options: { top: 1, bottom: 1, left: 1, right: 1, mode: "reflect" }, name: "every pixel is an edge" },
  { x: [2, 3, 5, 3], options: { top: 5, bottom: 1, left: 2, right: 7, mode: "replicate" } },
  { x: [1, 1, 1, 4], options: { top: 3, bottom: 2, left: 1, right: 4, mode: "replicate" }, name: "one pixel, everywhere" },
  { x: [1, 4, 3, 5], options: { top: 4, bottom: 4, left: 3, right: 1, mode: "circular" } },
  { x: [2, 3, 4, 4], options: { top: 1, bottom: 2, left: 4, mode: "circular" } },
  { x: [1, 6, 7, 3], options: { top: -2, bottom: 3, left: 1, right: -3, value: 2 }, name: "cut and framed" },
  { x: [1, 6, 7, 4], options: { top: -2, bottom: 5, left: -4, right: 6, mode: "reflect" }, name: "reflect, cut" },
  { x: [1, 6, 7, 2], options: { top: -7, bottom: 5, left: 3, right: -9, mode: "replicate" }, name: "replicate, nothing of x itself left" },
  { x: [1, 6, 7, 4], options: { top: 3, bottom: -3, left: -2, right: 5, mode: "circular" }, name: "circular, cut" },
  { x: { shape: [1, 4, 5, 1], classes: 6 }, options: { top: 2, left: 3, mode: "reflect" }, name: "labels, reflected" },
  { x: { shape: [1, 2, 2, 1], values: [1, NaN, -0, Infinity] }, options: { top: 1, left: 1, mode: "circular" }, name: "NaN and infinity are copied" },
  { x: [1, 2, 3, 1], options: { top: 1, value: -Infinity }, name: "an infinite frame" },
  { x: [0, 2, 3, 4], options: { top: 1 }, name: "no images" },
  { x: [1, 2, 3, 4], options: { left: -3 }, name: "nothing left" },
  { x: { shape: [70000, 1, 1, 1], gradient: false }, options: { right: 1 }, name: "more images than a grid has workgroups" },
]);

testErrors("pad2d", [
  ["half a pixel", { x: [1, 4, 4, 1] }, ({ x }) => pad2d(x!, { top: 0.5 }), "pad2d: top must be a whole number but is 0.5."],
  ["more cut than there is", { x: [1, 4, 4, 1] }, ({ x }) => pad2d(x!, { top: -3, bottom: -2 }), "pad2d: cannot cut 5 rows off: x has 4.\n  x  [1, 4, 4, 1]  NHWC"],
  ["a frame that is not a number", { x: [1, 4, 4, 1] }, ({ x }) => pad2d(x!, { top: 1, value: NaN }), "pad2d: value must be a number but is NaN."],
  ["a value beyond floats", { x: [1, 4, 4, 1] }, ({ x }) => pad2d(x!, { top: 1, value: 1e39 }), "pad2d: value 1e+39 does not fit f32."],
  ["a value that labels cannot hold", { x: { shape: [1, 4, 4, 1], classes: 3 } }, ({ x }) => pad2d(x!, { top: 1, value: -1 }), "pad2d: value -1 does not fit u32."],
  ["a value for a mirror", { x: [1, 4, 4, 1] }, ({ x }) => pad2d(x!, { top: 1, mode: "reflect", value: 0 }), 'pad2d: value goes with mode "constant", not with "reflect".'],
  ["sides beyond 32 bits", { x: [1, 4, 4, 1] }, ({ x }) => pad2d(x!, { top: 2 ** 33, bottom: -(2 ** 33) }), "pad2d: top must be between -1073741823 and 1073741823 but is 8589934592."],
  ["an unknown mode", { x: [1, 4, 4, 1] }, ({ x }) => pad2d(x!, { top: 1, mode: "edge" as never }), 'pad2d: mode must be "constant", "reflect", "replicate", "circular", but is "edge".'],
  ["a mirror beyond the plane", { x: [1, 4, 6, 1] }, ({ x }) => pad2d(x!, { left: 6, mode: "reflect" }), 'pad2d: "reflect" can show fewer columns than x has, 6, but left is 6. Use "replicate", or pad less.\n  x  [1, 4, 6, 1]  NHWC'],
  ["two turns", { x: [1, 4, 6, 1] }, ({ x }) => pad2d(x!, { bottom: 5, mode: "circular" }), 'pad2d: "circular" can show as many rows as x has, 4, but bottom is 5. Use "replicate", or pad less.\n  x  [1, 4, 6, 1]  NHWC'],
  ["edges of nothing", { x: [1, 0, 6, 1] }, ({ x }) => pad2d(x!, { top: 1, mode: "replicate" }), 'pad2d: "replicate" needs rows to repeat, but x has none.\n  x  [1, 0, 6, 1]  NHWC'],
  ["what is no tensor", {}, () => pad2d(3 as never, { top: 1 }), "pad2d: x must be a tensor but is a number. Make one with tensor(device, data, shape)."],
]);
