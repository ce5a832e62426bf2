import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { crossEntropy } from "../ops/cross-entropy.js";
import { logSoftmax } from "../ops/log-softmax.js";
import { exp, maximum, mul, neg, pow, sub } from "../ops/pointwise.js";
import { sum } from "../ops/sum.js";
import type { FloatDType } from "../runtime/dtype.js";
import { ShapeError, checkOptions } from "../runtime/errors.js";
import { checkAtLeast, checkLoss, classNumbers, isIgnored, measured, perClass, reduceLoss, toF32, type LossReduction, type PixelOptions } from "./targets.js";

export interface FocalLossOptions extends PixelOptions {
  /** How much easy pixels lose weight; 0 is cross-entropy. Default 2. */
  gamma?: number | undefined;
  /** A factor for each class. Default 1. */
  weight?: readonly number[] | undefined;
  /** "mean" divides by the number of pixels that count (by the sum of `pixelWeight`, where given); "none" gives every pixel. Default "mean". */
  reduction?: LossReduction | undefined;
}

/** Kept above 0, where the power of a gamma below 1 has no slope. */
const FLOOR = 1e-7;

/**
 * Softmax focal loss (after Lin et al. 2017, whose own form, a sigmoid per class, is `sigmoidFocalLoss`):
 *
 *     loss = −Σ over c of w[c] · y[c] · (1 − p[c])^gamma · log p[c],   p = softmax(logits), y one-hot
 *
 * averaged over the pixels that count (0 when none does); class weights are not divided out again. A label that is neither a
 * class nor `ignoreIndex` makes the loss NaN.
 *
 * @param logits f32 or f16 [..., classes], at least two classes (the softmax of one is always 1)
 * @param labels u8, u32 or i32 [...], or f32 probabilities [..., classes]
 * @returns f32, a scalar (shape []), or [...] for `reduction: "none"`
 * @throws ShapeError, DTypeError or OptionError for arguments that do not fit
 *
 * @pytorch monai.losses.FocalLoss(use_softmax=True), whose "mean" divides by the number of classes as well
 */
export function focalLoss(logits: TensorLike<FloatDType>, labels: TensorLike, options: FocalLossOptions = {}): Tensor<"f32"> {
  if (!capturing()) return runEagerly(() => focalLoss(logits, labels, options));
  checkOptions("focalLoss", options, ["gamma", "weight", "ignoreIndex", "pixelWeight", "reduction"]);
  const { gamma = 2, weight, ignoreIndex = -100, pixelWeight, reduction = "mean" } = options;
  checkAtLeast("focalLoss", "gamma", gamma);
  checkLoss("focalLoss", logits, labels, options);
  if (logits.shape.at(-1) === 1) throw new ShapeError("focalLoss", "logits must have one channel for each of at least two classes; use binaryCrossEntropy for a single logit", { logits: logits.shape });
  const dimmed = (nll: Tensor<"f32">): Tensor<"f32"> => pow(maximum(sub(1, exp(neg(nll))), FLOOR), gamma);
  const outer = pixelWeight && toF32(pixelWeight);

  if (perClass(logits, labels)) {
    if (labels.dtype !== "f32" && labels.dtype !== "f16") throw new ShapeError("focalLoss", 'labels of the shape of logits must be probabilities; convert with cast(labels, "f32")', { labels: labels.shape });
    const nll = neg(logSoftmax(toF32(logits)));
    const terms = mul(mul(toF32(labels), dimmed(nll)), nll);
    const losses = sum(weight ? mul(terms, classNumbers(weight)) : terms, { axes: [-1] });
    return reduceLoss(measured(losses, outer), outer, reduction);
  }
  // −log p of the label's class, 0 where the pixel is ignored.
  const nll = crossEntropy(logits, labels, { ignoreIndex, reduction: "none" });
  const weighted = weight ? crossEntropy(logits, labels, { ignoreIndex, weight, reduction: "none" }) : nll;
  const counted = sub(1, isIgnored(labels, ignoreIndex));
  return reduceLoss(measured(mul(dimmed(nll), weighted), outer), outer ? mul(counted, outer) : counted, reduction);
}

