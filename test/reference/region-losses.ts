import { cells, type Cell, type LossInputs, type PixelOptions } from "./losses.js";
import { array, type NdArray } from "./ndarray.js";

export interface RegionOptions extends PixelOptions {
  weight?: number[];
  perImage?: boolean;
  dialect?: "plain" | "smp" | "monai" | "milesial";
  smooth?: number;
  squared?: boolean;
  log?: boolean;
  overlap?: "product" | "minimum";
  alpha?: number;
  beta?: number;
  gamma?: number;
  eps?: number;
  volumeWeight?: "square" | "simple" | "uniform";
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;

/** The cells of every class, in every image or in the batch: [groups][classes][pixels]. */
function groups(inputs: LossInputs, o: RegionOptions, perImage: boolean): Cell[][][] {
  const rows = cells(inputs, o);
  const n = perImage ? inputs.logits.shape[0]! : 1;
  const classes = inputs.logits.shape.at(-1)!;
  return Array.from({ length: n }, (_, g) => Array.from({ length: classes }, (_, c) => rows.slice((g * rows.length) / n, ((g + 1) * rows.length) / n).map((row) => row[c]!)));
}

const skipOf = (o: RegionOptions, classes: number): number => (o.includeBackground === false && classes > 1 ? 1 : 0);

/** Losses [groups][classes] as asked for. */
function averaged(losses: number[][], o: RegionOptions, perImage: boolean): NdArray {
  const skip = skipOf(o, losses[0]!.length);
  const w = (o.weight ?? losses[0]!.map(() => 1)).slice(skip);
  const values = losses.map((row) => row.slice(skip).map((v, c) => v * w[c]!));
  const all = values.flat();
  if (o.reduction === "none") return array(perImage ? [values.length, w.length] : [w.length], all);
  if (o.reduction === "sum") return array([], [sum(all)]);
  const divisor = o.dialect === "monai" ? all.length : sum(w) * values.length;
  return array([], [sum(all) / (divisor === 0 ? 1 : divisor)]);
}

function index(given: Cell[], o: RegionOptions, standard: { alpha: number; beta: number; scale: number }): { score: number; real: number } {
  const { dialect = "plain", alpha = standard.alpha, beta = standard.beta, squared = false } = o;
  const { smooth = { plain: 0, smp: 0, monai: 1e-5, milesial: 1e-6 }[dialect], overlap = dialect === "smp" ? "minimum" : "product" } = o;
  const total = (f: (cell: Cell) => number): number => sum(given.map((cell) => (cell.w === 0 ? 0 : cell.w * f(cell))));
  const hits = total(({ p, y }) => (overlap === "minimum" && !squared ? Math.min(p, y) : p * y));
  const [predicted, real] = squared ? [total(({ p }) => p * p), total(({ y }) => y * y)] : [total(({ p }) => p), total(({ y }) => y)];
  const k = standard.scale;
  return { score: (k * hits + smooth) / Math.max(1e-7, k * (hits + alpha * (predicted - hits) + beta * (real - hits)) + smooth), real };
}

const tversky = (inputs: LossInputs, o: RegionOptions, standard: { alpha: number; beta: number; scale: number }, curve = (v: number): number => v): NdArray => {
  const perImage = o.perImage ?? o.dialect === "monai";
  const of = (given: Cell[]): number => {
    const { score, real } = index(given, o, standard);
    return o.dialect === "smp" && !(real > 0) ? 0 : curve(o.log ? -Math.log(Math.max(score, 1e-7)) : 1 - score);
  };
  const parts = groups(inputs, o, perImage);
  return averaged(o.dialect === "milesial" ? [[of(parts.flat(2))]] : parts.map((classes) => classes.map(of)), o, perImage);
};

export const diceLoss = (inputs: LossInputs, o: RegionOptions): NdArray => tversky(inputs, o, { alpha: 0.5, beta: 0.5, scale: o.dialect === "smp" ? 1 : 2 });
export const jaccardLoss = (inputs: LossInputs, o: RegionOptions): NdArray => tversky(inputs, o, { alpha: 1, beta: 1, scale: o.dialect === "monai" ? 2 : 1 });
export const tverskyLoss = (inputs: LossInputs, o: RegionOptions): NdArray => tversky(inputs, o, { alpha: 0.5, beta: 0.5, scale: 1 });

export function focalTverskyLoss(inputs: LossInputs, { gamma = 4 / 3, ...o }: RegionOptions): NdArray {
  const standard = { alpha: 0.3, beta: 0.7, scale: 1 };
  if (o.dialect === "smp") return array([], [tversky(inputs, o, standard).data[0]! ** gamma]);
  return tversky(inputs, o, standard, (v) => v ** (1 / gamma));
}

/** 1 − 2 Σ w·I / Σ w·(P + Y), w = 1 / Y². */
export function generalizedDiceLoss(inputs: LossInputs, o: RegionOptions): NdArray {
  const { dialect = "plain", volumeWeight = "square" } = o;
  const { perImage = dialect === "monai", smooth = dialect === "monai" ? 1e-5 : 0 } = o;
  const losses = groups(inputs, o, perImage).map((all) => {
    const classes = all.slice(skipOf(o, all.length)).map((given) => {
      const total = (f: (cell: Cell) => number): number => sum(given.map((cell) => (cell.w === 0 ? 0 : cell.w * f(cell))));
      return { hits: total(({ p, y }) => p * y), size: total(({ p, y }) => p + y), real: total(({ y }) => y) };
    });
    const weightOf = (v: number): number => ({ square: 1 / v ** 2, simple: 1 / v, uniform: 1 })[volumeWeight];
    const finite = classes.map(({ real }) => weightOf(real)).filter(Number.isFinite);
    const w = classes.map(({ real }) => (Number.isFinite(weightOf(real)) ? weightOf(real) : Math.max(0, ...finite)));
    const above = 2 * sum(classes.map(({ hits }, c) => w[c]! * hits)) + smooth;
    return 1 - above / Math.max(1e-30, sum(classes.map(({ size }, c) => w[c]! * size)) + smooth);
  });
  return o.reduction === "none" ? array([losses.length], losses) : array([], [o.reduction === "sum" ? sum(losses) : mean(losses)]);
}

export function mccLoss(inputs: LossInputs, o: RegionOptions): NdArray {
  const { eps = 1e-5, perImage = false } = o;
  const losses = groups(inputs, o, perImage).map((classes) => classes.map((given) => {
    const count = (f: (cell: Cell) => number): number => eps + sum(given.map((cell) => (cell.w === 0 ? 0 : cell.w * f(cell))));
    const [tp, fp, fn, tn] = [count(({ p, y }) => p * y), count(({ p, y }) => p * (1 - y)), count(({ p, y }) => (1 - p) * y), count(({ p, y }) => (1 - p) * (1 - y))];
    return 1 - (tp * tn - fp * fn) / Math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn));
  }));
  return averaged(losses, o, perImage);
}

