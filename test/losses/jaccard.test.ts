import { jaccardLoss, type JaccardLossOptions } from "../../src/losses/jaccard.js";
import * as reference from "../reference/region-losses.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("jaccardLoss", ({ logits, labels, pixelWeight }, o) => jaccardLoss(logits, labels, { ...(o as JaccardLossOptions), pixelWeight }), reference.jaccardLoss, [
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3, dtype: "u8" } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3, ignore: 9 }, options: { ignoreIndex: 9, perImage: true, smooth: 1 } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3 }, options: { dialect: "smp", log: true } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3 }, options: { dialect: "monai", squared: true, includeBackground: false } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7, 3], low: 0, high: 1, gradient: false }, options: { overlap: "minimum" }, name: "fractional targets" },
  { logits: [2, 5, 7, 1], labels: { shape: [2, 5, 7], classes: 2, ignore: 255 }, pixelWeight: { shape: [2, 5, 7], low: 0, high: 2, gradient: false }, options: { ignoreIndex: 255 }, name: "a single logit, weights of pixels" },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 1 }, name: "one class" },
  { logits: [4, 3], labels: { shape: [4], values: [7, 7, 7, 7], dtype: "u32" }, options: { ignoreIndex: 7 }, name: "all ignored" },
]);

testErrors("jaccardLoss", [
  ["a negative smooth", { logits: [2, 3], labels: { shape: [2], classes: 3 } }, ({ logits, labels }) => jaccardLoss(logits!, labels!, { smooth: -1 }),
    "jaccardLoss: smooth must be a number of at least 0 but is -1."],
  ["alpha, which is Tversky's", { logits: [2, 3], labels: { shape: [2], classes: 3 } }, ({ logits, labels }) => jaccardLoss(logits!, labels!, { alpha: 1 } as object),
    'jaccardLoss: unknown option "alpha". Options: smooth, dialect, squared, log, overlap, ignoreIndex, pixelWeight, includeBackground, weight, perImage, reduction, activation.'],
]);
