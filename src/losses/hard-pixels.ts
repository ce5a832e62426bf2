import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { crossEntropy, type CrossEntropyOptions } from "../ops/cross-entropy.js";
import { max } from "../ops/max.js";
import { add, div, equal, exp, greater, isNaN, less, maximum, mul, neg, sub, where } from "../ops/pointwise.js";
import { reshape } from "../ops/reshape.js";
import { requireWhole } from "../ops/require.js";
import { sum } from "../ops/sum.js";
import { topK } from "../ops/top-k.js";
import type { FloatDType } from "../runtime/dtype.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { isIgnored, toF32 } from "./targets.js";

const shared = ["weight", "ignoreIndex", "pixelWeight", "labelSmoothing"] as const;

/** The options of `crossEntropy` that say what the loss of a pixel is. */
type PixelLoss = Pick<CrossEntropyOptions, (typeof shared)[number]>;

export interface HardPixelCrossEntropyOptions extends PixelLoss {
  /** Part of all pixels of the batch (ignored ones included, as in TensorFlow's DeepLab) that is kept, above 0 and at most 1. Default 0.25. */
  fraction?: number | undefined;
}

/**
 * Cross-entropy of the hardest pixels (TensorFlow DeepLab's `top_k_percent_pixels`): the sum of the largest losses, `fraction` of all pixels, divided by how
 * many of them are not 0. Where no pixel counts it is 0. Of equal losses those that come first are kept; the choice is constant to the gradient.
 *
 * @param logits f32 or f16 [..., classes]
 * @param labels u8, u32 or i32 [...], or f32 probabilities [..., classes]
 * @returns f32, a scalar (shape [])
 * @throws ShapeError, DTypeError or OptionError for arguments that do not fit
 *
 * @pytorch detectron2 DeepLabCE (which divides by the number of pixels kept)
 */
export function hardPixelCrossEntropy(logits: TensorLike<FloatDType>, labels: TensorLike, options: HardPixelCrossEntropyOptions = {}): Tensor<"f32"> {
  if (!capturing()) return runEagerly(() => hardPixelCrossEntropy(logits, labels, options));
  checkOptions("hardPixelCrossEntropy", options, ["fraction", ...shared]);
  const { fraction = 0.25, ...rest } = options;
  if (!(fraction > 0 && fraction <= 1)) throw new OptionError(`hardPixelCrossEntropy: fraction must be above 0 and at most 1 but is ${fraction}.`);
  const losses = crossEntropy(logits, labels, { ...rest, reduction: "none" });
  if (losses.size === 0) return sum(losses);
  const flat = reshape(losses, [losses.size]);
  const { values } = topK(flat, Math.max(1, Math.floor(fraction * losses.size)));
  return div(sum(values), maximum(sum(sub(1, equal(values, 0))), 1));
}

export interface OhemCrossEntropyOptions extends PixelLoss {
  /** Pixels whose class has a probability below this are kept. Default 0.7. */
  threshold?: number | undefined;
  /** About this many pixels of the batch are kept at least. Default 100000, as in mmsegmentation (there times the images of the batch). */
  minKept?: number | undefined;
}

/**
 * Cross-entropy with online hard example mining (Shrivastava et al. 2016, as in HRNet, mmsegmentation and many more): the mean loss of the pixels
 * whose class has a probability below max(threshold, q), where q is that at place `minKept` (counted from 0, or the last place) among the
 * pixels that count, in ascending order. Where none is left it is 0. Class weights enter the losses, not the mean. The choice is constant to the gradient.
 *
 * @param logits f32 or f16 [..., classes]
 * @param labels u8, u32 or i32 [...]
 * @returns f32, a scalar (shape [])
 * @throws ShapeError, DTypeError or OptionError for arguments that do not fit
 *
 * @pytorch HRNet OhemCrossEntropy, mmseg OHEMPixelSampler (whose mean is over all pixels)
 */
export function ohemCrossEntropy(logits: TensorLike<FloatDType>, labels: TensorLike, options: OhemCrossEntropyOptions = {}): Tensor<"f32"> {
  if (!capturing()) return runEagerly(() => ohemCrossEntropy(logits, labels, options));
  checkOptions("ohemCrossEntropy", options, ["threshold", "minKept", ...shared]);
  const { threshold = 0.7, minKept = 100_000, ...rest } = options;
  if (!(threshold >= 0 && threshold <= 1)) throw new OptionError(`ohemCrossEntropy: threshold must be between 0 and 1 but is ${threshold}.`);
  requireWhole("ohemCrossEntropy", "minKept", minKept, 0);
  if (labels.dtype === "f32" || labels.dtype === "f16") throw new OptionError("ohemCrossEntropy: labels must be class numbers; a pixel with several has no one probability.");
  const { ignoreIndex = -100, pixelWeight } = rest;
  const losses = crossEntropy(logits, labels, { ...rest, reduction: "none" });
  const nll = crossEntropy(logits, labels, { ignoreIndex, reduction: "none" });
  if (losses.size === 0) return sum(losses);
  const v = pixelWeight && toF32(pixelWeight);
  const counted = mul(sub(1, isIgnored(labels, ignoreIndex)), v ? sub(1, equal(v, 0)) : 1);
  // Pixels that do not count come last, and are no probability.
  const p = where(counted, exp(neg(nll)), 2);
  const flat = reshape(p, [p.size]);
  const { values } = topK(flat, Math.min(minKept + 1, p.size), { largest: false });
  const limit = maximum(max(where(greater(values, 1.5), 0, values)), threshold);
  // A loss that is not a number stays in, so that it is seen.
  const kept = mul(counted, add(less(p, limit), isNaN(nll)));
  const total = sum(where(kept, losses, 0));
  const count = sum(v ? mul(kept, v) : kept);
  return div(total, add(count, equal(count, 0)));
}