export interface LovaszOptions extends RegionOptions {
  classes?: "present" | "all";
}

/** Σ of the errors, sorted, each times the rise of 1 − |left| / |union| at its pixel. */
function extension(given: { error: number; y: number }[]): number {
  const sorted = [...given].sort((a, b) => b.error - a.error);
  const real = sum(given.map(({ y }) => y));
  let [hits, misses, before, total] = [0, 0, 0, 0];
  for (const { error, y } of sorted) {
    if (y === 1) hits++;
    else misses++;
    const loss = 1 - (real - hits) / (real + misses);
    total += Math.max(0, error) * (loss - before);
    before = loss;
  }
  return total;
}

const counted = (given: Cell[]): Cell[] => given.filter(({ w }) => w > 0);

export function lovaszSoftmaxLoss(inputs: LossInputs, o: LovaszOptions): NdArray {
  const losses = groups(inputs, o, o.perImage ?? false).map((classes) => {
    const chosen = classes.filter((given) => o.classes === "all" || counted(given).some(({ y }) => y === 1));
    return chosen.length === 0 ? 0 : mean(chosen.map((given) => extension(counted(given).map(({ p, y }) => ({ error: Math.abs(y - p), y })))));
  });
  return array([], [mean(losses)]);
}

export function lovaszHingeLoss(inputs: LossInputs, o: LovaszOptions): NdArray {
  const losses = groups(inputs, { ...o, activation: "sigmoid" }, o.perImage ?? false).map((classes) => mean(classes.map((given) => extension(counted(given).map(({ x, y }) => ({ error: 1 - x * (2 * y - 1), y }))))));
  return array([], [mean(losses)]);
}
