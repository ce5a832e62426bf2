import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { mean } from "../ops/mean.js";
import { add, div, maximum, mul, sigmoid, sub } from "../ops/pointwise.js";
import { reshape } from "../ops/reshape.js";
import { slice } from "../ops/slice.js";
import { softmax } from "../ops/softmax.js";
import { sum } from "../ops/sum.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { checkLoss, targets } from "./targets.js";

export interface DiceLossOptions {
  /** Added above and below the fraction line. Default 0. */
  smooth?: number | undefined;
  /** Label of pixels that do not count. Default −100, which u8 and u32 masks never hold; 255 is usual in masks. */
  ignoreIndex?: number | undefined;
  /** Whether class 0 has a part in the mean. Default true; a single logit has no class 0. */
  includeBackground?: boolean | undefined;
}

/**
 * Soft Dice loss (Milletari et al. 2016 without the squares), the mean over classes of
 *
 *     1 − (2 Σ p·y + smooth) / (Σ p + Σ y + smooth)
 *
 * where the sums run over all pixels of the batch that count. With one logit per pixel p is its sigmoid and y whether the label
 * is 1; otherwise p = softmax(logits) and y is one-hot. A class that no pixel has contributes 1 and no gradient
 * (smooth 0), or pushes its probabilities down (smooth above 0).
 *
 * @param logits f32 [..., classes]; one class is a single-logit head
 * @param labels u8, u32 or i32 [...]
 * @returns a scalar (shape [])
 * @throws ShapeError, DTypeError or OptionError for arguments that do not fit
 */
export function diceLoss(logits: TensorLike<"f32">, labels: TensorLike, options: DiceLossOptions = {}): Tensor<"f32"> {
  if (!capturing()) return runEagerly(() => diceLoss(logits, labels, options));
  checkOptions("diceLoss", options, ["smooth", "ignoreIndex", "includeBackground"]);
  const { smooth = 0, ignoreIndex = -100, includeBackground = true } = options;
  if (!(smooth >= 0 && Number.isFinite(smooth))) throw new OptionError(`diceLoss: smooth must be a number of at least 0 but is ${smooth}.`);
  checkLoss("diceLoss", logits, labels, ignoreIndex);

  const classes = logits.shape.at(-1)!;
  const single = classes === 1;
  const { y: hot, counted } = targets(labels, single ? 2 : classes, ignoreIndex);
  const y = single ? slice(hot, { start: 1, length: 1 }) : hot;
  const p = mul(single ? sigmoid(logits) : softmax(logits), reshape(counted, [...labels.shape, 1]));
  const perClass = (x: Tensor<"f32">): Tensor<"f32"> => sum(x, { axes: labels.shape.map((_, axis) => axis) });
  // The floor matters only where no pixel counts at all.
  const sizes = maximum(add(perClass(p), perClass(y)), 1e-7);
  const loss = sub(1, div(add(mul(perClass(mul(p, y)), 2), smooth), add(sizes, smooth)));
  return mean(includeBackground || single ? loss : slice(loss, { start: 1, length: classes - 1 }));
}
