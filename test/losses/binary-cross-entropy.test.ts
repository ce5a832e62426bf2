import { binaryCrossEntropy } from "../../src/losses/binary-cross-entropy.js";
import * as reference from "../reference/losses.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("binaryCrossEntropy", ({ logits, labels }, o) => binaryCrossEntropy(logits, labels, o), reference.binaryCrossEntropy, [
  { logits: [2, 5, 7, 1], labels: { shape: [2, 5, 7], classes: 2 } },
  { logits: [2, 5, 7, 1], labels: { shape: [2, 5, 7], classes: 2, dtype: "u8", ignore: 255 }, options: { ignoreIndex: 255 } },
  { logits: [2, 5, 7, 1], labels: { shape: [2, 5, 7], classes: 2, dtype: "i32", ignore: -100 }, options: { positiveWeight: 3 } },
  { logits: [3, 5, 1], labels: { shape: [3, 5], classes: 2 }, options: { positiveWeight: 0 } },
  { logits: { shape: [6, 1], low: -80, high: 80 }, labels: { shape: [6], classes: 2 }, name: "large logits" },
  { logits: [4, 1], labels: { shape: [4], values: [7, 7, 7, 7], dtype: "u32" }, options: { ignoreIndex: 7 }, name: "all ignored: 0" },
  { logits: [4, 1], labels: { shape: [4], values: [0, 1, 2, 1], dtype: "u8" }, name: "a third label does not count" },
]);

testErrors("binaryCrossEntropy", [
  ["several channels", { logits: [2, 3], labels: { shape: [2], classes: 2 } }, ({ logits, labels }) => binaryCrossEntropy(logits!, labels!),
    "binaryCrossEntropy: logits must have one channel; use crossEntropy for several classes.\n  logits  [2, 3]"],
]);
