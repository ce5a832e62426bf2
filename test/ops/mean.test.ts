import { describe, expect, test } from "vitest";
import { tensor } from "../../src/graph/tensor.js";
import { mean } from "../../src/ops/mean.js";
import * as reference from "../reference/mean.js";
import { testDevice } from "../support/device.js";
import { testOp } from "../support/test-op.js";

testOp("mean", ({ x }, o) => mean(x, o), reference.mean, [
  { x: [2, 5, 7, 3], options: { axes: [1, 2] }, name: "global average pooling of NHWC" },
  { x: [2, 5, 7, 3] },
  { x: [2, 5, 7, 3], options: { axes: [0, 1, 2], keepDims: true } },
  { x: [2, 5, 7, 3], options: { axes: [-1] } },
  { x: [3, 4, 5], options: { axes: [0, 2] } },
  { x: [2, 3, 4, 3, 2], options: { axes: [1, 3] } },
  { x: [131, 5], options: { axes: [0] }, name: "two stages" },
  { x: [1, 9001], options: { axes: [1] }, name: "three stages" },
  { x: [1], options: { axes: [0] } },
  { x: [4, 3], options: { axes: [] }, name: "no axes: a copy" },
]);

describe("mean", () => {
  test("says what is wrong with its arguments", async () => {
    const device = await testDevice();
    using x = tensor(device, new Uint32Array(4));
    expect(() => mean(x as never)).toThrow('mean: x must be f16 or f32 but is u32. Convert with cast(x, "f32").');
    expect(() => mean([1, 2] as never)).toThrow("mean: x must be a tensor but is an array. Make one with tensor(device, data, shape).");
  });

  test("of nothing is NaN", async () => {
    const device = await testDevice();
    using empty = tensor(device, new Float32Array(0), [0, 3]);
    using nothing = mean(empty, { axes: [0] });
    expect([...(await nothing.data())]).toEqual([NaN, NaN, NaN]);
  });
});
