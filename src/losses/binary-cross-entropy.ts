import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { add, mul, neg, softplus, sub } from "../ops/pointwise.js";
import { reshape } from "../ops/reshape.js";
import type { FloatDType } from "../runtime/dtype.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { checkAtLeast, checkLoss, checkNumbers, classNumbers, measured, perClass, reduceLoss, targets, toF32, type LossReduction, type PixelOptions } from "./targets.js";

export interface BinaryCrossEntropyOptions extends PixelOptions {
  /** A factor for what is foreground: one number, or one for each channel. Default 1. */
  positiveWeight?: number | readonly number[] | undefined;
  /** A factor for each channel, which the mean does not divide by. Default 1. */
  weight?: readonly number[] | undefined;
  /** Targets 1 become 1 − e and targets 0 become e (smp's `smooth_factor`), 0 … 1. Default 0. */
  labelSmoothing?: number | undefined;
  /** "mean" divides by the number of values that count (by the sum of `pixelWeight`, where given); "none" gives every value. Default "mean". */
  reduction?: LossReduction | undefined;
}

/**
 * Cross-entropy of logits that stand for themselves, with the formula of PyTorch's `binary_cross_entropy_with_logits`:
 *
 *     loss = v · y · log(1 + e⁻ˣ) + (1 − y) · log(1 + eˣ)      v the positive weight
 *
 * averaged over the values that count (0 when none does): a single logit with labels 0 and 1, or several channels, each a label
 * of its own that a pixel may have or not.
 *
 * @param logits f32 or f16 [..., channels]
 * @param labels u8, u32 or i32 [...] for one channel, or targets of the shape of logits: f32 0 … 1, or whole numbers. What is neither 0 nor 1
 *   among whole numbers does not count
 * @returns f32, a scalar (shape []), or for `reduction: "none"` the shape of the labels
 * @throws ShapeError, DTypeError or OptionError for arguments that do not fit
 *
 * @pytorch torch.nn.functional.binary_cross_entropy_with_logits; smp SoftBCEWithLogitsLoss (whose mean counts ignored pixels)
 */
export function binaryCrossEntropy(logits: TensorLike<FloatDType>, labels: TensorLike, options: BinaryCrossEntropyOptions = {}): Tensor<"f32"> {
  if (!capturing()) return runEagerly(() => binaryCrossEntropy(logits, labels, options));
  checkOptions("binaryCrossEntropy", options, ["positiveWeight", "weight", "ignoreIndex", "pixelWeight", "labelSmoothing", "reduction"]);
  const { positiveWeight = 1, labelSmoothing = 0, reduction = "mean", weight } = options;
  checkLoss("binaryCrossEntropy", logits, labels, options);
  const channels = logits.shape.at(-1)!;
  if (typeof positiveWeight === "number") checkAtLeast("binaryCrossEntropy", "positiveWeight", positiveWeight);
  else checkNumbers("binaryCrossEntropy", "positiveWeight", positiveWeight, channels);
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) throw new OptionError(`binaryCrossEntropy: labelSmoothing must be between 0 and 1 but is ${labelSmoothing}.`);
  if (channels !== 1 && !perClass(logits, labels))
    throw new ShapeError("binaryCrossEntropy", "logits must have one channel; use crossEntropy for several classes, or targets of the shape of logits for several labels a pixel", { logits: logits.shape });

  const x = toF32(logits);
  const { y: hot, measure } = targets(logits, labels, options);
  const y = labelSmoothing === 0 ? hot : add(mul(hot, 1 - 2 * labelSmoothing), labelSmoothing);
  const positive = typeof positiveWeight === "number" ? positiveWeight : classNumbers(positiveWeight);
  const both = add(mul(mul(y, positive), softplus(neg(x))), mul(sub(1, y), softplus(x)));
  const losses = measured(weight ? mul(both, classNumbers(weight)) : both, measure);
  return reduceLoss(reduction === "none" ? reshape(losses, labels.shape) : losses, measure, reduction);
}
