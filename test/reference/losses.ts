import { array, type NdArray } from "./ndarray.js";
import { softmaxRow } from "./softmax.js";

interface Inputs {
  logits: NdArray;
  labels: NdArray;
}

const scalar = (value: number): NdArray => array([], [value]);
const row = (logits: NdArray, i: number): number[] => Array.from(logits.data.subarray(i * logits.shape.at(-1)!, (i + 1) * logits.shape.at(-1)!));

export interface FocalOptions {
  gamma?: number;
  weight?: number[];
  ignoreIndex?: number;
}

/** −Σ over c of w·y·(1 − p)^gamma·log p, averaged over the pixels that count. */
export function focalLoss({ logits, labels }: Inputs, { gamma = 2, weight, ignoreIndex = -100 }: FocalOptions): NdArray {
  let [total, count] = [0, 0];
  labels.data.forEach((y, i) => {
    if (y === ignoreIndex) return;
    const p = softmaxRow(row(logits, i))[y] ?? NaN;
    total -= (weight?.[y] ?? 1) * (1 - p) ** gamma * Math.log(p);
    count++;
  });
  return scalar(count === 0 ? 0 : total / count);
}

export interface DiceOptions {
  smooth?: number;
  ignoreIndex?: number;
  includeBackground?: boolean;
}

/** 1 − (2 Σ p·y + s) / (Σ p + Σ y + s) for each class over the batch, averaged. */
export function diceLoss({ logits, labels }: Inputs, { smooth = 0, ignoreIndex = -100, includeBackground = true }: DiceOptions): NdArray {
  const classes = logits.shape.at(-1)!;
  const losses: number[] = [];
  for (let c = includeBackground || classes === 1 ? 0 : 1; c < classes; c++) {
    let [both, p, y] = [0, 0, 0];
    labels.data.forEach((label, i) => {
      if (label === ignoreIndex || label >= Math.max(2, classes)) return;
      const probability = classes === 1 ? 1 / (1 + Math.exp(-logits.data[i]!)) : softmaxRow(row(logits, i))[c]!;
      const hot = label === (classes === 1 ? 1 : c) ? 1 : 0;
      both += probability * hot;
      p += probability;
      y += hot;
    });
    losses.push(1 - (2 * both + smooth) / (Math.max(p + y, 1e-7) + smooth));
  }
  return scalar(losses.reduce((a, b) => a + b, 0) / losses.length);
}

export interface BinaryOptions {
  positiveWeight?: number;
  ignoreIndex?: number;
}

/** −w·y·log σ(x) − (1 − y)·log(1 − σ(x)), averaged over the pixels that count. */
export function binaryCrossEntropy({ logits, labels }: Inputs, { positiveWeight = 1, ignoreIndex = -100 }: BinaryOptions): NdArray {
  let [total, count] = [0, 0];
  labels.data.forEach((y, i) => {
    if (y === ignoreIndex || y > 1) return;
    const x = logits.data[i]!;
    total += y === 1 ? positiveWeight * Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x));
    count++;
  });
  return scalar(count === 0 ? 0 : total / count);
}
