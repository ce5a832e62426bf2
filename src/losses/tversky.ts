import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { maximum, pow } from "../ops/pointwise.js";
import type { FloatDType } from "../runtime/dtype.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { averageClasses, dialectRule, region, regionOptions, tverskyLosses, type RegionDialect, type RegionLossOptions, type RegionRule } from "./overlap.js";
import { checkAtLeast, checkChoice, checkFlags } from "./targets.js";

export interface TverskyLossOptions extends RegionLossOptions {
  /** Whose conventions hold where nothing else is said: see the table in docs/guide/losses.md. Default "plain". */
  dialect?: RegionDialect | undefined;
  /** Weight of false positives. Default 0.5, which with beta 0.5 is Dice. */
  alpha?: number | undefined;
  /** Weight of false negatives. Default 0.5. */
  beta?: number | undefined;
  /** Added above and below the fraction line. Default 0; 1e-5 in "monai". */
  smooth?: number | undefined;
  /** −log of the index instead of 1 − index. Default false. */
  log?: boolean | undefined;
  /** Σ p·y, or Σ min(p, y), which is right for fractional targets too (Wang et al. 2023). Default "product", and "minimum" in "smp". */
  overlap?: "product" | "minimum" | undefined;
}

const names = ["alpha", "beta", "smooth", "dialect", "log", "overlap", ...regionOptions];

function settle(op: string, options: TverskyLossOptions, standard: { alpha: number; beta: number }): RegionRule {
  const { dialect = "plain", alpha = standard.alpha, beta = standard.beta, log = false } = options;
  checkChoice(op, "dialect", dialect, ["plain", "smp", "monai"]);
  checkFlags(op, { log });
  const rule = dialectRule(dialect);
  const { smooth = rule.smooth, overlap = rule.overlap, perImage = rule.perImage } = options;
  checkAtLeast(op, "smooth", smooth);
  checkAtLeast(op, "alpha", alpha);
  checkAtLeast(op, "beta", beta);
  checkChoice(op, "overlap", overlap, ["product", "minimum"]);
  return { ...rule, alpha, beta, scale: 1, smooth, overlap, squared: false, log, perImage };
}

/**
 * Tversky loss (Salehi et al. 2017), the mean over classes of
 *
 *     1 − (TP + smooth) / (TP + alpha·FP + beta·FN + smooth),   TP = Σ p·y, FP = Σ p·(1 − y), FN = Σ (1 − p)·y
 *
 * with the probabilities, targets, sums and dialects of `diceLoss`; beta above alpha favours recall. (In smp and MONAI, too, alpha
 * belongs to the false positives; in Abraham & Khan 2018 to the false negatives.)
 *
 * @param logits f32 or f16 [..., classes]; one class is a single-logit head
 * @param labels u8, u32 or i32 [...], or targets per class [..., classes]: f32 probabilities, or whole numbers 0 and 1
 * @returns f32, a scalar (shape []), or for `reduction: "none"` [classes] or [n, classes]
 * @throws ShapeError, DTypeError or OptionError for arguments that do not fit
 *
 * @pytorch segmentation_models_pytorch.losses.TverskyLoss, monai.losses.TverskyLoss
 */
export function tverskyLoss(logits: TensorLike<FloatDType>, labels: TensorLike, options: TverskyLossOptions = {}): Tensor<"f32"> {
  if (!capturing()) return runEagerly(() => tverskyLoss(logits, labels, options));
  checkOptions("tverskyLoss", options, names);
  const rule = settle("tverskyLoss", options, { alpha: 0.5, beta: 0.5 });
  return averageClasses(tverskyLosses(region("tverskyLoss", logits, labels, options, rule.perImage), rule), options, rule.divide);
}

export interface FocalTverskyLossOptions extends TverskyLossOptions {
  /** The exponent, above 0. Default 4/3. */
  gamma?: number | undefined;
}

/** Losses below this are raised to a power as if they were this: a power below 1 has no slope at 0. */
const FLOOR = 1e-12;

/**
 * Focal Tversky loss (Abraham & Khan 2018), the mean over classes of
 *
 *     (1 − index)^(1 / gamma)
 *
 * with the index of `tverskyLoss`. The dialect "smp" raises the mean to the power gamma instead: (mean (1 − index))^gamma, which
 * for gamma above 1 does the opposite. Defaults are the paper's: alpha 0.3 (false positives), beta 0.7 (false negatives), gamma 4/3.
 *
 * @param logits f32 or f16 [..., classes]; one class is a single-logit head
 * @param labels u8, u32 or i32 [...], or targets per class [..., classes]: f32 probabilities, or whole numbers 0 and 1
 * @returns f32, a scalar (shape []), or for `reduction: "none"` [classes] or [n, classes]
 * @throws ShapeError, DTypeError or OptionError for arguments that do not fit
 *
 * @pytorch segmentation_models_pytorch.losses.TverskyLoss(gamma=…) (dialect "smp")
 */
export function focalTverskyLoss(logits: TensorLike<FloatDType>, labels: TensorLike, options: FocalTverskyLossOptions = {}): Tensor<"f32"> {
  if (!capturing()) return runEagerly(() => focalTverskyLoss(logits, labels, options));
  checkOptions("focalTverskyLoss", options, ["gamma", ...names]);
  const { gamma = 4 / 3, dialect, reduction = "mean" } = options;
  if (!(gamma > 0 && Number.isFinite(gamma))) throw new OptionError(`focalTverskyLoss: gamma must be a number above 0 but is ${gamma}.`);
  const rule = settle("focalTverskyLoss", options, { alpha: 0.3, beta: 0.7 });
  if (dialect === "smp" && reduction !== "mean") throw new OptionError('focalTverskyLoss: in the dialect "smp" the exponent applies to the mean, so reduction must be "mean".');
  const losses = tverskyLosses(region("focalTverskyLoss", logits, labels, options, rule.perImage), rule);
  if (dialect === "smp") return pow(maximum(averageClasses(losses, options, rule.divide), FLOOR), gamma);
  return averageClasses(pow(maximum(losses, FLOOR), 1 / gamma), options, rule.divide);
}
