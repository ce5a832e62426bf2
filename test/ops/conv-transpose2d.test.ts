import { convTranspose2d, type ConvTranspose2dOptions } from "../../src/ops/conv-transpose2d.js";
import * as reference from "../reference/conv-transpose2d.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("convTranspose2d", ({ x, weight, bias }, o: Omit<ConvTranspose2dOptions, "bias">) => convTranspose2d(x, weight, { ...o, bias }), reference.convTranspose2d, [
  { x: [2, 4, 5, 3], weight: [3, 2, 2, 4], bias: [4], options: { stride: 2 }, name: "doubling, as in U-Net" },
  { x: [1, 4, 5, 8], weight: [8, 2, 2, 16], bias: [16], options: { stride: 2 } },
  { x: [1, 6, 5, 16], weight: [16, 2, 2, 8], bias: [8], options: { stride: 2 } },
  { x: [1, 4, 5, 3], weight: [3, 3, 3, 2], options: { stride: 2, padding: 1, outputPadding: 1 } },
  { x: [1, 4, 5, 4], weight: [4, 3, 3, 4], options: { stride: 2, padding: 1 } },
  { x: [1, 3, 4, 2], weight: [2, 4, 4, 3], bias: [3], options: { stride: 2, padding: 1 } },
  { x: [1, 3, 3, 2], weight: [2, 16, 16, 2], options: { stride: 8, padding: 4 }, name: "×8, as in FCN" },
  { x: [1, 5, 5, 4], weight: [4, 3, 3, 4], bias: [4], options: { padding: 1 }, name: "stride 1" },
  { x: [1, 5, 4, 3], weight: [3, 3, 3, 2], options: { dilation: 2 } },
  { x: [1, 4, 4, 3], weight: [3, 3, 3, 2], options: { stride: 2, dilation: 3, padding: 2, outputPadding: 2 } },
  { x: [1, 4, 4, 6], weight: [6, 3, 3, 2], options: { stride: 2, groups: 3 } },
  { x: [1, 4, 4, 8], weight: [8, 2, 2, 4], bias: [8], options: { stride: 2, groups: 2 } },
  { x: [1, 4, 3, 4], weight: [4, 3, 3, 1], options: { stride: 2, groups: 4, padding: 1, outputPadding: [1, 0] }, name: "depthwise" },
  { x: [1, 3, 5, 2], weight: [2, 1, 4, 3], options: { stride: [1, 3], padding: [0, 1] }, name: "rectangular" },
  { x: [1, 1, 1, 4], weight: [4, 2, 2, 4], options: { stride: 2 }, name: "single pixel" },
  { x: [1, 3, 4, 4], weight: [4, 3, 3, 4], options: { stride: 3, outputPadding: 2 } },
  { x: [1, 4, 4, 3], weight: [3, 3, 3, 3], options: { stride: 2, padding: { top: 0, bottom: 1, left: 1, right: 0 } }, name: "lopsided padding" },
  { x: [1, 3, 4, 3], weight: [3, 3, 2, 4], bias: [4], options: { stride: 2, padding: [1, 0], outputSize: [6, 8] } },
  { x: [1, 4, 4, 8], weight: [8, 3, 3, 4], options: { stride: 1, dilation: 3, outputSize: [12, 11], padding: { left: 1 } }, name: "a size that dilation allows" },
  { x: [1, 3, 2, 4], weight: [4, 3, 3, 2], options: { stride: 2, dilation: 5, outputPadding: 4, groups: 2 }, name: "output padding beyond the stride" },
  { x: [0, 3, 2, 4], weight: [4, 3, 3, 2], bias: [2], options: { stride: 2 }, name: "no images" },
  { x: [1, 1, 2, 4], weight: [4, 3, 1, 4], options: { stride: [2 ** 16, 2], dilation: [2 ** 15, 1], padding: [2 ** 15 - 1, 0] }, name: "stride times reach beyond 32 bits" },
  { x: [1, 2, 9, 6], weight: [6, 11, 1, 2], options: { stride: [5, 1], padding: [7, 0], groups: 2 }, name: "11×1, more padding than the kernel reaches on one side" },
], { variants: ["clear", "direct", "direct:lanes"] });

