import { OptionError } from "../runtime/errors.js";
import { checkCosts, type Costs } from "./scores.js";

/**
 * What happens at each threshold when pixels whose score is at least the threshold are called positive. Thresholds fall; the first
 * is Infinity, where nothing is positive.
 */
export interface ThresholdCounts {
  readonly thresholds: readonly number[];
  /** Positives called positive, at each threshold. */
  readonly truePositives: readonly number[];
  /** Negatives called positive, at each threshold. */
  readonly falsePositives: readonly number[];
  /** All positives. */
  readonly positives: number;
  /** All negatives. */
  readonly negatives: number;
}

/** Points of the receiver operating characteristic, from (0, 0) to (1, 1); a rate without pixels to divide by is NaN. */
export interface RocCurve {
  readonly thresholds: readonly number[];
  /** FP / negatives. */
  readonly falsePositiveRate: readonly number[];
  /** TP / positives. */
  readonly truePositiveRate: readonly number[];
  /** Area under the curve by trapezoids: the probability that a positive scores above a negative, ties counting half. */
  readonly auc: number;
}

export interface PrecisionRecallCurve {
  readonly thresholds: readonly number[];
  /** TP / (TP + FP); 1 where nothing is called positive. */
  readonly precision: readonly number[];
  /** TP / positives. */
  readonly recall: readonly number[];
  /** Σ (R[i] − R[i−1]) · P[i], without interpolation, as scikit-learn's `average_precision_score`. */
  readonly averagePrecision: number;
}

/**
 * The ROC curve of what `ThresholdMeter` counted, and the area under it.
 *
 * @pytorch torchmetrics.functional.classification.binary_roc, binary_auroc; sklearn.metrics.roc_curve, roc_auc_score
 */
export function rocCurve({ thresholds, truePositives, falsePositives, positives, negatives }: ThresholdCounts): RocCurve {
  const falsePositiveRate = falsePositives.map((n) => n / negatives);
  const truePositiveRate = truePositives.map((n) => n / positives);
  let area = 0;
  for (let i = 1; i < thresholds.length; i++) area += (falsePositiveRate[i]! - falsePositiveRate[i - 1]!) * (truePositiveRate[i]! + truePositiveRate[i - 1]!) * 0.5;
  return { thresholds, falsePositiveRate, truePositiveRate, auc: positives && negatives ? area : NaN };
}

/**
 * The precision-recall curve of what `ThresholdMeter` counted, and its average precision.
 *
 * @pytorch torchmetrics.functional.classification.binary_precision_recall_curve; sklearn.metrics.precision_recall_curve, average_precision_score
 */
export function precisionRecallCurve({ thresholds, truePositives, falsePositives, positives }: ThresholdCounts): PrecisionRecallCurve {
  const precision = truePositives.map((tp, i) => (tp + falsePositives[i]! === 0 ? 1 : tp / (tp + falsePositives[i]!)));
  const recall = truePositives.map((tp) => tp / positives);
  let area = 0;
  for (let i = 1; i < thresholds.length; i++) area += (recall[i]! - recall[i - 1]!) * precision[i]!;
  return { thresholds, precision, recall, averagePrecision: positives ? area : NaN };
}

export interface BestThreshold {
  /** Call positive what scores at least this; Infinity: call nothing positive. */
  readonly threshold: number;
  /** c0 · FP + c1 · FN at that threshold. */
  readonly error: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
}

/**
 * The threshold that makes the cost-weighted error c0 · FP + c1 · FN smallest, by looking at all of them. Of equal ones the
 * highest is taken. With a calibrated probability it tends to c0 / (c0 + c1) (Elkan 2001).
 *
 * @throws OptionError for costs that are not numbers of at least 0, or without a pixel
 * @pytorch none
 */
export function bestThreshold({ thresholds, truePositives, falsePositives, positives, negatives }: ThresholdCounts, costs: Costs): BestThreshold {
  checkCosts("bestThreshold", costs);
  if (positives + negatives === 0) throw new OptionError("bestThreshold: no pixel was counted. Call update first.");
  const errors = thresholds.map((_, i) => costs.c0 * falsePositives[i]! + costs.c1 * (positives - truePositives[i]!));
  const best = errors.reduce((at, error, i) => (error < errors[at]! ? i : at), 0);
  return { threshold: thresholds[best]!, error: errors[best]!, falsePositives: falsePositives[best]!, falseNegatives: positives - truePositives[best]! };
}
