import { sigmoidFocalLoss } from "../../src/losses/sigmoid-focal.js";
import * as reference from "../reference/losses.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("sigmoidFocalLoss", ({ logits, labels, pixelWeight }, o) => sigmoidFocalLoss(logits, labels, { ...o, pixelWeight }), reference.sigmoidFocalLoss, [
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3, dtype: "u8" } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3, ignore: 9 }, options: { ignoreIndex: 9, alpha: null, gamma: 0.5 } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3, ignore: 9 }, options: { ignoreIndex: 9, normalized: true, reduction: "sum", weight: [1, 2, 3] } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7, 3], classes: 2, dtype: "u8" }, options: { normalized: true, reducedThreshold: 0.5 }, name: "several labels a pixel" },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7, 3], low: 0, high: 1, gradient: false }, options: { gamma: 3, reduction: "none" }, name: "fractional targets" },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7, 3], low: 0, high: 1, gradient: false }, pixelWeight: { shape: [2, 5, 7], low: 0, high: 2, gradient: false }, options: { dialect: "smp" }, name: "fractional targets as smp, weights of pixels" },
  { logits: [2, 5, 7, 1], labels: { shape: [2, 5, 7], classes: 2, ignore: 255 }, options: { ignoreIndex: 255, gamma: 0, alpha: null }, name: "gamma 0: binary cross-entropy" },
  { logits: { shape: [6, 2], low: -100, high: 100 }, labels: { shape: [6], classes: 2 }, name: "large logits" },
  { logits: [4, 3], labels: { shape: [4], values: [7, 7, 7, 7], dtype: "u32" }, options: { ignoreIndex: 7, normalized: true }, name: "all ignored: 0" },
]);

testErrors("sigmoidFocalLoss", [
  ["an alpha above 1", { logits: [2, 3], labels: { shape: [2], classes: 3 } }, ({ logits, labels }) => sigmoidFocalLoss(logits!, labels!, { alpha: 2 }), "sigmoidFocalLoss: alpha must be between 0 and 1 but is 2."],
  ["a threshold of 0", { logits: [2, 3], labels: { shape: [2], classes: 3 } }, ({ logits, labels }) => sigmoidFocalLoss(logits!, labels!, { reducedThreshold: 0 }), "sigmoidFocalLoss: reducedThreshold must be above 0."],
]);
