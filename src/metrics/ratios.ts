import { OptionError } from "../runtime/errors.js";
import type { Outcome } from "./confusion-matrix.js";

/**
 * What a class scores that occurs neither in the truth nor in a prediction: "ignore" gives NaN and leaves it out of the
 * means, "zero" and "one" give that number. (smp's `zero_division` is 1 by default; torchmetrics leaves such classes out.)
 */
export type AbsentPolicy = "ignore" | "zero" | "one";

/** Fractions, 0 … 1. */
export interface Ratios {
  /** TP / (TP + FP): how much of what was predicted is right. */
  readonly precision: number;
  /** TP / (TP + FN): how much of what is there was found; also called sensitivity, and class accuracy. */
  readonly recall: number;
  /** TN / (TN + FP): how much of the rest was left alone. 1 where there is no rest. */
  readonly specificity: number;
  /** (1 + β²) TP / ((1 + β²) TP + FP + β² FN) (van Rijsbergen 1979); equals Dice for β = 1. */
  readonly fBeta: number;
  /** 2 TP / (2 TP + FP + FN). */
  readonly dice: number;
  /** TP / (TP + FP + FN), the Jaccard index; IoU = Dice / (2 − Dice). */
  readonly iou: number;
}

export const ratioNames = ["precision", "recall", "specificity", "fBeta", "dice", "iou"] as const satisfies (keyof Ratios)[];

/** The policies' numbers, for classes that do not occur. */
const ofAbsent: Record<AbsentPolicy, number> = { ignore: NaN, zero: 0, one: 1 };

/** Throws for what is no policy or no β. */
export function checkPolicy(op: string, absent: AbsentPolicy, beta: number): void {
  if (!Object.hasOwn(ofAbsent, absent)) throw new OptionError(`${op}: absent must be "ignore", "zero" or "one" but is ${JSON.stringify(absent)}.`);
  if (!(beta > 0 && Number.isFinite(beta))) throw new OptionError(`${op}: beta must be a number above 0 but is ${beta}.`);
}

/** A class that does occur but has nothing to divide by (never predicted: precision; only predicted: recall) scores 0 there. */
export function ratiosOf({ truePositive: tp, falsePositive: fp, falseNegative: fn, trueNegative: tn }: Outcome, absent: AbsentPolicy, beta: number): Ratios {
  const ratio = (a: number, b: number): number => (tp + fp + fn === 0 ? ofAbsent[absent] : b === 0 ? 0 : a / b);
  const b2 = beta * beta;
  return {
    precision: ratio(tp, tp + fp),
    recall: ratio(tp, tp + fn),
    specificity: tp + fp + fn === 0 ? ofAbsent[absent] : tn + fp === 0 ? 1 : tn / (tn + fp),
    fBeta: ratio((1 + b2) * tp, (1 + b2) * tp + fp + b2 * fn),
    dice: ratio(2 * tp, 2 * tp + fp + fn),
    iou: ratio(tp, tp + fp + fn),
  };
}

/** The mean of each ratio over those that are numbers; NaN when none is. */
export function meanRatios(all: readonly Ratios[], weights: readonly number[] = all.map(() => 1)): Ratios {
  const mean = (key: keyof Ratios): number => {
    let [total, weight] = [0, 0];
    all.forEach((ratios, i) => {
      if (Number.isNaN(ratios[key]) || weights[i] === 0) return;
      total += weights[i]! * ratios[key];
      weight += weights[i]!;
    });
    return total / weight;
  };
  return Object.fromEntries(ratioNames.map((key) => [key, mean(key)])) as unknown as Ratios;
}

/** All classes as one. */
export function pooled(outcomes: readonly Outcome[]): Outcome {
  const total = (key: keyof Outcome): number => outcomes.reduce((sum, outcome) => sum + outcome[key], 0);
  return { truePositive: total("truePositive"), falsePositive: total("falsePositive"), falseNegative: total("falseNegative"), trueNegative: total("trueNegative") };
}
