import { describe, expect, test } from "vitest";
import { tensor } from "../../src/graph/tensor.js";
import { crossEntropy } from "../../src/ops/cross-entropy.js";
import * as reference from "../reference/cross-entropy.js";
import { testDevice } from "../support/device.js";
import { testOp } from "../support/test-op.js";

const weight = { shape: [4], values: [0.5, 2, 1, 0.25], gradient: false };

testOp("crossEntropy", ({ logits, labels, weight: tensorWeight, pixelWeight }, { weights, ...o }) => crossEntropy(logits, labels, { ...o, weight: weights ?? tensorWeight, pixelWeight }), reference.crossEntropy, [
  { logits: [2, 5, 7, 4], labels: { shape: [2, 5, 7], classes: 4 } },
  { logits: [2, 5, 7, 4], labels: { shape: [2, 5, 7], classes: 4, dtype: "u8", ignore: 255 }, options: { ignoreIndex: 255 } },
  { logits: [2, 5, 7, 4], labels: { shape: [2, 5, 7], classes: 4, dtype: "i32", ignore: -100 }, name: "-100 is ignored by default" },
  { logits: [2, 5, 7, 4], labels: { shape: [2, 5, 7], classes: 4, ignore: 255 }, weight, options: { ignoreIndex: 255 }, name: "weights as a tensor" },
  { logits: [3, 5, 4], labels: { shape: [3, 5], classes: 4 }, options: { weights: [0.5, 2, 1, 0.25] }, name: "weights as numbers" },
  { logits: [3, 5, 4], labels: { shape: [3, 5], classes: 4 }, options: { labelSmoothing: 0.1 } },
  { logits: [3, 5, 4], labels: { shape: [3, 5], classes: 4, dtype: "u8", ignore: 3 }, options: { weights: [0.5, 2, 1, 0.25], labelSmoothing: 0.3, ignoreIndex: 3 } },
  { logits: [3, 5, 4], labels: { shape: [3, 5], classes: 4 }, options: { reduction: "sum", weights: [0.5, 2, 0, 1] } },
  { logits: [3, 5, 4], labels: { shape: [3, 5], classes: 4, ignore: 9 }, options: { reduction: "none", labelSmoothing: 0.2, ignoreIndex: 9 } },
  { logits: [3, 5, 4], labels: { shape: [3, 5], classes: 4, ignore: 9 }, weight, options: { reduction: "none", ignoreIndex: 9 } },
  { logits: [1, 2, 3, 20], labels: { shape: [1, 2, 3], classes: 20 }, options: { weights: Array.from({ length: 20 }, (_, c) => 1 + c / 7) }, name: "20 classes with weights" },
  { logits: [13, 2], labels: { shape: [13], classes: 2 }, name: "[m, classes]" },
  { logits: [5, 1], labels: { shape: [5], classes: 1 }, name: "one class: 0" },
  { logits: [1, 67, 71, 2], labels: { shape: [1, 67, 71], classes: 2, dtype: "u8" }, name: "three stages" },
  { logits: { shape: [6, 3], low: -4e3, high: 4e3 }, labels: { shape: [6], classes: 3 }, name: "large logits" },
  { logits: [4, 3], labels: { shape: [4], values: [2, 2, 2, 2], dtype: "u32" }, options: { ignoreIndex: 2 }, name: "all ignored: NaN" },
  { logits: [4, 3], labels: { shape: [4], values: [2, 2, 2, 2], dtype: "u32" }, options: { ignoreIndex: 2, emptyIsZero: true }, name: "all ignored, as 0" },
  { logits: [4, 3], labels: { shape: [4], values: [2, 2, 2, 2], dtype: "u32" }, options: { ignoreIndex: 2, reduction: "sum" }, name: "all ignored, sum: 0" },
  { logits: [4, 3], labels: { shape: [4], values: [0, 3, 1, 2], dtype: "u8" }, name: "a label outside the classes: NaN" },
  { logits: [4, 3], labels: { shape: [4], values: [0, 3, 1, 2], dtype: "u8" }, options: { reduction: "none" }, name: "NaN for that pixel alone" },
  { logits: { shape: [2, 3], values: [0, NaN, 1, 1, 2, 3] }, labels: { shape: [2], classes: 3 }, name: "NaN among the logits" },
  { logits: { shape: [2, 3], values: [0, NaN, 1, 1, 2, 3] }, labels: { shape: [2], values: [7, 1], dtype: "u32" }, options: { ignoreIndex: 7 }, name: "NaN where the label is ignored does not count" },
  { logits: [2, 5, 7, 4], labels: { shape: [2, 5, 7], classes: 4, dtype: "u8", ignore: 255 }, pixelWeight: { shape: [2, 5, 7], low: 0, high: 5, gradient: false }, options: { ignoreIndex: 255, weights: [0.5, 2, 1, 0.25], labelSmoothing: 0.1 }, name: "weights of pixels" },
  { logits: [3, 5, 4], labels: { shape: [3, 5], classes: 4 }, pixelWeight: { shape: [3, 5], classes: 2, dtype: "u8" }, options: { reduction: "none" }, name: "a mask" },
  { logits: [3, 5, 4], labels: { shape: [3, 5], classes: 4 }, pixelWeight: { shape: [3, 5], classes: 2, dtype: "u8" }, options: { reduction: "sum" }, name: "a mask, sum" },
  { logits: { shape: [2, 3], values: [0, NaN, 1, 1, 2, 3] }, labels: { shape: [2], classes: 3 }, pixelWeight: { shape: [2], values: [0, 1], dtype: "u8" }, name: "NaN where the mask is 0 does not count" },
  { logits: [2, 3], labels: { shape: [2], classes: 3 }, pixelWeight: { shape: [2], values: [0, 0], gradient: false }, options: { emptyIsZero: true }, name: "an empty mask, as 0" },
  { logits: { shape: [2, 3], values: [-Infinity, 0, 1, 1, -Infinity, 3] }, labels: { shape: [2], values: [2, 0], dtype: "u32" }, name: "an impossible class that is not asked for" },
  { logits: { shape: [2, 3], values: [-Infinity, 0, 1, 1, 2, 3] }, labels: { shape: [2], values: [0, 1], dtype: "u32" }, options: { reduction: "none" }, name: "an impossible class that is: infinite" },
  { logits: { shape: [1, 3], values: [Infinity, 0, 1] }, labels: { shape: [1], values: [0], dtype: "u32" }, name: "an infinite logit: NaN" },
  { logits: [2, 3, 5, 4], labels: { shape: [2, 3, 5, 4], low: 0, high: 1 }, name: "probabilities" },
  { logits: [3, 5, 4], labels: { shape: [3, 5, 4], low: 0, high: 1 }, options: { weights: [0.5, 2, 1, 0.25], labelSmoothing: 0.2, reduction: "sum" }, name: "probabilities with weights and smoothing" },
  { logits: [3, 5, 4], labels: { shape: [3, 5, 4], low: 0, high: 1 }, weight, pixelWeight: { shape: [3, 5], low: 0, high: 2, gradient: false }, name: "probabilities with a tensor of weights, and weights of pixels" },
  { logits: [2, 4], labels: { shape: [2, 4], low: 0, high: 1 }, pixelWeight: { shape: [2], values: [0, 0], gradient: false }, options: { emptyIsZero: true }, name: "probabilities with an empty mask, as 0" },
]);

