import { describe, expect, test } from "vitest";
import { tensor } from "../../src/graph/tensor.js";
import { oneHot } from "../../src/ops/one-hot.js";
import * as reference from "../reference/one-hot.js";
import { testDevice } from "../support/device.js";
import { testOp } from "../support/test-op.js";

testOp("oneHot", ({ labels }, { classes }) => oneHot(labels, classes), reference.oneHot, [
  { labels: { shape: [2, 5, 7], classes: 3 }, options: { classes: 3 } },
  { labels: { shape: [2, 5, 7], classes: 4, dtype: "u8" }, options: { classes: 4 } },
  { labels: { shape: [2, 5, 7], classes: 4, dtype: "u8", ignore: 255 }, options: { classes: 4 } },
  { labels: { shape: [11], classes: 4, dtype: "i32", ignore: -100 }, options: { classes: 4 } },
  { labels: { shape: [9], classes: 9 }, options: { classes: 4 }, name: "labels beyond the classes" },
  { labels: { shape: [3, 3], classes: 21 }, options: { classes: 21 } },
  { labels: { shape: [5], classes: 1 }, options: { classes: 1 } },
  { labels: { shape: [1], classes: 2, dtype: "u8" }, options: { classes: 2 } },
  { labels: { shape: [1, 1, 1], classes: 2 }, options: { classes: 2 } },
  { labels: { shape: [130], classes: 6, dtype: "u8" }, options: { classes: 6 } },
]);

describe("oneHot", () => {
  test("says what is wrong with its arguments", async () => {
    const device = await testDevice();
    using floats = tensor(device, [1, 2]);
    using labels = tensor(device, new Uint32Array(2));
    expect(() => oneHot(floats, 3)).toThrow('oneHot: labels must be class numbers (u8, u32 or i32) but are f32. Convert with cast(labels, "u32").');
    expect(() => oneHot(labels, 0)).toThrow("oneHot: classes must be a whole number of at least 1 but is 0.");
  });
});
