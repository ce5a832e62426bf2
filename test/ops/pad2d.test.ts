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
]);

testErrors("pad2d", [
  ["a negative side", { x: [1, 4, 4, 1] }, ({ x }) => pad2d(x!, { left: -1 }), "pad2d: left must not be negative but is -1. Use crop2d to cut."],
  ["half a pixel", { x: [1, 4, 4, 1] }, ({ x }) => pad2d(x!, { top: 0.5 }), "pad2d: top must be a whole number of at least 0 but is 0.5."],
  ["an infinite frame", { x: [1, 4, 4, 1] }, ({ x }) => pad2d(x!, { top: 1, value: Infinity }), "pad2d: value must be a finite number but is Infinity."],
  ["a value that labels cannot hold", { x: { shape: [1, 4, 4, 1], classes: 3 } }, ({ x }) => pad2d(x!, { top: 1, value: -1 }), "pad2d: value -1 does not fit u32."],
  ["bytes", { x: { shape: [1, 4, 4, 1], dtype: "u8" } }, ({ x }) => pad2d(x!, { top: 1 }), 'pad2d: x must be f32, i32 or u32 but is u8. Convert with cast(x, "u32").'],
]);
