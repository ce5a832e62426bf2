import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor } from "../../src/graph/tensor.js";
import { sum } from "../../src/ops/sum.js";
import * as reference from "../reference/sum.js";
import { testDevice } from "../support/device.js";
import { testOp } from "../support/test-op.js";

testOp("sum", ({ x }, o) => sum(x, o), reference.sum, [
  { x: [2, 5, 7, 3], options: { axes: [0, 1, 2] } },
  { x: [2, 5, 7, 3] },
  { x: [2, 5, 7, 3], options: { axes: [-1] } },
  { x: [2, 5, 7, 3], options: { axes: [1, 2], keepDims: true } },
  { x: [2, 5, 7, 3], options: { axes: [0, 2] } },
  { x: [3, 1, 4, 1, 5], options: { axes: [3, 0], keepDims: true } },
  { x: [129, 3], options: { axes: [0] }, name: "two stages" },
  { x: [8193, 2], options: { axes: [0] }, name: "three stages" },
  { x: [1, 1], options: { axes: [0] } },
  { x: [5], options: {} },
  { x: [4, 6], options: { axes: [] }, name: "no axes: a copy" },
  { x: [3, 300], options: { axes: [1] }, name: "rows longer than a stage" },
  { x: { shape: [2, 0, 3], values: [] }, options: { axes: [1] }, name: "of nothing: 0" },
  { x: { shape: [0, 5, 4], values: [] }, options: { axes: [0, 2] }, name: "of nothing, in two runs" },
]);

testOp("sum of whole numbers", ({ x }, o) => sum(x, o), reference.sum, [
  { x: { shape: [3, 200], dtype: "u32", high: 1e6 }, options: { axes: [1] } },
  { x: { shape: [7, 5, 3], dtype: "i32", low: -1000, high: 1000 }, options: { axes: [0, 2] } },
]);

describe("sum", () => {
  test("stays accurate over a million equal terms, where adding one after the other would not", async () => {
    const device = await testDevice();
    using x = tensor(device, new Float32Array(1 << 20).fill(0.1));
    using total = sum(x);
    expect(Math.abs((await total.item()) / (Math.fround(0.1) * (1 << 20)) - 1)).toBeLessThan(1e-6);
  });

  test("says what is wrong with its arguments", async () => {
    const device = await testDevice();
    using x = tensor(device, [1, 2, 3, 4], [2, 2]);
    using bytes = tensor(device, new Uint8Array(4));
    expect(() => sum(x, { axes: [2] })).toThrow("sum: x has no axis 2: axes go from -2 to 1.\n  x  [2, 2]");
    expect(() => sum(x, { axes: [0, -2] })).toThrow("sum: axes [0, -2] name one axis twice.");
    expect(() => sum(x, { axis: 0 } as object)).toThrow('sum: unknown option "axis". Did you mean "axes"? Options: axes, keepDims.');
    expect(() => sum(x, { keepDims: "no" } as object)).toThrow('sum: keepDims must be true or false but is "no".');
    expect(() => sum(bytes)).toThrow('sum: x must be f32, f16, i32 or u32 but is u8. Convert with cast(x, "u32").');
    expect(() => sum(undefined as never)).toThrow("sum: x must be a tensor but is undefined. Make one with tensor(device, data, shape).");
    expect(() => sum(x, { axes: 1 } as object)).toThrow("sum: axes must be an array of axis numbers but is 1.");
    const captured = compile((y: typeof x) => sum(y));
    using total = captured(x);
    expect(await total.item()).toBe(10);
    captured.dispose();
  });
});
