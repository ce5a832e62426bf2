import { lovaszHingeLoss, lovaszSoftmaxLoss } from "../../src/losses/lovasz.js";
import * as reference from "../reference/region-losses.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("lovaszSoftmaxLoss", ({ logits, labels }, o) => lovaszSoftmaxLoss(logits, labels, o), reference.lovaszSoftmaxLoss, [
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3, dtype: "u8" } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3, ignore: 9 }, options: { ignoreIndex: 9, perImage: true } },
  { logits: [2, 5, 7, 4], labels: { shape: [2, 5, 7], classes: 2 }, name: "absent classes" },
  { logits: [2, 5, 7, 4], labels: { shape: [2, 5, 7], classes: 2 }, options: { classes: "all" }, name: "absent classes count" },
  { logits: [2, 5, 7, 1], labels: { shape: [2, 5, 7], classes: 2 }, name: "a single logit" },
  { logits: [3, 5, 3], labels: { shape: [3, 5, 3], classes: 2 }, options: { activation: "sigmoid" }, name: "several labels a pixel" },
  { logits: [1, 1, 1, 3], labels: { shape: [1, 1, 1], classes: 3 }, name: "one pixel" },
  { logits: [1, 40, 50, 2], labels: { shape: [1, 40, 50], classes: 2, dtype: "u8", ignore: 255 }, options: { ignoreIndex: 255 }, name: "2000 pixels" },
  { logits: [4, 3], labels: { shape: [4], values: [7, 7, 7, 7], dtype: "u32" }, options: { ignoreIndex: 7 }, name: "all ignored: 0" },
]);

testOp("lovaszHingeLoss", ({ logits, labels }, o) => lovaszHingeLoss(logits, labels, o), reference.lovaszHingeLoss, [
  { logits: [2, 5, 7, 1], labels: { shape: [2, 5, 7], classes: 2, dtype: "u8" } },
  { logits: [2, 5, 7, 1], labels: { shape: [2, 5, 7], classes: 2, ignore: 255 }, options: { ignoreIndex: 255, perImage: true } },
  { logits: [2, 5, 3], labels: { shape: [2, 5, 3], classes: 2 }, name: "several channels" },
  { logits: [2, 5, 7, 1], labels: { shape: [2, 5, 7], classes: 1 }, name: "background only" },
  { logits: [4, 1], labels: { shape: [4], values: [7, 7, 7, 7], dtype: "u32" }, options: { ignoreIndex: 7 }, name: "all ignored: 0" },
]);

testErrors("lovaszSoftmaxLoss", [
  ["probabilities", { logits: [2, 3], labels: [2, 3] }, ({ logits, labels }) => lovaszSoftmaxLoss(logits!, labels!), "lovaszSoftmaxLoss: labels must be whole numbers; the loss is not defined for probabilities."],
  ["unknown classes", { logits: [2, 3], labels: { shape: [2], classes: 3 } }, ({ logits, labels }) => lovaszSoftmaxLoss(logits!, labels!, { classes: "some" as "all" }), 'lovaszSoftmaxLoss: classes must be "present" or "all" but is "some".'],
]);

testErrors("lovaszHingeLoss", [
  ["class numbers of several channels", { logits: [2, 3], labels: { shape: [2], classes: 3 } }, ({ logits, labels }) => lovaszHingeLoss(logits!, labels!),
    "lovaszHingeLoss: logits must have one channel; use lovaszSoftmaxLoss for several classes, or labels of the shape of logits for several a pixel.\n  logits  [2, 3]"],
]);
