import { describe, expect, test } from "vitest";
import { tensor } from "../../src/graph/tensor.js";
import { cast } from "../../src/ops/cast.js";
import * as reference from "../reference/cast.js";
import { testDevice } from "../support/device.js";
import { testOp } from "../support/test-op.js";

testOp("cast", ({ x }, { dtype }) => cast(x, dtype), reference.cast, [
  { x: { shape: [3, 5, 7], dtype: "u8" }, options: { dtype: "f32" } },
  { x: { shape: [13], dtype: "u8" }, options: { dtype: "u32" } },
  { x: { shape: [14], dtype: "u8" }, options: { dtype: "i32" } },
  { x: { shape: [15], dtype: "u32", high: 600 }, options: { dtype: "u8" } },
  { x: { shape: [1], dtype: "u32", high: 200 }, options: { dtype: "u8" } },
  { x: { shape: [9], dtype: "i32", low: -300, high: 600 }, options: { dtype: "u8" } },
  { x: { shape: [9], dtype: "i32", low: -300, high: 600 }, options: { dtype: "u32" } },
  { x: { shape: [9], dtype: "i32", low: -300, high: 600 }, options: { dtype: "f32" } },
  { x: { shape: [9], dtype: "u32", high: 4e9 }, options: { dtype: "i32" } },
  { x: { shape: [9], dtype: "u32", high: 4e9 }, options: { dtype: "f32" } },
  { x: { shape: [7], values: [-1.5, -0.5, 0.5, 1.9, 254.9, 256, NaN], gradient: false }, options: { dtype: "u8" } },
  { x: { shape: [5], values: [-1.5, -0.5, 1.9, -3e4, NaN], gradient: false }, options: { dtype: "i32" } },
  { x: { shape: [4], values: [-1.5, 0.5, 1.9, 3e4], gradient: false }, options: { dtype: "u32" } },
  { x: { shape: [6], dtype: "u8" }, options: { dtype: "u8" } },
  { x: [2, 3], options: { dtype: "f32" }, name: "f32 to f32 is the identity, and so is its gradient" },
]);

describe("cast", () => {
  test("says what is wrong with its arguments", async () => {
    const device = await testDevice();
    using x = tensor(device, [1, 2]);
    expect(() => cast(x, "f16" as "f32")).toThrow("cast: f16 is not one of f32, i32, u32, u8.");
  });
});
