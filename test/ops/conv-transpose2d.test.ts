import { describe, expect, test } from "vitest";
import { tensor } from "../../src/graph/tensor.js";
import { convTranspose2d, type ConvTranspose2dOptions } from "../../src/ops/conv-transpose2d.js";
import * as reference from "../reference/conv-transpose2d.js";
import { testDevice } from "../support/device.js";
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
]);

describe("convTranspose2d says", () => {
  test("what is wrong with channels, output padding and padding", async () => {
    const device = await testDevice();
    using x = tensor(device, new Float32Array(4 * 4 * 3), [1, 4, 4, 3]);
    using weight = tensor(device, new Float32Array(2 * 9 * 4), [2, 3, 3, 4]);
    using fits = tensor(device, new Float32Array(3 * 9 * 4), [3, 3, 3, 4]);
    expect(() => convTranspose2d(x, weight)).toThrowError("convTranspose2d: weight expects 2 input channels but x has 3.\n  x       [1, 4, 4, 3]  NHWC\n  weight  [2, 3, 3, 4]  IHWO");
    expect(() => convTranspose2d(x, fits, { stride: 2, outputPadding: 2 })).toThrowError("convTranspose2d: outputPadding must be smaller than the stride or the dilation, but 2 is not below 2.");
    using labels = tensor(device, new Uint32Array(4), [4]);
    expect(() => convTranspose2d(x, fits, { bias: labels })).toThrowError('convTranspose2d: bias must be f32 but is u32. Convert with cast(bias, "f32").');
    expect(() => convTranspose2d(x, fits, { padding: 5 })).toThrowError("convTranspose2d: the padding leaves no rows of the result.");
  });
});
