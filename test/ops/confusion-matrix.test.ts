import { describe, expect, test } from "vitest";
import { tensor } from "../../src/graph/tensor.js";
import { accumulateCounts, confusionMatrix, total64 } from "../../src/ops/confusion-matrix.js";
import * as reference from "../reference/confusion-matrix.js";
import { testDevice } from "../support/device.js";
import { testOp } from "../support/test-op.js";

const classes = (shape: number[], count: number, dtype: "u8" | "u32" | "i32" = "u32") => ({ shape, classes: count, dtype });

testOp("confusionMatrix", ({ predicted, labels }, o) => confusionMatrix(predicted, labels, o), reference.confusionMatrix, [
  { predicted: classes([2, 5, 7], 3), labels: classes([2, 5, 7], 3), options: { classes: 3 } },
  { predicted: classes([2, 5, 7], 3), labels: classes([2, 5, 7], 3, "u8"), options: { classes: 3 } },
  { predicted: classes([2, 5, 7], 3, "u8"), labels: { ...classes([2, 5, 7], 3, "u8"), ignore: 255 }, options: { classes: 3, ignoreIndex: 255 } },
  { predicted: classes([71], 4, "i32"), labels: { ...classes([71], 4, "i32"), ignore: -100 }, options: { classes: 4 } },
  { predicted: classes([200], 2), labels: classes([200], 2), options: { classes: 2, ignoreIndex: 0 }, name: "an ignored class" },
  { predicted: classes([200], 6), labels: classes([200], 6), options: { classes: 4 }, name: "predictions and labels beyond the classes" },
  { predicted: classes([3, 64, 65], 21), labels: classes([3, 64, 65], 21, "u8"), options: { classes: 21 } },
  { predicted: classes([1], 2), labels: classes([1], 2), options: { classes: 2 } },
  { predicted: classes([129], 1), labels: classes([129], 1), options: { classes: 1 }, name: "long runs" },
  { predicted: { shape: [64], values: new Array(64).fill(1), dtype: "u8" }, labels: { shape: [64], values: new Array(64).fill(255), dtype: "u8" }, options: { classes: 2, ignoreIndex: 255 }, name: "all ignored" },
  { predicted: classes([3, 9, 11], 3), labels: classes([3, 9, 11], 3, "u8"), options: { classes: 3, perImage: true }, name: "a matrix for each image" },
  { predicted: classes([5, 1], 3), labels: classes([5, 1], 4), options: { classes: 3, perImage: true, ignoreIndex: 1 }, name: "images of one pixel" },
  { predicted: classes([2, 130], 40), labels: classes([2, 130], 2, "u8"), options: { classes: 2, predictedClasses: 32 }, name: "bins instead of classes" },
]);

describe("confusionMatrix", () => {
  test("adds up beyond 32 bits", async () => {
    const device = await testDevice();
    using start = tensor(device, new Uint32Array([4294967295, 5, 0, 0, 1, 0, 0, 7]), [2, 2, 2]);
    using counts = tensor(device, new Uint32Array([1, 2, 3, 4294967295]), [2, 2]);
    using once = accumulateCounts(start, counts);
    using twice = accumulateCounts(once, counts);
    expect(total64(await once.data())).toEqual([2 ** 33, 7, 3, 7 * 2 ** 32 + 4294967295]);
    expect(total64(await twice.data())).toEqual([2 ** 33 + 1, 9, 6, 9 * 2 ** 32 - 2]);
  });

  test("says what is wrong with its arguments", async () => {
    const device = await testDevice();
    using labels = tensor(device, new Uint32Array(6), [2, 3]);
    using short = tensor(device, new Uint32Array(4), [2, 2]);
    using floats = tensor(device, new Float32Array(6), [2, 3]);
    expect(() => confusionMatrix(short, labels, { classes: 2 })).toThrow("confusionMatrix: predicted and labels must have the same shape.\n  predicted  [2, 2]\n  labels     [2, 3]");
    expect(() => confusionMatrix(floats, labels, { classes: 2 })).toThrow('confusionMatrix: predicted must be class numbers (u8, u32 or i32) but are f32. Convert with cast(predicted, "u32").');
    expect(() => confusionMatrix(labels, labels, { classes: 0 })).toThrow("confusionMatrix: classes must be a whole number of at least 1 but is 0.");
    expect(() => accumulateCounts(short, labels)).toThrow("accumulateCounts: total must have the shape of counts with an axis of 2 (low and high words) in front.\n  total   [2, 2]\n  counts  [2, 3]");
  });
});
