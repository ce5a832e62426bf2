import { logSoftmaxRow } from "./log-softmax.js";
import { array, zeros, type NdArray } from "./ndarray.js";

export interface CrossEntropyOptions {
  weights?: number[];
  ignoreIndex?: number;
  labelSmoothing?: number;
  reduction?: "mean" | "sum" | "none";
  emptyIsZero?: boolean;
}

interface Inputs {
  logits: NdArray;
  labels: NdArray;
  weight?: NdArray;
  pixelWeight?: NdArray;
}

export function crossEntropy({ logits, labels, weight, pixelWeight }: Inputs, options: CrossEntropyOptions): NdArray {
  const { ignoreIndex = -100, labelSmoothing = 0, reduction = "mean", emptyIsZero = false } = options;
  const classes = logits.shape.at(-1)!;
  const soft = labels.shape.length === logits.shape.length;
  const w = Array.from({ length: classes }, (_, c) => options.weights?.[c] ?? weight?.data[c] ?? 1);
  const losses = zeros(logits.shape.slice(0, -1));
  let total = 0;
  for (let i = 0; i < losses.data.length; i++) {
    const y = labels.data[i]!;
    const v = pixelWeight?.data[i] ?? 1;
    if (v === 0 || (!soft && y === ignoreIndex)) continue;
    if (!soft && (y < 0 || y >= classes)) {
      losses.data[i] = NaN;
      total += v;
      continue;
    }
    const nll = logSoftmaxRow(Array.from(logits.data.subarray(i * classes, (i + 1) * classes))).map((n) => -n);
    const target = (c: number): number => (1 - labelSmoothing) * (soft ? labels.data[i * classes + c]! : Number(c === y)) + labelSmoothing / classes;
    losses.data[i] = v * nll.reduce((sum, n, c) => (target(c) === 0 ? sum : sum + w[c]! * target(c) * n), 0);
    total += v * (soft ? 1 : w[y]!);
  }
  if (reduction === "none") return losses;
  const sum = losses.data.reduce((a, b) => a + b, 0);
  return array([], [reduction === "sum" ? sum : total === 0 && emptyIsZero ? 0 : sum / total]);
}
