import { hardPixelCrossEntropy, ohemCrossEntropy } from "../../src/losses/hard-pixels.js";
import { crossEntropy } from "../reference/cross-entropy.js";
import { array, type NdArray } from "../reference/ndarray.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

interface Inputs {
  logits: NdArray;
  labels: NdArray;
  pixelWeight?: NdArray;
}

interface Options {
  weight?: number[];
  ignoreIndex?: number;
  labelSmoothing?: number;
  fraction?: number;
  threshold?: number;
  minKept?: number;
}

/** The sum of the largest losses, divided by how many of them are not 0. */
function hardest(inputs: Inputs, { fraction = 0.25, weight, ...o }: Options): NdArray {
  const losses = Array.from(crossEntropy(inputs, { ...o, ...(weight ? { weights: weight } : {}), reduction: "none" }).data);
  const top = losses.sort((a, b) => (Number.isNaN(a) ? -1 : Number.isNaN(b) ? 1 : b - a)).slice(0, Math.max(1, Math.floor(fraction * losses.length)));
  return array([], [top.reduce((a, b) => a + b, 0) / Math.max(1, top.filter((v) => v !== 0).length)]);
}

/** The mean loss of pixels whose probability is below the threshold, or that of the `minKept`-th hardest. */
function ohem(inputs: Inputs, { threshold = 0.7, minKept = 100_000, weight, ...o }: Options): NdArray {
  const losses = crossEntropy(inputs, { ...o, ...(weight ? { weights: weight } : {}), reduction: "none" }).data;
  const nll = crossEntropy({ logits: inputs.logits, labels: inputs.labels }, { ignoreIndex: o.ignoreIndex ?? -100, reduction: "none" }).data;
  const v = (i: number): number => (inputs.labels.data[i] === (o.ignoreIndex ?? -100) ? 0 : (inputs.pixelWeight?.data[i] ?? 1));
  const valid = Array.from(nll, (_, i) => i).filter((i) => v(i) !== 0);
  const sorted = valid.map((i) => Math.exp(-nll[i]!)).sort((a, b) => a - b);
  const limit = Math.max(threshold, sorted[Math.min(minKept, sorted.length - 1)] ?? 0);
  const kept = valid.filter((i) => !(Math.exp(-nll[i]!) >= limit));
  const count = kept.reduce((sum, i) => sum + v(i), 0);
  return array([], [count === 0 ? 0 : kept.reduce((sum, i) => sum + losses[i]!, 0) / count]);
}

testOp("hardPixelCrossEntropy", ({ logits, labels, pixelWeight }, o) => hardPixelCrossEntropy(logits, labels, { ...o, pixelWeight }), hardest, [
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3, dtype: "u8" } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3, ignore: 9 }, options: { ignoreIndex: 9, fraction: 0.9, weight: [1, 2, 0.5] }, name: "more than count" },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3 }, options: { fraction: 0.001, labelSmoothing: 0.1 }, name: "one pixel" },
  { logits: [2, 5, 3], labels: { shape: [2, 5, 3], low: 0, high: 1, gradient: false }, pixelWeight: { shape: [2, 5], low: 0, high: 2, gradient: false }, options: { fraction: 0.5 }, name: "probabilities, weights of pixels" },
  { logits: [4, 3], labels: { shape: [4], values: [7, 7, 7, 7], dtype: "u32" }, options: { ignoreIndex: 7 }, name: "all ignored: 0" },
  { logits: [4, 3], labels: { shape: [4], values: [0, 3, 1, 2], dtype: "u8" }, name: "a label outside the classes: NaN" },
]);

testOp("ohemCrossEntropy", ({ logits, labels, pixelWeight }, o) => ohemCrossEntropy(logits, labels, { ...o, pixelWeight }), ohem, [
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3, dtype: "u8" }, name: "fewer pixels than are kept at least" },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3, ignore: 9 }, options: { ignoreIndex: 9, minKept: 20, threshold: 0.1, weight: [1, 2, 0.5] } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3, ignore: 9 }, options: { ignoreIndex: 9, minKept: 3, threshold: 0.4, labelSmoothing: 0.1 } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3 }, pixelWeight: { shape: [2, 5, 7], low: 0, high: 2, gradient: false }, options: { minKept: 10, threshold: 0.3 }, name: "weights of pixels" },
  { logits: [4, 3], labels: { shape: [4], values: [7, 7, 7, 7], dtype: "u32" }, options: { ignoreIndex: 7 }, name: "all ignored: 0" },
  { logits: [4, 3], labels: { shape: [4], values: [0, 3, 1, 2], dtype: "u8" }, name: "a label outside the classes: NaN" },
]);

testErrors("hard pixels", [
  ["no part", { logits: [2, 3], labels: { shape: [2], classes: 3 } }, ({ logits, labels }) => hardPixelCrossEntropy(logits!, labels!, { fraction: 0 }), "hardPixelCrossEntropy: fraction must be above 0 and at most 1 but is 0."],
  ["a threshold above 1", { logits: [2, 3], labels: { shape: [2], classes: 3 } }, ({ logits, labels }) => ohemCrossEntropy(logits!, labels!, { threshold: 2 }), "ohemCrossEntropy: threshold must be between 0 and 1 but is 2."],
  ["half a pixel", { logits: [2, 3], labels: { shape: [2], classes: 3 } }, ({ logits, labels }) => ohemCrossEntropy(logits!, labels!, { minKept: 0.5 }), "ohemCrossEntropy: minKept must be a whole number of at least 0 but is 0.5."],
  ["probabilities", { logits: [2, 3], labels: [2, 3] }, ({ logits, labels }) => ohemCrossEntropy(logits!, labels!), "ohemCrossEntropy: labels must be class numbers; a pixel with several has no one probability."],
]);
