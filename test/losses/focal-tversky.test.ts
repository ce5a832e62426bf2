import { focalTverskyLoss, type FocalTverskyLossOptions } from "../../src/losses/tversky.js";
import * as reference from "../reference/region-losses.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("focalTverskyLoss", ({ logits, labels, pixelWeight }, o) => focalTverskyLoss(logits, labels, { ...(o as FocalTverskyLossOptions), pixelWeight }), reference.focalTverskyLoss, [
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3, dtype: "u8" } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3, ignore: 9 }, options: { ignoreIndex: 9, gamma: 0.5, smooth: 1 } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3 }, options: { dialect: "smp", gamma: 2 } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3 }, options: { dialect: "smp", gamma: 0.75, alpha: 0.5, beta: 0.5, weight: [1, 2, 3] } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3 }, options: { dialect: "monai", reduction: "none", includeBackground: false } },
  { logits: [2, 5, 7, 1], labels: { shape: [2, 5, 7], classes: 2 }, pixelWeight: { shape: [2, 5, 7], low: 0, high: 2, gradient: false }, name: "a single logit, weights of pixels" },
  { logits: { shape: [3, 1], values: [200, -200, 200] }, labels: { shape: [3], values: [1, 0, 1], dtype: "u8" }, name: "a perfect prediction" },
]);

testErrors("focalTverskyLoss", [
  ["a gamma of 0", { logits: [2, 3], labels: { shape: [2], classes: 3 } }, ({ logits, labels }) => focalTverskyLoss(logits!, labels!, { gamma: 0 }),
    "focalTverskyLoss: gamma must be a number above 0 but is 0."],
  ["losses of classes where the mean is raised", { logits: [2, 3], labels: { shape: [2], classes: 3 } }, ({ logits, labels }) => focalTverskyLoss(logits!, labels!, { dialect: "smp", reduction: "none" }),
    'focalTverskyLoss: in the dialect "smp" the exponent applies to the mean, so reduction must be "mean".'],
]);