describe("crossEntropy", () => {
  test("says what is wrong with its arguments", async () => {
    const device = await testDevice();
    using logits = tensor(device, new Float32Array(24), [1, 2, 3, 4]);
    using labels = tensor(device, new Uint8Array(6), [1, 2, 3]);
    using small = tensor(device, new Uint8Array(4), [1, 2, 2]);
    using floats = tensor(device, new Float32Array(6), [1, 2, 3]);
    expect(() => crossEntropy(logits, small)).toThrow(
      "crossEntropy: labels must have the shape of logits without its last axis (classes).\n  logits  [1, 2, 3, 4]  NHWC\n  labels  [1, 2, 2]     NHW",
    );
    expect(() => crossEntropy(logits, floats)).toThrow('crossEntropy: labels must be class numbers (u8, u32 or i32) but are f32. Convert with cast(labels, "u32").');
    expect(() => crossEntropy(labels as never, labels)).toThrow('crossEntropy: logits must be f16 or f32 but is u8. Convert with cast(logits, "f32").');
    expect(() => crossEntropy(logits, labels, { weight: [1, 2] })).toThrow("crossEntropy: weight has 2 numbers but there are 4 classes.");
    expect(() => crossEntropy(logits, labels, { weight: [1, 2, -1, 1] })).toThrow("crossEntropy: weight must hold numbers of at least 0 but holds [1, 2, -1, 1].");
    expect(() => crossEntropy(logits, labels, { weight: floats })).toThrow("crossEntropy: weight must be f32 (or f16) with one number for each of the 4 classes.\n  weight  [1, 2, 3]");
    expect(() => crossEntropy(logits, labels, { labelSmoothing: 2 })).toThrow("crossEntropy: labelSmoothing must be between 0 and 1 but is 2.");
    expect(() => crossEntropy(logits, labels, { reduction: "avg" as "mean" })).toThrow('crossEntropy: reduction must be "mean", "sum" or "none" but is "avg".');
    expect(() => crossEntropy(logits, labels, { ignoreIndex: 0.5 })).toThrow("crossEntropy: ignoreIndex must be a whole number of 32 bits but is 0.5.");
    expect(() => crossEntropy(logits, logits, { ignoreIndex: 255 })).toThrow("crossEntropy: ignoreIndex goes with labels that are class numbers; for probabilities use pixelWeight, with 0 where pixels do not count.");
    expect(() => crossEntropy(logits, labels, { pixelWeight: small })).toThrow("crossEntropy: pixelWeight must have the shape of logits without its last axis (classes).\n  logits       [1, 2, 3, 4]  NHWC\n  pixelWeight  [1, 2, 2]     NHW");
    using other = tensor(device, new Float32Array(18), [1, 2, 3, 3]);
    expect(() => crossEntropy(logits, other)).toThrow("crossEntropy: labels that are probabilities must have the shape of logits.\n  logits  [1, 2, 3, 4]  NHWC\n  labels  [1, 2, 3, 3]  NHWC");
    expect(() => crossEntropy(logits, labels, { ignore: 255 } as object)).toThrow('crossEntropy: unknown option "ignore".');
  });
});
