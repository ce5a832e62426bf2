import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import type { FloatDType } from "../runtime/dtype.js";
import { checkOptions } from "../runtime/errors.js";
import { averageClasses, dialectRule, region, regionOptions, tverskyLosses } from "./overlap.js";
import { checkAtLeast, checkChoice, checkFlags } from "./targets.js";
import type { TverskyLossOptions } from "./tversky.js";

export type JaccardLossOptions = Omit<TverskyLossOptions, "alpha" | "beta"> & {
  /** Squares below the fraction line: Σ p² + Σ y² − Σ p·y. The overlap is Σ p·y then, whatever `overlap` says: see `diceLoss`. Default false. */
  squared?: boolean | undefined;
};

/**
 * Soft Jaccard (intersection over union) loss, the mean over classes of
 *
 *     1 − (Σ p·y + smooth) / (Σ p + Σ y − Σ p·y + smooth)
 *
 * with the probabilities, targets and sums of `diceLoss`. It is Tversky's with α = β = 1. The dialect "smp" is
 * JaccardLoss (I = Σ min(p, y), 0 for classes without a target pixel); "monai" is DiceLoss(jaccard=True), which doubles numerator
 * and union, so that its smoothing of 1e-5 counts half, for every image and class.
 *
 * @param logits f32 or f16 [..., classes]; one class is a single-logit head
 * @param labels u8, u32 or i32 [...], or targets per class [..., classes]: f32 probabilities, or whole numbers 0 and 1
 * @returns f32, a scalar (shape []), or for `reduction: "none"` [classes] or [n, classes]
 * @throws ShapeError, DTypeError or OptionError for arguments that do not fit
 *
 * @pytorch segmentation_models_pytorch.losses.JaccardLoss, monai.losses.DiceLoss(jaccard=True)
 */
export function jaccardLoss(logits: TensorLike<FloatDType>, labels: TensorLike, options: JaccardLossOptions = {}): Tensor<"f32"> {
  if (!capturing()) return runEagerly(() => jaccardLoss(logits, labels, options));
  checkOptions("jaccardLoss", options, ["smooth", "dialect", "squared", "log", "overlap", ...regionOptions]);
  const { dialect = "plain", squared = false, log = false } = options;
  checkFlags("jaccardLoss", { squared, log });
  checkChoice("jaccardLoss", "dialect", dialect, ["plain", "smp", "monai"]);
  const rule = dialectRule(dialect);
  const { smooth = rule.smooth, overlap = rule.overlap, perImage = rule.perImage } = options;
  checkAtLeast("jaccardLoss", "smooth", smooth);
  checkChoice("jaccardLoss", "overlap", overlap, ["product", "minimum"]);
  const where = region("jaccardLoss", logits, labels, options, perImage);
  return averageClasses(tverskyLosses(where, { ...rule, alpha: 1, beta: 1, scale: dialect === "monai" ? 2 : 1, smooth, overlap, squared, log, perImage }), options, rule.divide);
}
