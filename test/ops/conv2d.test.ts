import { describe, expect, test } from "vitest";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { conv2d, type Conv2dOptions } from "../../src/ops/conv2d.js";
import * as reference from "../reference/conv2d.js";
import { testDevice } from "../support/device.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("conv2d", ({ x, weight, bias }, o: Omit<Conv2dOptions, "bias">) => conv2d(x, weight, { ...o, bias }), reference.conv2d, [
  { x: [2, 9, 8, 3], weight: [4, 3, 3, 3], bias: [4], options: { padding: 1 } },
  { x: [2, 9, 8, 3], weight: [4, 3, 3, 3], options: { stride: 2, padding: 1 } },
  { x: [2, 9, 8, 3], weight: [4, 3, 3, 3], options: { padding: 2, dilation: 2 }, name: "atrous, same size" },
  { x: [2, 9, 8, 3], weight: [4, 3, 3, 3], options: { stride: 2, padding: 3, dilation: 3 } },
  { x: [1, 1, 1, 2], weight: [1, 1, 1, 2], name: "single pixel" },
  { x: [1, 5, 7, 4], weight: [8, 1, 1, 4], bias: [8], name: "1×1" },
  { x: [1, 11, 10, 8], weight: [12, 5, 5, 8], bias: [12], options: { padding: 2 } },
  { x: [1, 12, 13, 4], weight: [4, 7, 7, 4], options: { stride: 2, padding: 3 } },
  { x: [2, 6, 5, 16], weight: [32, 3, 3, 16], bias: [32], options: { padding: 1 } },
  { x: [1, 7, 7, 32], weight: [16, 3, 3, 32], bias: [16], options: { padding: 4, dilation: 4 } },
  { x: [1, 17, 3, 16], weight: [2, 1, 1, 16], bias: [2], name: "a head of two classes" },
  { x: [1, 10, 9, 3], weight: [16, 3, 3, 3], bias: [16], options: { padding: 1 }, name: "a first layer" },
  { x: [1, 9, 9, 8], weight: [8, 3, 3, 2], bias: [8], options: { padding: 1, groups: 4 } },
  { x: [1, 9, 9, 16], weight: [8, 3, 3, 8], options: { padding: 2, groups: 2, dilation: 2 } },
  { x: [1, 7, 6, 5], weight: [5, 3, 3, 1], bias: [5], options: { padding: 1, groups: 5 }, name: "depthwise" },
  { x: [1, 7, 6, 4], weight: [8, 3, 3, 1], options: { padding: 2, groups: 4, dilation: 2 }, name: "depthwise with multiplier, atrous" },
  { x: [1, 7, 9, 8], weight: [8, 3, 3, 1], options: { stride: 2, padding: 1, groups: 8 }, name: "depthwise, strided" },
  { x: [1, 6, 11, 3], weight: [2, 1, 5, 3], options: { stride: [1, 2], padding: [0, 2] }, name: "rectangular" },
  { x: [1, 11, 6, 4], weight: [4, 5, 3, 4], options: { stride: [2, 1], padding: [4, 1], dilation: [2, 1] } },
  { x: [1, 8, 8, 4], weight: [4, 3, 3, 4], options: { stride: 2, padding: { top: 0, bottom: 1, left: 0, right: 1 } }, name: "TensorFlow's SAME for stride 2" },
  { x: [1, 8, 9, 3], weight: [3, 2, 2, 3], options: { padding: { top: 1, bottom: 0, left: 2, right: 1 } }, name: "even kernel, lopsided" },
  { x: [1, 10, 10, 4], weight: [4, 3, 3, 4], options: { stride: 3 }, name: "stride beyond what is left at the edge" },
  { x: [1, 9, 10, 4], weight: [8, 1, 1, 4], options: { stride: 2 }, name: "1×1, strided" },
  { x: [1, 3, 3, 4], weight: [4, 3, 3, 4], options: { padding: 1, dilation: 1, stride: 1 }, name: "as small as its kernel" },
  { x: [3, 4, 4, 20], weight: [12, 3, 3, 20], bias: [12], options: { padding: 1 } },
  { x: [1, 5, 5, 6], weight: [10, 3, 3, 6], options: { padding: 1 }, name: "channels that fill no vec4" },
  { x: [1, 13, 12, 4], weight: [4, 11, 11, 4], options: { padding: 5 }, name: "11×11" },
  { x: [2, 5, 19, 3], weight: [16, 3, 3, 3], bias: [16], options: { padding: 1 }, name: "a first layer, rows of one tile and a rest" },
  { x: [1, 4, 30, 8], weight: [12, 3, 3, 8], bias: [12], options: { padding: 3, dilation: 3 }, name: "long rows, atrous" },
  { x: [1, 3, 37, 8], weight: [24, 1, 5, 8], options: { padding: [0, 2] }, name: "long rows, five taps" },
  { x: [1, 6, 15, 16], weight: [16, 3, 3, 8], bias: [16], options: { padding: 1, groups: 2 }, name: "long rows, groups of whole vec4s" },
  { x: [1, 5, 16, 4], weight: [5, 3, 3, 4], bias: [5], options: { padding: 3 }, name: "more padding than the kernel reaches" },
  { x: [2, 9, 32, 8], weight: [8, 3, 3, 8], options: { stride: [2, 1], padding: 1 }, name: "strided down, not across" },
  { x: [2, 6, 7, 12], weight: [16, 1, 1, 12], bias: [16], name: "1×1, all pixels in one row" },
  { x: [1, 9, 12, 8], weight: [16, 3, 3, 8], bias: [16], options: { stride: 2, padding: 1, dilation: 2 }, name: "strided and atrous" },
  { x: [0, 5, 6, 3], weight: [4, 3, 3, 3], bias: [4], options: { padding: 1 }, name: "no images" },
  { x: [1, 7, 8, 4], weight: [4, 4, 2, 4], options: { padding: "same", dilation: [1, 3] }, name: "same, even kernel" },
  { x: [2, 6, 9, 3], weight: [8, 3, 5, 3], bias: [8], options: { padding: "same" } },
  { x: [1, 9, 8, 4], weight: [4, 3, 3, 4], bias: [4], options: { padding: "same-tensorflow", stride: 2 } },
  { x: [1, 10, 7, 8], weight: [8, 5, 4, 2], options: { padding: "same-tensorflow", stride: [3, 2], dilation: [1, 2], groups: 4 } },
  { x: [1, 7, 5, 3], weight: [2, 1, 2, 3], options: { padding: "same-tensorflow", stride: [1, 4] }, name: "TensorFlow's SAME, steps beyond the kernel" },
  { x: [1, 6, 7, 3], weight: [4, 2, 3, 3], options: { padding: "valid", stride: 2 } },
  { x: [1, 6, 7, 3], weight: [4, 3, 3, 3], bias: [4], options: { padding: 1, paddingMode: "reflect" } },
  { x: [2, 5, 6, 4], weight: [8, 5, 3, 4], options: { padding: [4, 3], paddingMode: "reflect", dilation: [2, 1], stride: 2 }, name: "reflect, as far as it goes" },
  { x: [1, 5, 17, 8], weight: [8, 3, 3, 4], bias: [8], options: { padding: { top: 2, right: 3 }, paddingMode: "replicate", groups: 2 } },
  { x: [1, 4, 5, 4], weight: [4, 3, 3, 1], options: { padding: 4, paddingMode: "circular", groups: 4, dilation: 2 }, name: "circular, as far as it goes" },
  { x: [1, 6, 8, 3], weight: [4, 4, 3, 3], options: { padding: "same", paddingMode: "circular" } },
  { x: [1, 5, 6, 2], weight: [8, 3, 2, 1], options: { padding: "same-tensorflow", paddingMode: "reflect", stride: 2, groups: 2 }, name: "depthwise, SAME, reflect" },
  { x: [1, 3, 3, 4], weight: [4, 3, 1, 4], options: { stride: [2 ** 16, 2], dilation: [2 ** 15, 1], padding: [2 ** 15, 0] }, name: "stride times reach beyond 32 bits" },
  { x: [1, 14, 19, 2], weight: [3, 13, 9, 2], options: { padding: [6, 4], stride: [3, 1] }, name: "13×9" },
  { x: [2, 5, 9, 32], weight: [40, 1, 2, 32], name: "two vec2s per lane of a weight gradient's team" },
  { x: [1, 9, 8, 16], weight: [40, 2, 2, 16], options: { stride: 2 }, name: "32 output channels of a weight gradient's team, and a rest" },
  { x: [1, 5, 7, 48], weight: [32, 3, 3, 24], options: { padding: 1, groups: 2 }, name: "groups of whole teams" },
  { x: [1, 16, 16, 64], weight: [64, 3, 3, 64], bias: [64], options: { padding: 1 } },
], { variants: ["clear", "direct", "direct:lanes"] });