testErrors("convTranspose2d", [
  ["channels that disagree", { x: [1, 4, 4, 3], w: [2, 3, 3, 4] }, ({ x, w }) => convTranspose2d(x!, w!), "convTranspose2d: weight expects 2 input channels but x has 3.\n  x       [1, 4, 4, 3]  NHWC\n  weight  [2, 3, 3, 4]  IHWO"],
  ["padding beyond 32 bits", { x: [1, 5, 4, 1], w: [1, 1, 1, 1] }, ({ x, w }) => convTranspose2d(x!, w!, { stride: [2 ** 29, 1], padding: { top: 2 ** 31 } }), "convTranspose2d: with its padding the height is 2147483649, but must be below 2147483648. Use less padding, dilation or stride.\n  x       [1, 5, 4, 1]  NHWC\n  weight  [1, 1, 1, 1]  IHWO"],
  ["output padding of a stride", { x: [1, 4, 4, 3], w: [3, 3, 3, 4] }, ({ x, w }) => convTranspose2d(x!, w!, { stride: 2, outputPadding: 2 }), "convTranspose2d: outputPadding must be smaller than the stride or the dilation, but 2 is not below 2."],
  ["a bias of labels", { x: [1, 4, 4, 3], w: [3, 3, 3, 4], bias: { shape: [4], classes: 2 } }, ({ x, w, bias }) => convTranspose2d(x!, w!, { bias }), 'convTranspose2d: bias must be f16 or f32 but is u32. Convert with cast(bias, "f32").'],
  ["padding that leaves nothing", { x: [1, 4, 4, 3], w: [3, 3, 3, 4] }, ({ x, w }) => convTranspose2d(x!, w!, { padding: 5 }), "convTranspose2d: the padding leaves no rows of the result.\n  x       [1, 4, 4, 3]  NHWC\n  weight  [3, 3, 3, 4]  IHWO"],
  ["groups that do not divide", { x: [1, 4, 4, 3], w: [3, 3, 3, 4] }, ({ x, w }) => convTranspose2d(x!, w!, { groups: 2 }), "convTranspose2d: 2 groups must divide the 3 input channels.\n  x       [1, 4, 4, 3]  NHWC\n  weight  [3, 3, 3, 4]  IHWO"],
  ["a size out of reach", { x: [1, 4, 4, 3], w: [3, 3, 3, 4] }, ({ x, w }) => convTranspose2d(x!, w!, { stride: 2, outputSize: [9, 11] }), "convTranspose2d: outputSize asks for 11 columns, but these options can give 9 to 10.\n  x       [1, 4, 4, 3]  NHWC\n  weight  [3, 3, 3, 4]  IHWO"],
  ["two ways to say the size", { x: [1, 4, 4, 3], w: [3, 3, 3, 4] }, ({ x, w }) => convTranspose2d(x!, w!, { stride: 2, outputSize: 9, outputPadding: 0 }), "convTranspose2d: outputSize and outputPadding say the same; give one of them."],
  ["padding modes", { x: [1, 4, 4, 3], w: [3, 3, 3, 4] }, ({ x, w }) => convTranspose2d(x!, w!, { paddingMode: "reflect" }), 'convTranspose2d: paddingMode must be "zeros", as in PyTorch, but is "reflect". Pad the result with pad2d.'],
  ["padding by rule", { x: [1, 4, 4, 3], w: [3, 3, 3, 4] }, ({ x, w }) => convTranspose2d(x!, w!, { padding: "same" as never }), 'convTranspose2d: padding must be whole numbers but is "same". Choose the size of the result with outputSize.'],
  ["what is no tensor", { x: [1, 4, 4, 3] }, ({ x }) => convTranspose2d(x!, undefined as never), "convTranspose2d: weight must be a tensor but is undefined. Make one with tensor(device, data, shape)."],
  ["no columns", { x: [1, 4, 0, 3], w: [3, 3, 3, 4] }, ({ x, w }) => convTranspose2d(x!, w!), "convTranspose2d: x must have at least one row, one column and one channel.\n  x  [1, 4, 0, 3]  NHWC"],
]);
