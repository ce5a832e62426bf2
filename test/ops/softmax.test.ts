import { describe, expect, test } from "vitest";
import { tensor } from "../../src/graph/tensor.js";
import { softmax } from "../../src/ops/softmax.js";
import * as reference from "../reference/softmax.js";
import { testDevice } from "../support/device.js";
import { testOp } from "../support/test-op.js";

testOp("softmax", ({ x }, o) => softmax(x, o), reference.softmax, [
  { x: [2, 5, 7, 3] },
  { x: [1, 3, 3, 2] },
  { x: [2, 3, 5, 21], name: "21 classes" },
  { x: [7, 1], name: "one class: always 1" },
  { x: [5] },
  { x: [3, 130], name: "a long row" },
  { x: { shape: [4, 3], low: 80, high: 1e4 }, name: "logits whose exponential overflows" },
  { x: { shape: [4, 3], low: -1e4, high: -200 }, name: "logits whose exponential underflows" },
  { x: { shape: [1, 3], values: [-Infinity, 0, 1] }, name: "-infinity has probability 0" },
  { x: { shape: [2, 3], values: [NaN, 0, 1, 1, 2, 3] }, name: "NaN stays in its row" },
  { x: { shape: [3, 3], values: [Infinity, 0, 1, -Infinity, -Infinity, -Infinity, 1, 2, 3] }, name: "no finite maximum: NaN" },
  { x: { shape: [2, 4], values: [2, 2, 2, 2, 0, 0, 0, 0] }, name: "equal logits" },
  { x: [2, 5, 7, 3], options: { axis: 1 } },
  { x: [4, 5, 3], options: { axis: 0 } },
  { x: [4, 5, 3], options: { axis: -2 } },
  { x: [4, 5, 3], options: { axis: 2 }, name: "the last axis by its number" },
]);

describe("softmax", () => {
  test("says what is wrong with its arguments", async () => {
    const device = await testDevice();
    using x = tensor(device, new Uint32Array(4));
    using empty = tensor(device, new Float32Array(0), [3, 0]);
    expect(() => softmax(x as never)).toThrow('softmax: x must be f16 or f32 but is u32. Convert with cast(x, "f32").');
    expect(() => softmax(empty, { axis: 2 })).toThrow("softmax: x has no axis 2: axes go from -2 to 1.\n  x  [3, 0]");
    expect(() => softmax(empty, { dim: 0 } as never)).toThrow('softmax: unknown option "dim". Options: axis.');
    expect(() => softmax(empty, 1 as never)).toThrow("softmax: needs its options as an object. Options: axis.");
    expect(() => softmax(empty)).toThrow("softmax: x needs a last axis (classes) of at least 1.\n  x  [3, 0]");
  });
});
