import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { add, div, maximum, mul, neg, softplus, sub } from "../ops/pointwise.js";
import { reshape } from "../ops/reshape.js";
import { slice } from "../ops/slice.js";
import { sum } from "../ops/sum.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { checkLoss, targets } from "./targets.js";

export interface BinaryCrossEntropyOptions {
  /** A factor for pixels of the foreground. Default 1. */
  positiveWeight?: number | undefined;
  /** Label of pixels that do not count. Default −100, which u8 and u32 masks never hold; 255 is usual in masks. */
  ignoreIndex?: number | undefined;
}

/**
 * Cross-entropy of single logits (PyTorch's `binary_cross_entropy_with_logits` with `pos_weight`):
 *
 *     loss = w · y · log(1 + e⁻ˣ) + (1 − y) · log(1 + eˣ)
 *
 * averaged over the pixels that count (0 when none does).
 *
 * @param logits f32 [..., 1]
 * @param labels u8, u32 or i32 [...]: 1 foreground, 0 background; what is neither does not count
 * @returns a scalar (shape [])
 * @throws ShapeError, DTypeError or OptionError for arguments that do not fit
 */
export function binaryCrossEntropy(logits: TensorLike<"f32">, labels: TensorLike, options: BinaryCrossEntropyOptions = {}): Tensor<"f32"> {
  if (!capturing()) return runEagerly(() => binaryCrossEntropy(logits, labels, options));
  checkOptions("binaryCrossEntropy", options, ["positiveWeight", "ignoreIndex"]);
  const { positiveWeight = 1, ignoreIndex = -100 } = options;
  if (!(positiveWeight >= 0 && Number.isFinite(positiveWeight))) throw new OptionError(`binaryCrossEntropy: positiveWeight must be a number of at least 0 but is ${positiveWeight}.`);
  checkLoss("binaryCrossEntropy", logits, labels, ignoreIndex);
  if (logits.shape.at(-1) !== 1) throw new ShapeError("binaryCrossEntropy", "logits must have one channel; use crossEntropy for several classes", { logits: logits.shape });

  const { y: hot, counted } = targets(labels, 2, ignoreIndex);
  const y = reshape(slice(hot, { start: 1, length: 1 }), labels.shape);
  const x = reshape(logits, labels.shape);
  const loss = add(mul(mul(y, positiveWeight), softplus(neg(x))), mul(sub(counted, y), softplus(x)));
  return div(sum(loss), maximum(sum(counted), 1));
}
