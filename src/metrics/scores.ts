import { OptionError, checkOptions } from "../runtime/errors.js";
import type { ConfusionMatrix, Outcome } from "./confusion-matrix.js";
import { checkPolicy, meanRatios, pooled, ratiosOf, type AbsentPolicy, type Ratios } from "./ratios.js";

export type { AbsentPolicy, Ratios } from "./ratios.js";

export interface ScoresOptions {
  /** Default "ignore". */
  absent?: AbsentPolicy | undefined;
  /** Names of the classes. Default "0", "1", … */
  names?: readonly string[] | undefined;
  /** β of `fBeta`: how many times as much recall counts as precision. Default 1. */
  beta?: number | undefined;
  /** Classes that have a part in the averages. Default: all. */
  include?: readonly number[] | undefined;
}

export interface ClassScores extends Ratios {
  readonly name: string;
  /** Pixels of the class in the truth. */
  readonly support: number;
}

export interface Costs {
  /** Of a pixel that was taken for the class without being of it. */
  readonly c0: number;
  /** Of a pixel of the class that was missed. */
  readonly c1: number;
}

/** Averages over the classes that are included. */
export interface Averages {
  /** Macro: each class alike. */
  readonly mean: Ratios;
  /** Micro: the outcomes of all classes pooled, then one ratio. */
  readonly micro: Ratios;
  /** Each class by its pixels in the truth. */
  readonly weighted: Ratios;
}

export interface Scores extends Averages {
  /** Right pixels / all pixels; NaN when there are none. */
  readonly pixelAccuracy: number;
  /** Mean recall of the classes that occur in the truth ("mean accuracy" of Long et al. 2015; balanced accuracy). */
  readonly classAccuracy: number;
  /** Σ pixels of the class · IoU / all pixels (Long et al. 2015). */
  readonly frequencyWeightedIou: number;
  /** Agreement beyond chance, (po − pe) / (1 − pe) (Cohen 1960); NaN when chance alone agrees everywhere. */
  readonly kappa: number;
  /** Matthews correlation coefficient of all classes (Gorodkin 2004), −1 … 1; 0 when truth or prediction knows one class only. */
  readonly mcc: number;
  readonly perClass: readonly ClassScores[];
  /** Pixels that counted. */
  readonly pixels: number;
  readonly absent: AbsentPolicy;
  /** What the scores were taken from. */
  readonly matrix: ConfusionMatrix;
  /** c0 · FP + c1 · FN: of each class, and their sum. In pixels times cost. */
  costWeightedError(costs: Costs): { readonly perClass: readonly number[]; readonly total: number };
}

/** Throws unless both costs are numbers of at least 0. */
export function checkCosts(op: string, { c0, c1 }: Costs): void {
  for (const [name, cost] of Object.entries({ c0, c1 })) if (!(cost >= 0 && Number.isFinite(cost))) throw new OptionError(`${op}: ${name} must be a number of at least 0 but is ${cost}.`);
}

/** Options with their defaults, checked. */
export function scoresOptions(op: string, classes: number, options: ScoresOptions): Required<{ [K in keyof ScoresOptions]: NonNullable<ScoresOptions[K]> }> {
  checkOptions(op, options, ["absent", "names", "beta", "include"]);
  const all = Array.from({ length: classes }, (_, i) => i);
  const { absent = "ignore", names = all.map(String), beta = 1, include = all } = options;
  checkPolicy(op, absent, beta);
  if (names.length !== classes) throw new OptionError(`${op}: there are ${classes} classes but ${names.length} names.`);
  if (include.length === 0 || !include.every((c) => all.includes(c))) throw new OptionError(`${op}: include must list class numbers from 0 to ${classes - 1} but is [${include.join(", ")}].`);
  return { absent, names, beta, include };
}

/**
 * Scores from one confusion matrix over a whole data set; `imageScores` averages over images instead.
 * A class that does occur but has nothing to divide by (never predicted: precision; only predicted: recall) scores 0 there.
 *
 * @throws OptionError for an unknown policy, names that do not fit the classes, or classes to include that there are not
 * @pytorch none; torchmetrics and smp.metrics have each score as a function
 */
export function scores(matrix: ConfusionMatrix, options: ScoresOptions = {}): Scores {
  const { absent, names, beta, include } = scoresOptions("scores", matrix.classes, options);
  const outcomes = matrix.outcomes();
  const perClass = outcomes.map((outcome, i): ClassScores => ({ name: names[i]!, support: outcome.truePositive + outcome.falseNegative, ...ratiosOf(outcome, absent, beta) }));
  const pixels = matrix.total;
  const right = pooled(outcomes).truePositive;
  const included = include.map((i) => perClass[i]!);
  const occurring = perClass.filter(({ support }) => support > 0);
  return {
    pixelAccuracy: right / pixels,
    classAccuracy: occurring.reduce((sum, { recall }) => sum + recall, 0) / occurring.length,
    frequencyWeightedIou: occurring.reduce((sum, { support, iou }) => sum + support * iou, 0) / pixels,
    ...agreement(outcomes, pixels),
    perClass,
    mean: meanRatios(included),
    micro: ratiosOf(pooled(include.map((i) => outcomes[i]!)), absent, beta),
    weighted: meanRatios(included, included.map(({ support }) => support)),
    pixels,
    absent,
    matrix,
    costWeightedError: ({ c0, c1 }) => {
      checkCosts("costWeightedError", { c0, c1 });
      const errors = outcomes.map(({ falsePositive, falseNegative }) => c0 * falsePositive + c1 * falseNegative);
      return { perClass: errors, total: errors.reduce((a, b) => a + b, 0) };
    },
  };
}

/** Kappa and MCC, from fractions of all pixels so that no product overflows. */
function agreement(outcomes: readonly Outcome[], total: number): { kappa: number; mcc: number } {
  let [right, chance, truthSquares, predictedSquares] = [0, 0, 0, 0];
  for (const { truePositive, falsePositive, falseNegative } of outcomes) {
    const [truth, predicted] = [(truePositive + falseNegative) / total, (truePositive + falsePositive) / total];
    right += truePositive / total;
    chance += truth * predicted;
    truthSquares += truth * truth;
    predictedSquares += predicted * predicted;
  }
  const spread = Math.sqrt((1 - truthSquares) * (1 - predictedSquares));
  return { kappa: (right - chance) / (1 - chance), mcc: total > 0 && !(spread > 1e-15) ? 0 : (right - chance) / spread };
}

/** Figures of the whole matrix, by name. */
export const wholeFigures = (s: Scores): readonly (readonly [string, number])[] => [
  ["pixel accuracy", s.pixelAccuracy],
  ["class accuracy", s.classAccuracy],
  ["frequency-weighted IoU", s.frequencyWeightedIou],
  ["Cohen's kappa", s.kappa],
  ["Matthews correlation", s.mcc],
];
