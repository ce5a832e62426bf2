import { upsampledCrossEntropy } from "../../src/ops/upsampled-cross-entropy.js";
import * as reference from "../reference/upsampled-cross-entropy.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

const weights = [0.5, 2, 1];

testOp("upsampledCrossEntropy", ({ logits, labels, weight, pixelWeight }, { weights, ...o }) => upsampledCrossEntropy(logits, labels, { ...o, weight: weights ?? weight, pixelWeight }), reference.upsampledCrossEntropy, [
  { logits: [2, 3, 4, 3], labels: { shape: [2, 9, 13], classes: 3, dtype: "u8" } },
  { logits: [2, 3, 4, 3], labels: { shape: [2, 9, 13], classes: 3, dtype: "u8", ignore: 255 }, options: { ignoreIndex: 255, alignCorners: true } },
  { logits: [1, 4, 4, 3], labels: { shape: [1, 32, 32], classes: 3 }, options: { weights, labelSmoothing: 0.1 }, name: "weights and smoothing" },
  { logits: [1, 5, 2, 3], labels: { shape: [1, 7, 11], classes: 3, ignore: 2 }, weight: { shape: [3], values: weights, gradient: false }, options: { ignoreIndex: 2, reduction: "sum" }, name: "weights as a tensor, sum" },
  { logits: [1, 5, 2, 3], labels: { shape: [1, 7, 11], classes: 3, dtype: "i32", ignore: -100 }, pixelWeight: { shape: [1, 7, 11], low: 0, high: 3, gradient: false }, options: { reduction: "none", labelSmoothing: 0.2 }, name: "weights of pixels, none" },
  { logits: [1, 2, 3, 3], labels: { shape: [1, 13, 11], classes: 3, dtype: "i32", ignore: -100 }, pixelWeight: { shape: [1, 13, 11], low: 0, high: 3, gradient: false }, options: { reduction: "none", alignCorners: true }, name: "none, much larger" },
  { logits: [2, 2, 1, 6], labels: { shape: [2, 7, 9], classes: 6 }, options: { reduction: "sum", labelSmoothing: 0.2 }, name: "sum, much larger" },
  { logits: [1, 1, 1, 4], labels: { shape: [1, 5, 3], classes: 4 }, name: "one coarse pixel" },
  { logits: [1, 1, 6, 4], labels: { shape: [1, 1, 1], classes: 4 }, options: { alignCorners: true }, name: "one pixel of labels, corners aligned" },
  { logits: [1, 9, 8, 2], labels: { shape: [1, 4, 3], classes: 2 }, name: "to a smaller size" },
  { logits: [1, 9, 8, 2], labels: { shape: [1, 4, 3], classes: 2 }, options: { alignCorners: true }, name: "to a smaller size, corners aligned" },
  { logits: [2, 6, 5, 2], labels: { shape: [2, 6, 5], classes: 2 }, name: "of the same size" },
  { logits: [1, 5, 5, 21], labels: { shape: [1, 33, 33], classes: 21, dtype: "u8", ignore: 255 }, options: { ignoreIndex: 255 }, name: "21 classes" },
  { logits: [1, 17, 16, 2], labels: { shape: [1, 131, 128], classes: 2, dtype: "u8" }, name: "three stages" },
  { logits: { shape: [1, 2, 3, 3], low: -4e3, high: 4e3 }, labels: { shape: [1, 5, 5], classes: 3 }, name: "large logits" },
  { logits: [1, 2, 2, 3], labels: { shape: [1, 3, 3], values: new Array(9).fill(7), dtype: "u8" }, options: { ignoreIndex: 7 }, name: "all ignored: NaN" },
  { logits: [1, 2, 2, 3], labels: { shape: [1, 3, 3], values: new Array(9).fill(7), dtype: "u8" }, options: { ignoreIndex: 7, emptyIsZero: true }, name: "all ignored, as 0" },
  { logits: [1, 2, 2, 3], labels: { shape: [1, 2, 2], values: [0, 3, 1, 2], dtype: "u8" }, options: { reduction: "none" }, name: "NaN for a label outside the classes" },
]);

testErrors("upsampledCrossEntropy", [
  ["labels of another rank", { logits: [2, 3, 4, 3], labels: { shape: [9, 13], classes: 3 } }, ({ logits, labels }) => upsampledCrossEntropy(logits!, labels!),
    "upsampledCrossEntropy: logits must be [n, h, w, classes] and labels [n, height, width], of as many images.\n  logits  [2, 3, 4, 3]\n  labels  [9, 13]"],
  ["too few weights", { logits: [1, 3, 4, 3], labels: { shape: [1, 9, 13], classes: 3 } }, ({ logits, labels }) => upsampledCrossEntropy(logits!, labels!, { weight: [1, 2] }),
    "upsampledCrossEntropy: weight has 2 numbers but there are 3 classes."],
  ["a pixel weight of another size", { logits: [1, 3, 4, 3], labels: { shape: [1, 9, 13], classes: 3 } }, ({ logits, labels }) => upsampledCrossEntropy(logits!, labels!, { pixelWeight: logits! }),
    "upsampledCrossEntropy: pixelWeight must have the shape of labels.\n  pixelWeight  [1, 3, 4, 3]\n  labels       [1, 9, 13]"],
  ["a bad smoothing", { logits: [1, 3, 4, 3], labels: { shape: [1, 9, 13], classes: 3 } }, ({ logits, labels }) => upsampledCrossEntropy(logits!, labels!, { labelSmoothing: -1 }),
    "upsampledCrossEntropy: labelSmoothing must be between 0 and 1 but is -1."],
]);
