import { generalizedDiceLoss, type GeneralizedDiceLossOptions } from "../../src/losses/generalized-dice.js";
import * as reference from "../reference/region-losses.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("generalizedDiceLoss", ({ logits, labels, pixelWeight }, o) => generalizedDiceLoss(logits, labels, { ...(o as GeneralizedDiceLossOptions), pixelWeight }), reference.generalizedDiceLoss, [
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3, dtype: "u8" } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3, ignore: 9 }, options: { ignoreIndex: 9, perImage: true, reduction: "none" } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3 }, options: { dialect: "monai" } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3 }, options: { volumeWeight: "simple", includeBackground: false, smooth: 1 } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3 }, options: { volumeWeight: "uniform", perImage: true, reduction: "sum" } },
  { logits: [2, 5, 7, 4], labels: { shape: [2, 5, 7], classes: 2 }, pixelWeight: { shape: [2, 5, 7], low: 0, high: 2, gradient: false }, name: "absent classes, weights of pixels" },
  { logits: [2, 5, 7, 1], labels: { shape: [2, 5, 7], classes: 2 }, name: "a single logit" },
  { logits: [4, 3], labels: { shape: [4], values: [7, 7, 7, 7], dtype: "u32" }, options: { ignoreIndex: 7 }, name: "all ignored: 1" },
  { logits: [1, 2, 2, 3], labels: { shape: [1, 2, 2], values: [7, 7, 7, 7], dtype: "u32" }, options: { ignoreIndex: 7, dialect: "monai" }, name: "all ignored, MONAI: 0" },
]);

testErrors("generalizedDiceLoss", [
  ["losses of a batch", { logits: [2, 3], labels: { shape: [2], classes: 3 } }, ({ logits, labels }) => generalizedDiceLoss(logits!, labels!, { reduction: "none" }),
    'generalizedDiceLoss: one loss for the batch has no reduction "none". Use it with perImage.'],
]);
