import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { max } from "../ops/max.js";
import { add, div, equal, greater, maximum, mul, reciprocal, square, sub, where } from "../ops/pointwise.js";
import { sum } from "../ops/sum.js";
import type { FloatDType } from "../runtime/dtype.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { region, regionOptions, type RegionLossOptions } from "./overlap.js";
import { foregroundOf } from "./probabilities.js";
import { checkAtLeast, checkChoice, reduceLoss } from "./targets.js";

export interface GeneralizedDiceLossOptions extends Omit<RegionLossOptions, "weight"> {
  /** "monai": a loss for every image, smoothing 1e-5. Default "plain": one for the batch, no smoothing. */
  dialect?: "plain" | "monai" | undefined;
  /** Weight of a class with v target pixels: "square" 1/v², "simple" 1/v, "uniform" 1. Default "square". */
  volumeWeight?: "square" | "simple" | "uniform" | undefined;
  /** Added above and below the fraction line. Default 0; 1e-5 in "monai". */
  smooth?: number | undefined;
}

/** Below this a denominator is nothing. */
const NOTHING = 1e-30;

/**
 * Generalized Dice loss (Sudre et al. 2017), one fraction over all classes that weighs each by its volume v = Σ y:
 *
 *     1 − (2 Σ over c of w·Σ p·y + smooth) / (Σ over c of w·(Σ p + Σ y) + smooth),   w = 1 / v²
 *
 * A class without a target pixel, whose weight would be infinite, has that of the rarest class that is there (MONAI's rule); where
 * none is there, the loss is 1 with smooth 0, and 0 otherwise. MONAI's smoothing of 1e-5 is not small beside w·(Σ p + Σ y) ≈ 2 / v once
 * all classes have more than some 10⁵ pixels, and flattens the loss there; ours is 0.
 *
 * @param logits f32 or f16 [..., classes]; one class is a single-logit head
 * @param labels u8, u32 or i32 [...], or targets per class [..., classes]: f32 probabilities, or whole numbers 0 and 1
 * @returns f32, a scalar (shape []), or with `perImage` and `reduction: "none"` [n]
 * @throws ShapeError, DTypeError or OptionError for arguments that do not fit
 *
 * @pytorch monai.losses.GeneralizedDiceLoss (dialect "monai")
 */
export function generalizedDiceLoss(logits: TensorLike<FloatDType>, labels: TensorLike, options: GeneralizedDiceLossOptions = {}): Tensor<"f32"> {
  if (!capturing()) return runEagerly(() => generalizedDiceLoss(logits, labels, options));
  checkOptions("generalizedDiceLoss", options, ["smooth", "dialect", "volumeWeight", ...regionOptions.filter((name) => name !== "weight")]);
  const { dialect = "plain", volumeWeight = "square", includeBackground = true, reduction = "mean" } = options;
  checkChoice("generalizedDiceLoss", "dialect", dialect, ["plain", "monai"]);
  checkChoice("generalizedDiceLoss", "volumeWeight", volumeWeight, ["square", "simple", "uniform"]);
  const { smooth = dialect === "monai" ? 1e-5 : 0, perImage = dialect === "monai" } = options;
  checkAtLeast("generalizedDiceLoss", "smooth", smooth);
  if (!perImage && reduction === "none") throw new OptionError('generalizedDiceLoss: one loss for the batch has no reduction "none". Use it with perImage.');
  const { p, y, total } = region("generalizedDiceLoss", logits, labels, options, perImage);
  const [hits, predicted, real] = [mul(p, y), p, y].map((x) => foregroundOf(total(x), includeBackground)) as [Tensor<"f32">, Tensor<"f32">, Tensor<"f32">];
  const w = volumeWeights(real, volumeWeight);
  const above = mul(sum(mul(w, hits), { axes: [-1] }), 2);
  const below = sum(mul(w, add(predicted, real)), { axes: [-1] });
  const losses = sub(1, div(add(above, smooth), maximum(add(below, smooth), NOTHING)));
  return reduceLoss(losses, undefined, reduction);
}

/** 1 / v², 1 / v or 1; the largest of the others (or 0) where v is 0. */
function volumeWeights(volumes: Tensor<"f32">, kind: "square" | "simple" | "uniform"): Tensor<"f32"> {
  if (kind === "uniform") return add(mul(volumes, 0), 1);
  const inverse = reciprocal(maximum(volumes, NOTHING));
  const some = where(greater(volumes, 0), kind === "square" ? square(inverse) : inverse, 0);
  return where(equal(volumes, 0), max(some, { axes: [-1], keepDims: true }), some);
}