describe("conv2d says", () => {
  const ask = async (x: number[], weight: number[], options: object): Promise<string> => {
    const device = await testDevice();
    const make = (shape: number[]): Tensor => tensor(device, new Float32Array(shape.reduce((a, b) => a * b)), shape);
    using a = make(x);
    using b = make(weight);
    try {
      conv2d(a, b, options);
    } catch (error) {
      return (error as Error).message;
    }
    return "no error";
  };

  test("which channels disagree, and shows both shapes", async () => {
    expect(await ask([2, 8, 8, 32], [16, 3, 3, 64], {})).toBe("conv2d: weight expects 64 input channels but x has 32.\n  x       [2, 8, 8, 32]   NHWC\n  weight  [16, 3, 3, 64]  OHWI");
  });
  test("that the kernel does not fit", async () => {
    expect(await ask([1, 4, 9, 1], [1, 3, 3, 1], { dilation: 2 })).toMatch("conv2d: the kernel reaches over 5 pixels but the padded height is only 4.");
  });
  test("that groups must divide the channels", async () => {
    expect(await ask([1, 4, 4, 6], [4, 1, 1, 2], { groups: 4 })).toMatch("conv2d: 4 groups must divide both the 6 input and the 4 output channels.");
  });
  test("which option it does not know, and the nearest", async () => {
    expect(await ask([1, 4, 4, 1], [1, 1, 1, 1], { dilatation: 2 })).toBe('conv2d: unknown option "dilatation". Did you mean "dilation"? Options: stride, padding, paddingMode, dilation, groups, bias.');
  });
  test("which option is out of range", async () => {
    expect(await ask([1, 4, 4, 1], [1, 1, 1, 1], { stride: 0 })).toBe("conv2d: stride must be a whole number of at least 1, or two of them [vertical, horizontal], but is 0.");
    expect(await ask([1, 4, 4, 1], [1, 1, 1, 1], { padding: -1 })).toBe("conv2d: padding must be a whole number of at least 0, or two of them [vertical, horizontal], but is -1.");
    expect(await ask([1, 4, 4, 1], [1, 1, 1, 1], { padding: { left: NaN } })).toBe("conv2d: padding.left must be a whole number of at least 0 but is NaN.");
    expect(await ask([1, 4, 4, 1], [1, 1, 1, 1], { padding: { lft: 1 } })).toBe('conv2d padding: unknown option "lft". Did you mean "left"? Options: top, bottom, left, right.');
    expect(await ask([1, 4, 4, 1], [1, 1, 1, 1], { padding: [1, 1, 1] })).toBe("conv2d: padding must be a whole number of at least 0, or two of them [vertical, horizontal], but is [1,1,1].");
  });
  test("that a kernel covers something", async () => {
    expect(await ask([1, 4, 4, 1], [1, 0, 1, 1], {})).toBe("conv2d: the kernel must have at least one row and one column.\n  weight  [1, 0, 1, 1]  OHWI");
  });
  test("how many axes are needed", async () => {
    expect(await ask([4, 4, 1], [1, 1, 1, 1], {})).toBe("conv2d: x must have 4 axes (NHWC) but has 3.\n  x  [4, 4, 1]");
  });
});

