import { affineGrid, type AffineGridOptions } from "../../src/ops/affine-grid.js";
import * as reference from "../reference/affine-grid.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("affineGrid", ({ theta }, o: AffineGridOptions) => affineGrid(theta, o), reference.affineGrid, [
  { theta: [1, 2, 3], options: { size: [3, 4] } },
  { theta: [2, 2, 3], options: { size: [5, 2] } },
  { theta: [3, 2, 3], options: { size: 6 } },
  { theta: [1, 2, 3], options: { size: [3, 4], alignCorners: true } },
  { theta: [2, 2, 3], options: { size: [7, 9], alignCorners: true } },
  { theta: [1, 2, 3], options: { size: 1 }, name: "one pixel" },
  { theta: [1, 2, 3], options: { size: 1, alignCorners: true }, name: "one pixel, corners aligned: the middle" },
  { theta: [2, 2, 3], options: { size: [1, 8], alignCorners: true } },
  { theta: { shape: [1, 2, 3], values: [1, 0, 0, 0, 1, 0] }, options: { size: [33, 65] }, name: "the identity" },
  { theta: { shape: [1, 2, 3], values: [0, -1, 0.5, 1, 0, 0] }, options: { size: [4, 300] }, name: "a turn" },
]);

testErrors("affineGrid", [
  ["matrices of another shape", { theta: [1, 3, 3] }, ({ theta }) => affineGrid(theta!, { size: 4 }), "affineGrid: theta must be [N, 2, 3].\n  theta  [1, 3, 3]"],
  ["a size of 0", { theta: [1, 2, 3] }, ({ theta }) => affineGrid(theta!, { size: 0 }), "affineGrid: size must be a whole number of at least 1, or two of them [vertical, horizontal], but is 0."],
  ["whole numbers", { theta: { shape: [1, 2, 3], classes: 2 } }, ({ theta }) => affineGrid(theta!, { size: 4 }), 'affineGrid: theta must be f16 or f32 but is u32. Convert with cast(theta, "f32").'],
]);
