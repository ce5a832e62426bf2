import { binaryCrossEntropy } from "../../src/losses/binary-cross-entropy.js";
import * as reference from "../reference/losses.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("binaryCrossEntropy", ({ logits, labels, pixelWeight }, o) => binaryCrossEntropy(logits, labels, { ...o, pixelWeight }), reference.binaryCrossEntropy, [
  { logits: [2, 5, 7, 1], labels: { shape: [2, 5, 7], classes: 2 } },
  { logits: [2, 5, 7, 1], labels: { shape: [2, 5, 7], classes: 2, dtype: "u8", ignore: 255 }, options: { ignoreIndex: 255 } },
  { logits: [2, 5, 7, 1], labels: { shape: [2, 5, 7], classes: 2, dtype: "i32", ignore: -100 }, options: { positiveWeight: 3 } },
  { logits: [3, 5, 1], labels: { shape: [3, 5], classes: 2 }, options: { positiveWeight: 0 } },
  { logits: { shape: [6, 1], low: -80, high: 80 }, labels: { shape: [6], classes: 2 }, name: "large logits" },
  { logits: [4, 1], labels: { shape: [4], values: [7, 7, 7, 7], dtype: "u32" }, options: { ignoreIndex: 7 }, name: "all ignored: 0" },
  { logits: [4, 1], labels: { shape: [4], values: [0, 1, 2, 1], dtype: "u8" }, name: "a third label does not count" },
  { logits: [2, 5, 7, 1], labels: { shape: [2, 5, 7], classes: 2, dtype: "u8", ignore: 255 }, options: { ignoreIndex: 255, labelSmoothing: 0.1, reduction: "none" } },
  { logits: [2, 5, 7, 1], labels: { shape: [2, 5, 7], classes: 2 }, pixelWeight: { shape: [2, 5, 7], low: 0, high: 3, gradient: false }, name: "weights of pixels" },
  { logits: [2, 5, 4], labels: { shape: [2, 5, 4], classes: 2, dtype: "u8", ignore: 255 }, options: { ignoreIndex: 255, positiveWeight: [1, 2, 3, 0.5], weight: [1, 0, 2, 1] }, name: "several labels a pixel" },
  { logits: [2, 5, 4], labels: { shape: [2, 5, 4], low: 0, high: 1, gradient: false }, pixelWeight: { shape: [2, 5], classes: 2, dtype: "u8" }, options: { reduction: "sum" }, name: "probabilities and a mask" },
  { logits: { shape: [3, 1], values: [NaN, 0, 1] }, labels: { shape: [3], values: [1, 0, 1], dtype: "u8" }, name: "NaN among the logits" },
  { logits: { shape: [3, 1], values: [NaN, 0, 1] }, labels: { shape: [3], values: [9, 0, 1], dtype: "u8" }, name: "NaN where the label is ignored does not count" },
]);

testErrors("binaryCrossEntropy", [
  ["several channels", { logits: [2, 3], labels: { shape: [2], classes: 2 } }, ({ logits, labels }) => binaryCrossEntropy(logits!, labels!),
    "binaryCrossEntropy: logits must have one channel; use crossEntropy for several classes, or targets of the shape of logits for several labels a pixel.\n  logits  [2, 3]"],
  ["a negative positive weight", { logits: [2, 1], labels: { shape: [2], classes: 2 } }, ({ logits, labels }) => binaryCrossEntropy(logits!, labels!, { positiveWeight: -1 }),
    "binaryCrossEntropy: positiveWeight must be a number of at least 0 but is -1."],
  ["positive weights that do not fit", { logits: [2, 1], labels: { shape: [2], classes: 2 } }, ({ logits, labels }) => binaryCrossEntropy(logits!, labels!, { positiveWeight: [1, 2] }),
    "binaryCrossEntropy: positiveWeight must hold 1 number of at least 0, one for each class, but holds [1, 2]."],
  ["a bad reduction", { logits: [2, 1], labels: { shape: [2], classes: 2 } }, ({ logits, labels }) => binaryCrossEntropy(logits!, labels!, { reduction: "avg" as "mean" }),
    'binaryCrossEntropy: reduction must be "mean", "sum" or "none" but is "avg".'],
  ["an ignored label of probabilities", { logits: [2, 1], labels: [2, 1] }, ({ logits, labels }) => binaryCrossEntropy(logits!, labels!, { ignoreIndex: 255 }),
    "binaryCrossEntropy: ignoreIndex goes with labels that are whole numbers; for probabilities use pixelWeight, with 0 where pixels do not count."],
]);
