import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import type { FloatDType } from "../runtime/dtype.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { averageClasses, dialectRule, region, regionOptions, tverskyLosses, type RegionDialect, type RegionLossOptions } from "./overlap.js";
import { checkAtLeast, checkChoice, checkFlags } from "./targets.js";

export interface DiceLossOptions extends RegionLossOptions {
  /** Whose conventions hold where nothing else is said: see the table in docs/guide/losses.md. Default "plain". */
  dialect?: RegionDialect | "milesial" | undefined;
  /** Added above and below the fraction line. Default 0; 1e-5 in "monai" and 1e-6 in "milesial". */
  smooth?: number | undefined;
  /** Squares below the fraction line: Σ p² + Σ y² (Milletari et al. 2016). Default false. */
  squared?: boolean | undefined;
  /** −log of the score instead of 1 − score. Default false. */
  log?: boolean | undefined;
  /**
   * Σ p·y, or Σ min(p, y), which is right for fractional targets too (Wang et al. 2023). With `squared` both are Σ p·y, which is right there:
   * ½ (Σ p² + Σ y² − Σ (p − y)²). Default "product", and "minimum" in "smp".
   */
  overlap?: "product" | "minimum" | undefined;
}

/**
 * Soft Dice loss (Milletari et al. 2016, without the squares unless asked for), the mean over classes of
 *
 *     1 − (2 Σ p·y + smooth) / (Σ p + Σ y + smooth)
 *
 * where the sums run over all pixels of the batch (or of each image) that count. With one logit per pixel p is its sigmoid and y
 * whether the label is 1; otherwise p = softmax(logits) and y is one-hot. A class that no pixel has contributes 1 and no gradient
 * (smooth 0), or pushes its probabilities down (smooth above 0).
 *
 * Dialects: "smp" has (I + smooth) / (½ Σ p + ½ Σ y + smooth) with I = Σ min(p, y), and 0 for classes without a target pixel;
 * "monai" a loss for every image and class; "milesial" one region of all classes together.
 *
 * @param logits f32 or f16 [..., classes]; one class is a single-logit head
 * @param labels u8, u32 or i32 [...], or targets per class [..., classes]: f32 probabilities, or whole numbers 0 and 1
 * @returns f32, a scalar (shape []), or for `reduction: "none"` [classes] or [n, classes] (in "milesial", where classes are pooled, [1] or [n, 1])
 * @throws ShapeError, DTypeError or OptionError for arguments that do not fit
 *
 * @pytorch segmentation_models_pytorch.losses.DiceLoss, monai.losses.DiceLoss (dialects "smp" and "monai")
 */
export function diceLoss(logits: TensorLike<FloatDType>, labels: TensorLike, options: DiceLossOptions = {}): Tensor<"f32"> {
  if (!capturing()) return runEagerly(() => diceLoss(logits, labels, options));
  checkOptions("diceLoss", options, ["smooth", "dialect", "squared", "log", "overlap", ...regionOptions]);
  const { dialect = "plain", squared = false, log = false } = options;
  checkFlags("diceLoss", { squared, log });
  checkChoice("diceLoss", "dialect", dialect, ["plain", "smp", "monai", "milesial"]);
  const rule = dialectRule(dialect);
  const { smooth = rule.smooth, overlap = rule.overlap, perImage = rule.perImage } = options;
  checkAtLeast("diceLoss", "smooth", smooth);
  checkChoice("diceLoss", "overlap", overlap, ["product", "minimum"]);
  if (rule.pooled && (options.weight || options.includeBackground === false)) throw new OptionError('diceLoss: in the dialect "milesial" all classes are one region, so weight and includeBackground mean nothing there.');
  const where = region("diceLoss", logits, labels, options, perImage);
  const losses = tverskyLosses(where, { ...rule, alpha: 0.5, beta: 0.5, scale: dialect === "smp" ? 1 : 2, smooth, overlap, squared, log, perImage });
  return averageClasses(losses, options, rule.divide);
}
