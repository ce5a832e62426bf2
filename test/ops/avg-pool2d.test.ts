import { avgPool2d, type AvgPool2dOptions } from "../../src/ops/avg-pool2d.js";
import * as reference from "../reference/avg-pool2d.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("avgPool2d", ({ x }, o: AvgPool2dOptions) => avgPool2d(x, o), reference.avgPool2d, [
  { x: [2, 9, 7, 3], options: { kernelSize: 2 } },
  { x: [1, 8, 10, 8], options: { kernelSize: 2 } },
  { x: [2, 9, 8, 3], options: { kernelSize: 3, stride: 2, padding: 1 } },
  { x: [1, 11, 9, 4], options: { kernelSize: 3, stride: 2, padding: 1, countIncludePad: false } },
  { x: [1, 7, 7, 5], options: { kernelSize: 3, stride: 1, padding: 1 } },
  { x: [1, 45, 12, 4], options: { kernelSize: 2, ceilMode: true } },
  { x: [1, 8, 6, 2], options: { kernelSize: 3, stride: 2, padding: 1, ceilMode: true }, name: "ceil overflow beyond the padding is not counted" },
  { x: [1, 8, 6, 4], options: { kernelSize: 3, stride: 2, padding: 1, ceilMode: true, countIncludePad: false } },
  { x: [1, 9, 7, 3], options: { kernelSize: 3, stride: 2, padding: 1, divisorOverride: 5 } },
  { x: [1, 6, 8, 4], options: { kernelSize: 3, stride: 3, padding: 1, ceilMode: true }, name: "ceil mode drops a last window that begins in the padding" },
  { x: [2, 5, 9, 1], options: { kernelSize: [1, 4], stride: [2, 1], padding: [0, 2] } },
  { x: [1, 7, 9, 4], options: { kernelSize: 2, stride: 3 } },
  { x: [1, 2, 2, 1], options: { kernelSize: 3, stride: 2, ceilMode: true }, name: "one window larger than x in ceil mode" },
  { x: [1, 33, 17, 4], options: { kernelSize: [33, 17] }, name: "one large window" },
  { x: [1, 1, 1, 3], options: { kernelSize: 3, stride: 1, padding: 1 }, name: "one pixel" },
  { x: [1, 9, 7, 4], options: { kernelSize: [5, 2], stride: [1, 2], padding: [2, 1], ceilMode: true, countIncludePad: false }, name: "a rectangle with padding and ceil mode" },
  { x: [1, 5, 6, 3], options: { kernelSize: 3, stride: 2, padding: 1, ceilMode: true, divisorOverride: 7, countIncludePad: false }, name: "a divisor overrides the count" },
  { x: [0, 4, 4, 3], options: { kernelSize: 2 }, name: "no images" },
]);

testErrors("avgPool2d", [
  ["labels", { x: { shape: [1, 4, 4, 1], classes: 3 } }, ({ x }) => avgPool2d(x!, { kernelSize: 2 }), 'avgPool2d: x must be f16 or f32 but is u32. Convert with cast(x, "f32").'],
  ["a fractional divisor", { x: [1, 4, 4, 1] }, ({ x }) => avgPool2d(x!, { kernelSize: 2, divisorOverride: 2.5 }), "avgPool2d: divisorOverride must be a whole number of at least 1 but is 2.5."],
  ["too much padding", { x: [1, 4, 4, 1] }, ({ x }) => avgPool2d(x!, { kernelSize: [4, 2], padding: [1, 2] }), "avgPool2d: padding [1, 2] is more than half of kernelSize [4, 2]."],
  ["a window larger than x", { x: [1, 4, 3, 1] }, ({ x }) => avgPool2d(x!, { kernelSize: 4 }), "avgPool2d: the window spans 4 columns but x has 3.\n  x  [1, 4, 3, 1]  NHWC"],
  ["a divisor of 0", { x: [1, 4, 3, 1] }, ({ x }) => avgPool2d(x!, { kernelSize: 2, divisorOverride: 0 }), "avgPool2d: divisorOverride must be a whole number of at least 1 but is 0."],
  ["a dilation", { x: [1, 4, 3, 1] }, ({ x }) => avgPool2d(x!, { kernelSize: 2, dilation: 2 } as never), 'avgPool2d: unknown option "dilation". Options: kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride.'],
]);
