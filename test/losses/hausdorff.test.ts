import { hausdorffLoss } from "../../src/losses/hausdorff.js";
import * as reference from "../reference/losses.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("hausdorffLoss", ({ logits, labels, pixelWeight }, o) => hausdorffLoss(logits, labels, { ...o, pixelWeight }), reference.hausdorffLoss, [
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3, dtype: "u8" } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3, ignore: 9 }, options: { ignoreIndex: 9, includeBackground: true, alpha: 1 } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3 }, pixelWeight: { shape: [2, 5, 7], low: 0, high: 2, gradient: false }, options: { activation: "sigmoid", reduction: "none", alpha: 3 }, name: "sigmoids, weights of pixels" },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7, 3], low: 0, high: 1, gradient: false }, options: { reduction: "sum" }, name: "fractional targets" },
  { logits: [2, 5, 7, 1], labels: { shape: [2, 5, 7], classes: 2 }, name: "a single logit" },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 1 }, options: { includeBackground: true }, name: "one class" },
  { logits: [1, 2, 2, 3], labels: { shape: [1, 2, 2], values: [7, 7, 7, 7], dtype: "u32" }, options: { ignoreIndex: 7 }, name: "all ignored: 0" },
]);

testErrors("hausdorffLoss", [
  ["an alpha of 0", { logits: [1, 2, 2, 3], labels: { shape: [1, 2, 2], classes: 3 } }, ({ logits, labels }) => hausdorffLoss(logits!, labels!, { alpha: 0 }), "hausdorffLoss: alpha must be a number above 0 but is 0."],
]);
