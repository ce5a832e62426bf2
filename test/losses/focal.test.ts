import { focalLoss } from "../../src/losses/focal.js";
import * as reference from "../reference/losses.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("focalLoss", ({ logits, labels, pixelWeight }, o) => focalLoss(logits, labels, { ...o, pixelWeight }), reference.focalLoss, [
  { logits: [2, 5, 7, 4], labels: { shape: [2, 5, 7], classes: 4 } },
  { logits: [2, 5, 7, 4], labels: { shape: [2, 5, 7], classes: 4, dtype: "u8", ignore: 255 }, options: { ignoreIndex: 255 } },
  { logits: [3, 5, 4], labels: { shape: [3, 5], classes: 4, dtype: "i32", ignore: -100 }, name: "-100 is ignored by default" },
  { logits: [3, 5, 4], labels: { shape: [3, 5], classes: 4 }, options: { gamma: 0 }, name: "gamma 0 is cross-entropy" },
  { logits: [3, 5, 4], labels: { shape: [3, 5], classes: 4 }, options: { gamma: 1 } },
  { logits: [3, 5, 4], labels: { shape: [3, 5], classes: 4 }, options: { gamma: 0.5 } },
  { logits: [3, 5, 4], labels: { shape: [3, 5], classes: 4 }, options: { gamma: 5, weight: [0.5, 2, 1, 0.25] } },
  { logits: [3, 5, 3], labels: { shape: [3, 5], classes: 3, ignore: 9 }, options: { ignoreIndex: 9, weight: [1, 0, 3] } },
  { logits: [1, 9, 7, 2], labels: { shape: [1, 9, 7], classes: 2, dtype: "u8" } },
  { logits: [3, 5, 3], labels: { shape: [3, 5], classes: 3 }, options: { ignoreIndex: 0 }, name: "a class is ignored" },
  { logits: [4, 3], labels: { shape: [4], values: [2, 2, 2, 2], dtype: "u32" }, options: { ignoreIndex: 2 }, name: "all ignored: 0" },
  { logits: [4, 3], labels: { shape: [4], values: [0, 3, 1, 2], dtype: "u8" }, name: "a label outside the classes: NaN" },
  { logits: [3, 5, 4], labels: { shape: [3, 5], classes: 4, ignore: 9 }, options: { ignoreIndex: 9, reduction: "none" } },
  { logits: [3, 5, 4], labels: { shape: [3, 5], classes: 4, ignore: 9 }, pixelWeight: { shape: [3, 5], low: 0, high: 2, gradient: false }, options: { ignoreIndex: 9 }, name: "weights of pixels" },
  { logits: [3, 5, 4], labels: { shape: [3, 5, 4], low: 0, high: 1, gradient: false }, options: { weight: [1, 2, 3, 4] }, name: "probabilities" },
  { logits: { shape: [6, 3], low: -4e3, high: 4e3 }, labels: { shape: [6], classes: 3 }, name: "large logits" },
]);

testErrors("focalLoss", [
  ["labels of another size", { logits: [1, 2, 3, 4], labels: { shape: [1, 2, 2], classes: 4 } }, ({ logits, labels }) => focalLoss(logits!, labels!),
    "focalLoss: labels must have the shape of logits without its last axis (classes).\n  logits  [1, 2, 3, 4]  NHWC\n  labels  [1, 2, 2]     NHW"],
  ["a negative gamma", { logits: [2, 3], labels: { shape: [2], classes: 3 } }, ({ logits, labels }) => focalLoss(logits!, labels!, { gamma: -1 }),
    "focalLoss: gamma must be a number of at least 0 but is -1."],
  ["a single logit", { logits: [2, 1], labels: { shape: [2], classes: 2 } }, ({ logits, labels }) => focalLoss(logits!, labels!),
    "focalLoss: logits must have one channel for each of at least two classes; use binaryCrossEntropy for a single logit.\n  logits  [2, 1]"],
  ["logits that are labels", { logits: { shape: [2, 3], classes: 3 }, labels: { shape: [2], classes: 3 } }, ({ logits, labels }) => focalLoss(logits!, labels!),
    'focalLoss: logits must be f16 or f32 but is u32. Convert with cast(logits, "f32").'],
  ["labels that are logits", { logits: [2, 3], labels: [2] }, ({ logits, labels }) => focalLoss(logits!, labels!),
    'focalLoss: labels must be class numbers (u8, u32 or i32) but are f32. Convert with cast(labels, "u32").'],
  ["too few weights", { logits: [2, 3], labels: { shape: [2], classes: 3 } }, ({ logits, labels }) => focalLoss(logits!, labels!, { weight: [1, 2] }),
    "focalLoss: weight must hold 3 numbers of at least 0, one for each class, but holds [1, 2]."],
]);
