import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { cast } from "../ops/cast.js";
import { crossEntropy } from "../ops/cross-entropy.js";
import { div, equal, exp, maximum, mul, neg, pow, sub } from "../ops/pointwise.js";
import { sum } from "../ops/sum.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { checkLoss } from "./targets.js";

export interface FocalLossOptions {
  /** How much easy pixels lose weight; 0 is cross-entropy. Default 2. */
  gamma?: number | undefined;
  /** A factor for each class. Default 1. */
  weight?: readonly number[] | undefined;
  /** Label of pixels that do not count. Default −100, which u8 and u32 masks never hold; 255 is usual in masks. */
  ignoreIndex?: number | undefined;
}

/**
 * Softmax focal loss (after Lin et al. 2017, whose own form is a sigmoid per class):
 *
 *     loss = −Σ over c of w[c] · y[c] · (1 − p[c])^gamma · log p[c],   p = softmax(logits), y one-hot
 *
 * averaged over the pixels that count (0 when none does); class weights are not divided out again. A label that is neither a
 * class nor `ignoreIndex` makes the loss NaN.
 *
 * @param logits f32 [..., classes], at least two classes (the softmax of one is always 1)
 * @param labels u8, u32 or i32 [...]
 * @returns a scalar (shape [])
 * @throws ShapeError, DTypeError or OptionError for arguments that do not fit
 */
export function focalLoss(logits: TensorLike<"f32">, labels: TensorLike, options: FocalLossOptions = {}): Tensor<"f32"> {
  if (!capturing()) return runEagerly(() => focalLoss(logits, labels, options));
  checkOptions("focalLoss", options, ["gamma", "weight", "ignoreIndex"]);
  const { gamma = 2, weight, ignoreIndex = -100 } = options;
  if (!(gamma >= 0 && Number.isFinite(gamma))) throw new OptionError(`focalLoss: gamma must be a number of at least 0 but is ${gamma}.`);
  checkLoss("focalLoss", logits, labels, ignoreIndex, weight);
  if (logits.shape.at(-1) === 1) throw new ShapeError("focalLoss", "logits must have one channel for each of at least two classes; use binaryCrossEntropy for a single logit", { logits: logits.shape });

  // −log p of the label's class, 0 where the pixel is ignored.
  const nll = crossEntropy(logits, labels, { ignoreIndex, reduction: "none" });
  const weighted = weight ? crossEntropy(logits, labels, { ignoreIndex, weight, reduction: "none" }) : nll;
  // Kept above 0, where the power of a gamma below 1 has no slope.
  const doubt = maximum(sub(1, exp(neg(nll))), 1e-7);
  const counted = sub(1, equal(cast(labels, "f32"), ignoreIndex));
  return div(sum(mul(pow(doubt, gamma), weighted)), maximum(sum(counted), 1));
}
