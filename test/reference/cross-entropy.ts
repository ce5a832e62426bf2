import { logSoftmaxRow } from "./log-softmax.js";
import { array, zeros, type NdArray } from "./ndarray.js";

export interface CrossEntropyOptions {
  weights?: number[];
  ignoreIndex?: number;
  labelSmoothing?: number;
  reduction?: "mean" | "sum" | "none";
  emptyIsZero?: boolean;
}

export function crossEntropy({ logits, labels, weight }: { logits: NdArray; labels: NdArray; weight?: NdArray }, options: CrossEntropyOptions): NdArray {
  const { ignoreIndex = -100, labelSmoothing = 0, reduction = "mean", emptyIsZero = false } = options;
  const classes = logits.shape.at(-1)!;
  const w = Array.from({ length: classes }, (_, c) => options.weights?.[c] ?? weight?.data[c] ?? 1);
  const losses = zeros(labels.shape);
  let total = 0;
  labels.data.forEach((y, i) => {
    if (y === ignoreIndex) return;
    if (y < 0 || y >= classes) {
      losses.data[i] = NaN;
      total += 1;
      return;
    }
    const nll = logSoftmaxRow(Array.from(logits.data.subarray(i * classes, (i + 1) * classes))).map((v) => -v);
    const spread = nll.reduce((sum, v, c) => sum + w[c]! * v, 0);
    losses.data[i] = (1 - labelSmoothing) * w[y]! * nll[y]! + (labelSmoothing / classes) * spread;
    total += w[y]!;
  });
  if (reduction === "none") return losses;
  const sum = losses.data.reduce((a, b) => a + b, 0);
  return array([], [reduction === "sum" ? sum : total === 0 && emptyIsZero ? 0 : sum / total]);
}
