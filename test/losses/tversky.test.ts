import { tverskyLoss, type TverskyLossOptions } from "../../src/losses/tversky.js";
import * as reference from "../reference/region-losses.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("tverskyLoss", ({ logits, labels, pixelWeight }, o) => tverskyLoss(logits, labels, { ...(o as TverskyLossOptions), pixelWeight }), reference.tverskyLoss, [
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3, dtype: "u8" }, options: { alpha: 0.3, beta: 0.7 } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3, ignore: 9 }, options: { ignoreIndex: 9, alpha: 1, beta: 0, smooth: 1 } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3 }, options: { dialect: "smp", alpha: 0.3, beta: 0.7, log: true, weight: [1, 0, 2] } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3 }, options: { dialect: "monai", alpha: 0.3, beta: 0.7, reduction: "none" } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7, 3], low: 0, high: 1, gradient: false }, pixelWeight: { shape: [2, 5, 7], low: 0, high: 2, gradient: false }, options: { overlap: "minimum", alpha: 0.3 }, name: "fractional targets, weights of pixels" },
  { logits: [2, 5, 7, 1], labels: { shape: [2, 5, 7], classes: 2 }, options: { beta: 0.9 }, name: "a single logit" },
  { logits: [4, 3], labels: { shape: [4], values: [7, 7, 7, 7], dtype: "u32" }, options: { ignoreIndex: 7 }, name: "all ignored" },
]);

testErrors("tverskyLoss", [
  ["a negative alpha", { logits: [2, 3], labels: { shape: [2], classes: 3 } }, ({ logits, labels }) => tverskyLoss(logits!, labels!, { alpha: -1 }),
    "tverskyLoss: alpha must be a number of at least 0 but is -1."],
]);
