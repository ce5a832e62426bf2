import { distanceTransform } from "../../src/ops/distance-transform.js";
import * as reference from "../reference/distance-transform.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

/** One pixel of background in an image of foreground, so that distances are long. */
const lonely = (shape: number[], at: number): Float64Array => new Float64Array(shape.reduce((a, b) => a * b, 1)).fill(1).fill(0, at, at + 1);

testOp("distanceTransform", ({ mask }, { signed, squared, spacing }) => distanceTransform(mask, { signed, squared, spacing }), reference.distanceTransform, [
  { mask: { shape: [2, 9, 7], classes: 2, dtype: "u8" } },
  { mask: { shape: [2, 9, 7], classes: 2, dtype: "u8" }, options: { signed: true } },
  { mask: { shape: [1, 33, 65], classes: 9, dtype: "u8" }, options: { signed: true } },
  { mask: { shape: [2, 5, 6, 3], classes: 2, dtype: "u32" }, options: { squared: true } },
  { mask: { shape: [2, 6, 5, 3], classes: 2, dtype: "i32" }, options: { signed: true, squared: true } },
  { mask: { shape: [1, 40, 30], values: lonely([1, 40, 30], 5), dtype: "u8" }, name: "one pixel of background" },
  { mask: { shape: [1, 40, 30, 1], values: lonely([1, 40, 30, 1], 1199).map((v) => 1 - v), dtype: "u32" }, options: { signed: true }, name: "one pixel of foreground" },
  { mask: { shape: [2, 7, 9, 2], low: 0, high: 1, gradient: false }, options: { signed: true, threshold: 0.5 }, name: "floats above ½" },
  { mask: { shape: [1, 1, 1], values: [0], dtype: "u8" }, name: "one pixel of background alone" },
  { mask: { shape: [1, 1, 1], values: [1], dtype: "u8" }, name: "one pixel of foreground alone: infinite" },
  { mask: { shape: [1, 3, 4], values: new Float64Array(12).fill(5), dtype: "u8" }, name: "no background: infinite" },
  { mask: { shape: [1, 3, 4], values: new Float64Array(12), dtype: "u8" }, options: { signed: true }, name: "no foreground, signed: infinite" },
  { mask: { shape: [1, 1, 50], classes: 5, dtype: "u8" }, options: { signed: true }, name: "one row" },
  { mask: { shape: [1, 50, 1], classes: 5, dtype: "u8" }, options: { signed: true }, name: "one column" },
  { mask: { shape: [2, 9, 7], classes: 3, dtype: "u8" }, options: { spacing: [2, 0.5] } },
  { mask: { shape: [1, 12, 17, 2], classes: 5, dtype: "u32" }, options: { spacing: [0.75, 1.25], signed: true, squared: true } },
  { mask: { shape: [1, 3, 4], values: new Float64Array(12).fill(5), dtype: "u8" }, options: { spacing: [1, 3] }, name: "no background, spaced: infinite" },
  { mask: { shape: [2, 5, 4, 3], values: Float64Array.from({ length: 120 }, (_, i) => (i % 3 === 0 ? 1 : i % 3 === 1 ? 0 : i < 60 ? 1 : (i % 7) % 2)), dtype: "u8" }, options: { signed: true }, name: "channels of one kind beside mixed ones" },
  { mask: { shape: [1, 4, 5], values: Float64Array.from({ length: 20 }, (_, i) => (i % 5 < 4 ? 1 : 0)), dtype: "u8" }, options: { signed: true, spacing: [1, 2] }, name: "columns of one kind, but not all of the same" },
]);

testErrors("distanceTransform", [
  ["a mask of rank 2", { mask: { shape: [4, 4], classes: 2 } }, ({ mask }) => distanceTransform(mask!), "distanceTransform: mask must be [n, height, width] or [n, height, width, channels].\n  mask  [4, 4]"],
  ["an image that is too long", { mask: { shape: [1, 1, 32768], classes: 2 } }, ({ mask }) => distanceTransform(mask!), "distanceTransform: images may have at most 32767 rows and columns.\n  mask  [1, 1, 32768]  NHW"],
  ["a spacing of 0", { mask: { shape: [1, 4, 4], classes: 2 } }, ({ mask }) => distanceTransform(mask!, { spacing: [1, 0] }),
    "distanceTransform: spacing must be two numbers above 0, [between rows, between columns], but is [1,0]."],
  ["a spacing whose square is no number", { mask: { shape: [1, 4, 4], classes: 2 } }, ({ mask }) => distanceTransform(mask!, { spacing: [1e-30, 1] }),
    "distanceTransform: spacing may go from 1e-12 to 1e+12 but is [1e-30,1]. Give it in another unit of length."],
  ["an unknown option", { mask: { shape: [1, 4, 4], classes: 2 } }, ({ mask }) => distanceTransform(mask!, { sign: true } as object),
    'distanceTransform: unknown option "sign". Did you mean "signed"? Options: signed, squared, spacing.'],
]);