testErrors("conv2d", [
  ["\"same\" with a stride", { x: [1, 4, 4, 1], w: [1, 3, 3, 1] }, ({ x, w }) => conv2d(x!, w!, { padding: "same", stride: [1, 2] }), 'conv2d: padding "same" needs stride 1, as in PyTorch, but stride is [1, 2]. Use "same-tensorflow" for ⌈size / stride⌉ rows and columns, or name the sides.'],
  ["an unknown rule", { x: [1, 4, 4, 1], w: [1, 3, 3, 1] }, ({ x, w }) => conv2d(x!, w!, { padding: "full" as never }), 'conv2d: padding must be whole numbers, or one of "valid", "same", "same-tensorflow", but is "full".'],
  ["an unknown padding mode", { x: [1, 4, 4, 1], w: [1, 3, 3, 1] }, ({ x, w }) => conv2d(x!, w!, { paddingMode: "mirror" as never }), 'conv2d: paddingMode must be "zeros", "reflect", "replicate", "circular", but is "mirror".'],
  ["more reflected rows than there are", { x: [1, 4, 6, 1], w: [1, 3, 3, 1] }, ({ x, w }) => conv2d(x!, w!, { padding: 4, paddingMode: "reflect" }), 'conv2d: "reflect" can show fewer rows than x has, 4, but top is 4. Use "replicate", or pad less.\n  x  [1, 4, 6, 1]  NHWC'],
  ["more copied columns than there are", { x: [1, 9, 4, 1], w: [1, 3, 3, 1] }, ({ x, w }) => conv2d(x!, w!, { padding: { right: 5 }, paddingMode: "circular" }), 'conv2d: "circular" can show as many columns as x has, 4, but right is 5. Use "replicate", or pad less.\n  x  [1, 9, 4, 1]  NHWC'],
  ["a kernel beyond the frame", { x: [1, 4, 9, 1], w: [1, 7, 3, 1] }, ({ x, w }) => conv2d(x!, w!, { padding: 1, paddingMode: "replicate" }), "conv2d: the kernel reaches over 7 pixels but the padded height is only 6.\n  x       [1, 4, 9, 1]  NHWC\n  weight  [1, 7, 3, 1]  OHWI"],
  ["padding beyond 32 bits", { x: [1, 4, 4, 1], w: [1, 1, 1, 1] }, ({ x, w }) => conv2d(x!, w!, { stride: 2 ** 29, padding: { top: 2 ** 32 } }), "conv2d: with its padding the height is 4294967300, but must be below 2147483648. Use less padding, dilation or stride.\n  x       [1, 4, 4, 1]  NHWC\n  weight  [1, 1, 1, 1]  OHWI"],
  ["a reach beyond 32 bits", { x: [1, 4, 4, 1], w: [1, 1, 21, 1] }, ({ x, w }) => conv2d(x!, w!, { dilation: [1, 2 ** 29], padding: "same" }), "conv2d: with its padding the width is 10737418244, but must be below 2147483648. Use less padding, dilation or stride.\n  x       [1, 4, 4, 1]   NHWC\n  weight  [1, 1, 21, 1]  OHWI"],
  ["no pixels", { x: [1, 0, 4, 1], w: [1, 3, 3, 1] }, ({ x, w }) => conv2d(x!, w!, { padding: 2 }), "conv2d: x must have at least one row, one column and one channel.\n  x  [1, 0, 4, 1]  NHWC"],
  ["no output channels", { x: [1, 4, 4, 1], w: [0, 3, 3, 1] }, ({ x, w }) => conv2d(x!, w!), "conv2d: weight must have at least one input and one output channel.\n  weight  [0, 3, 3, 1]  OHWI"],
  ["labels", { x: { shape: [1, 4, 4, 1], classes: 3 }, w: [1, 3, 3, 1] }, ({ x, w }) => conv2d(x!, w!), 'conv2d: x must be f16 or f32 but is u32. Convert with cast(x, "f32").'],
  ["what is no tensor", { x: [1, 4, 4, 1] }, ({ x }) => conv2d(x!, [1, 2] as never), "conv2d: weight must be a tensor but is an array. Make one with tensor(device, data, shape)."],
  ["nothing", { w: [1, 3, 3, 1] }, ({ w }) => conv2d(undefined as never, w!), "conv2d: x must be a tensor but is undefined. Make one with tensor(device, data, shape)."],
  ["no options", { x: [1, 4, 4, 1], w: [1, 3, 3, 1] }, ({ x, w }) => conv2d(x!, w!, null as never), "conv2d: needs its options as an object. Options: stride, padding, paddingMode, dilation, groups, bias."],
]);
