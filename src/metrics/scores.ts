import { OptionError, checkOptions } from "../runtime/errors.js";
import type { ConfusionMatrix } from "./confusion-matrix.js";

/**
 * What a class scores that occurs neither in the truth nor in a prediction: "ignore" gives NaN and leaves it out of the
 * means, "zero" and "one" give that number.
 */
export type AbsentPolicy = "ignore" | "zero" | "one";

export interface ScoresOptions {
  /** Default "ignore". */
  absent?: AbsentPolicy | undefined;
  /** Names of the classes. Default "0", "1", … */
  names?: readonly string[] | undefined;
}

/** Fractions, 0 … 1. */
export interface Ratios {
  /** TP / (TP + FP): how much of what was predicted is right. */
  readonly precision: number;
  /** TP / (TP + FN): how much of what is there was found. */
  readonly recall: number;
  /** 2 TP / (2 TP + FP + FN). */
  readonly dice: number;
  /** TP / (TP + FP + FN), the Jaccard index; IoU = Dice / (2 − Dice). */
  readonly iou: number;
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

export interface Scores {
  /** Right pixels / all pixels; NaN when there are none. */
  readonly pixelAccuracy: number;
  readonly perClass: readonly ClassScores[];
  /** Means over classes, each class alike. */
  readonly mean: Ratios;
  /** Pixels that counted. */
  readonly pixels: number;
  readonly absent: AbsentPolicy;
  /** c0 · FP + c1 · FN: of each class, and their sum. In pixels times cost. */
  costWeightedError(costs: Costs): { readonly perClass: readonly number[]; readonly total: number };
}

/**
 * Scores from one confusion matrix over a whole data set (not a mean over images).
 * A class that does occur but has nothing to divide by (never predicted: precision; only predicted: recall) scores 0 there.
 *
 * @throws OptionError for an unknown policy, or names that do not fit the classes
 */
export function scores(matrix: ConfusionMatrix, options: ScoresOptions = {}): Scores {
  checkOptions("scores", options, ["absent", "names"]);
  const { absent = "ignore", names } = options;
  if (!["ignore", "zero", "one"].includes(absent)) throw new OptionError(`scores: absent must be "ignore", "zero" or "one" but is ${JSON.stringify(absent)}.`);
  if (names && names.length !== matrix.classes) throw new OptionError(`scores: there are ${matrix.classes} classes but ${names.length} names.`);
  const outcomes = Array.from({ length: matrix.classes }, (_, i) => matrix.outcome(i));
  const ofAbsent = { ignore: NaN, zero: 0, one: 1 }[absent];
  const perClass = outcomes.map(({ truePositive: tp, falsePositive: fp, falseNegative: fn }, i): ClassScores => {
    const ratio = (a: number, b: number): number => (tp + fp + fn === 0 ? ofAbsent : b === 0 ? 0 : a / b);
    return {
      name: names?.[i] ?? String(i),
      support: tp + fn,
      precision: ratio(tp, tp + fp),
      recall: ratio(tp, tp + fn),
      dice: ratio(2 * tp, 2 * tp + fp + fn),
      iou: ratio(tp, tp + fp + fn),
    };
  });
  const mean = (key: keyof Ratios): number => {
    const values = perClass.map((c) => c[key]).filter((v) => !Number.isNaN(v));
    return values.reduce((a, b) => a + b, 0) / values.length;
  };
  const pixels = matrix.total;
  return {
    pixelAccuracy: outcomes.reduce((sum, { truePositive }) => sum + truePositive, 0) / pixels,
    perClass,
    mean: { precision: mean("precision"), recall: mean("recall"), dice: mean("dice"), iou: mean("iou") },
    pixels,
    absent,
    costWeightedError: ({ c0, c1 }) => {
      for (const [name, cost] of Object.entries({ c0, c1 })) if (!(cost >= 0 && Number.isFinite(cost))) throw new OptionError(`costWeightedError: ${name} must be a number of at least 0 but is ${cost}.`);
      const errors = outcomes.map(({ falsePositive, falseNegative }) => c0 * falsePositive + c1 * falseNegative);
      return { perClass: errors, total: errors.reduce((a, b) => a + b, 0) };
    },
  };
}
