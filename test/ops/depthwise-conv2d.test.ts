import { conv2d, type Conv2dOptions } from "../../src/ops/conv2d.js";
import * as reference from "../reference/conv2d.js";
import { testOp } from "../support/test-op.js";

const slow = "Software adapters compile its pipelines for seconds, and f16 is in the cases above.";

// Few kernels, strides and dilations, because each compiles three pipelines; dilation by itself compiles none.
testOp("depthwise conv2d", ({ x, weight, bias }, o: Omit<Conv2dOptions, "bias">) => conv2d(x, weight, { ...o, bias }), reference.conv2d, [
  { x: [2, 21, 23, 4], weight: [4, 3, 3, 1], bias: [4], options: { padding: 1, groups: 4 }, name: "several strips and tiles, more parts of the weight gradient than one thread adds up" },
  { x: [1, 9, 10, 8], weight: [8, 3, 3, 1], options: { padding: [2, 3], dilation: [2, 3], groups: 8 }, name: "atrous, rows and columns that the dilation does not divide" },
  { x: [1, 4, 5, 4], weight: [4, 3, 3, 1], options: { padding: [6, 4], dilation: [6, 4], groups: 4 }, name: "a dilation beyond the map" },
  { x: [1, 10, 9, 6], weight: [6, 3, 3, 1], bias: [6], options: { padding: { top: 0, bottom: 1, left: 0, right: 1 }, stride: 2, groups: 6 }, name: "strided, channels that fill no vec4" },
  { x: [1, 13, 11, 4], weight: [4, 2, 2, 1], options: { padding: 2, stride: 3, dilation: 2, groups: 4 }, noHalf: slow, name: "strided and atrous, without a common divisor" },
  { x: [1, 8, 9, 4], weight: [4, 2, 1, 1], options: { stride: [3, 2], groups: 4 }, noHalf: slow, name: "strides beyond the kernel" },
  { x: [1, 7, 8, 3], weight: [6, 3, 3, 1], bias: [6], options: { padding: 1, groups: 3 }, name: "two output channels per channel" },
]);

// What a GPU does for kernels of more than 9 taps.
testOp("depthwise conv2d of many taps", ({ x, weight, bias }, o: Omit<Conv2dOptions, "bias">) => conv2d(x, weight, { ...o, bias }), reference.conv2d, [
  { x: [1, 7, 10, 4], weight: [4, 5, 5, 1], bias: [4], options: { padding: 2, stride: [1, 2], groups: 4 }, noHalf: slow },
], { variants: ["clear", "depthwise:lean"] });
