import { distanceTransform } from "./distance-transform.js";
import { logSoftmaxRow } from "./log-softmax.js";
import { array, map, type NdArray } from "./ndarray.js";
import { softmaxRow } from "./softmax.js";

export interface LossInputs {
  logits: NdArray;
  labels: NdArray;
  pixelWeight?: NdArray;
}

export interface PixelOptions {
  ignoreIndex?: number;
  includeBackground?: boolean;
  activation?: "softmax" | "sigmoid" | "none";
  reduction?: "mean" | "sum" | "none";
}

const scalar = (value: number): NdArray => array([], [value]);
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** One class of one pixel: logit, probability, target, and how much it counts. */
export interface Cell {
  x: number;
  p: number;
  y: number;
  w: number;
}

/** Every pixel's classes. Labels that are neither a class nor 0 or 1 do not count. */
export function cells({ logits, labels, pixelWeight }: LossInputs, { ignoreIndex = -100, activation }: PixelOptions): Cell[][] {
  const classes = logits.shape.at(-1)!;
  const dense = labels.shape.length === logits.shape.length;
  const whole = labels.data.every((v) => Number.isInteger(v));
  const squash = activation ?? (classes === 1 ? "sigmoid" : "softmax");
  return Array.from({ length: logits.data.length / classes }, (_, i) => {
    const row = Array.from(logits.data.subarray(i * classes, (i + 1) * classes));
    const p = squash === "softmax" ? softmaxRow(row) : row.map((x) => (squash === "none" ? x : 1 / (1 + Math.exp(-x))));
    return row.map((x, c) => {
      const label = labels.data[dense ? i * classes + c : i]!;
      const valid = label !== ignoreIndex && (!whole || (label >= 0 && label < (dense ? 2 : Math.max(2, classes))));
      const y = dense ? label : label === (classes === 1 ? 1 : c) ? 1 : 0;
      return { x, p: p[c]!, y: valid ? y : 0, w: valid ? (pixelWeight?.data[i] ?? 1) : 0 };
    });
  });
}

/** Losses as asked for; the mean divides by the sum of the weights. */
function reduced(losses: number[], weights: number[], shape: readonly number[], reduction = "mean"): NdArray {
  if (reduction === "none") return array(shape, losses);
  const count = sum(weights);
  return scalar(reduction === "sum" ? sum(losses) : count === 0 ? 0 : sum(losses) / count);
}

export interface FocalOptions extends PixelOptions {
  gamma?: number;
  weight?: number[];
}

/** −Σ over c of w·y·(1 − p)^gamma·log p, averaged over the pixels that count; NaN for what is no class. */
export function focalLoss(inputs: LossInputs, { gamma = 2, weight, ...o }: FocalOptions): NdArray {
  const { labels, logits, pixelWeight } = inputs;
  const dense = labels.shape.length === logits.shape.length;
  const count = (i: number): number => (!dense && labels.data[i] === (o.ignoreIndex ?? -100) ? 0 : (pixelWeight?.data[i] ?? 1));
  const losses = cells(inputs, o).map((row, i) => {
    if (count(i) === 0) return 0;
    if (!dense && labels.data[i]! >= row.length) return NaN;
    const logs = logSoftmaxRow(row.map(({ x }) => x));
    return count(i) * -sum(row.map(({ p, y }, c) => (y === 0 ? 0 : (weight?.[c] ?? 1) * y * (1 - p) ** gamma * logs[c]!)));
  });
  return reduced(losses, losses.map((_, i) => count(i)), logits.shape.slice(0, -1), o.reduction);
}

export interface SigmoidFocalOptions extends FocalOptions {
  alpha?: number | null;
  normalized?: boolean;
  reducedThreshold?: number;
  dialect?: "torchvision" | "smp";
}

