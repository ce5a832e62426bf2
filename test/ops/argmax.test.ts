import { describe, expect, test } from "vitest";
import { tensor } from "../../src/graph/tensor.js";
import { argmax } from "../../src/ops/argmax.js";
import * as reference from "../reference/argmax.js";
import { testDevice } from "../support/device.js";
import { testOp } from "../support/test-op.js";

testOp("argmax", ({ x }) => argmax(x), reference.argmax, [
  { x: [2, 5, 7, 3] },
  { x: [1, 3, 3, 2] },
  { x: [2, 3, 5, 21], name: "21 classes" },
  { x: [7, 1], name: "one class" },
  { x: [5] },
  { x: [3, 130], name: "a long row" },
  { x: { shape: [3, 4], values: [1, 1, 1, 1, 0, 2, 2, 0, -1, -2, -1, -1] }, name: "the first of equal ones" },
  { x: { shape: [3, 3], values: [1, NaN, 2, NaN, 9, NaN, 3, 2, NaN] }, name: "the first NaN" },
  { x: { shape: [3, 2], values: [-Infinity, -Infinity, 0, Infinity, Infinity, 0] }, name: "infinities" },
  { x: { shape: [1, 1, 1, 5], low: -9, high: -8 }, name: "all negative" },
], { gradients: false });

describe("argmax", () => {
  test("gives u32, and says what is wrong with its arguments", async () => {
    const device = await testDevice();
    using x = tensor(device, new Uint32Array(4));
    expect(() => argmax(x as never)).toThrow('argmax: x must be f32 but is u32. Convert with cast(x, "f32").');
    using y = tensor(device, [1, 5, 2]);
    using chosen = argmax(y);
    expect(await chosen.data()).toEqual(new Uint32Array([1]));
  });
});