const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** a_t·(1 − p_t)^gamma·−log p_t of every class. */
export function sigmoidFocalLoss(inputs: LossInputs, { gamma = 2, alpha = 0.25, weight, normalized = false, reducedThreshold: t, dialect, ...o }: SigmoidFocalOptions): NdArray {
  const { logits, labels } = inputs;
  const terms: number[] = [];
  const values = cells(inputs, { ...o, activation: "sigmoid" }).flatMap((row) => row.map(({ x, p, y, w }, c) => {
    const bce = y * softplus(-x) + (1 - y) * softplus(x);
    const pt = dialect === "smp" ? Math.exp(-bce) : p * y + (1 - p) * (1 - y);
    const term = w * (t !== undefined && pt < t ? 1 : ((1 - pt) / (t ?? 1)) ** gamma);
    terms.push(term);
    return { w, loss: term * bce * (alpha === null ? 1 : alpha * y + (1 - alpha) * (1 - y)) * (weight?.[c] ?? 1) };
  }));
  const classes = logits.shape.at(-1)!;
  const dense = labels.shape.length === logits.shape.length;
  const norm = (c: number): number => (normalized ? Math.max(1e-6, sum(terms.filter((_, k) => dense || k % classes === c))) : 1);
  return reduced(values.map(({ loss }, k) => loss / norm(k % classes)), values.map(({ w }) => w), logits.shape, o.reduction);
}

export interface BinaryOptions extends PixelOptions {
  positiveWeight?: number | number[];
  weight?: number[];
  labelSmoothing?: number;
}

/** −v·y·log σ(x) − (1 − y)·log(1 − σ(x)), averaged over the values that count. */
export function binaryCrossEntropy(inputs: LossInputs, { positiveWeight = 1, weight, labelSmoothing: s = 0, ...o }: BinaryOptions): NdArray {
  const values = cells(inputs, { ...o, activation: "sigmoid" }).flatMap((row) => row.map(({ x, y: hard, w }, c) => {
    const y = hard * (1 - 2 * s) + s;
    const v = typeof positiveWeight === "number" ? positiveWeight : positiveWeight[c]!;
    return { w, loss: w === 0 ? 0 : w * (weight?.[c] ?? 1) * (v * y * softplus(-x) + (1 - y) * softplus(x)) };
  }));
  return reduced(values.map(({ loss }) => loss), values.map(({ w }) => w), inputs.labels.shape, o.reduction);
}

/** The level sets φ of every class: distances outside, minus distances inside plus 1; 0 where a class is nowhere or everywhere. */
function levelSets(y: NdArray): NdArray {
  return map(distanceTransform({ mask: y }, { signed: true, threshold: 0.5 }), (d, i) => (Number.isFinite(d) ? d + y.data[i]! : 0));
}

const flat = (logits: NdArray, rows: Cell[][], f: (cell: Cell) => number): NdArray => array(logits.shape, rows.flatMap((row) => row.map(f)));
const kept = (o: PixelOptions, classes: number): number => (o.includeBackground || classes === 1 ? 0 : 1);

function overForeground(logits: NdArray, rows: Cell[][], losses: (i: number, c: number, cell: Cell) => number, o: PixelOptions): NdArray {
  const classes = logits.shape.at(-1)!;
  const skip = kept(o, classes);
  const values = rows.flatMap((row, i) => row.slice(skip).map((cell, k) => ({ w: cell.w, loss: cell.w * losses(i, k + skip, cell) })));
  return reduced(values.map(({ loss }) => loss), values.map(({ w }) => w), logits.shape.with(-1, classes - skip), o.reduction);
}

/** p·φ; fractional labels are φ itself. */
export function boundaryLoss(inputs: LossInputs, o: PixelOptions): NdArray {
  const rows = cells(inputs, o);
  const y = flat(inputs.logits, rows, (cell) => cell.y);
  const phi = y.data.every((v) => Number.isInteger(v)) ? levelSets(y) : y;
  const classes = y.shape.at(-1)!;
  return overForeground(inputs.logits, rows, (i, c, { p }) => p * phi.data[i * classes + c]!, o);
}

/** (p − y)²·(d_p^alpha + d_y^alpha). */
export function hausdorffLoss(inputs: LossInputs, { alpha = 2, ...o }: PixelOptions & { alpha?: number }): NdArray {
  const rows = cells(inputs, o);
  const field = (mask: NdArray): NdArray => map(distanceTransform({ mask }, { signed: true, threshold: 0.5 }), (d) => (Number.isFinite(d) ? Math.abs(d) ** alpha : 0));
  const [dp, dy] = [field(flat(inputs.logits, rows, ({ p, w }) => (w === 0 ? 0 : p))), field(flat(inputs.logits, rows, ({ y }) => y))];
  const classes = inputs.logits.shape.at(-1)!;
  return overForeground(inputs.logits, rows, (i, c, { p, y }) => (p - y) ** 2 * (dp.data[i * classes + c]! + dy.data[i * classes + c]!), o);
}

