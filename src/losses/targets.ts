import type { Tensor, TensorLike } from "../graph/tensor.js";
import { cast } from "../ops/cast.js";
import { checkClasses, checkLabels } from "../ops/last-axis.js";
import { equal, mul, sub } from "../ops/pointwise.js";
import { oneHot } from "../ops/one-hot.js";
import { reshape } from "../ops/reshape.js";
import { sum } from "../ops/sum.js";
import { OptionError, ShapeError } from "../runtime/errors.js";
import { sameShape } from "../runtime/shape.js";

/** Labels as the losses use them. */
export interface Targets {
  /** f32 [..., classes]: 1 at the label's class; rows of zeros for pixels that do not count. */
  readonly y: Tensor<"f32">;
  /** f32 [...]: 1 where the pixel counts. */
  readonly counted: Tensor<"f32">;
}

/** Throws unless `logits` are floats, `labels` class numbers of their shape without its last axis, and the options in range. */
export function checkLoss(op: string, logits: TensorLike, labels: TensorLike, ignoreIndex: number, weight?: readonly number[]): void {
  checkClasses(op, "logits", logits);
  checkLabels(op, "labels", labels);
  if (!sameShape(labels.shape, logits.shape.slice(0, -1)))
    throw new ShapeError(op, "labels must have the shape of logits without its last axis (classes)", {
      logits: [logits.shape, logits.shape.length === 4 ? "NHWC" : ""],
      labels: [labels.shape, labels.shape.length === 3 ? "NHW" : ""],
    });
  if (!Number.isInteger(ignoreIndex)) throw new OptionError(`${op}: ignoreIndex must be a whole number but is ${ignoreIndex}.`);
  const classes = logits.shape.at(-1)!;
  if (weight && (weight.length !== classes || !weight.every((w) => Number.isFinite(w) && w >= 0)))
    throw new OptionError(`${op}: weight must hold ${classes} numbers of at least 0, one for each class, but holds [${weight.join(", ")}].`);
}

/** One-hot targets. Pixels labelled `ignoreIndex`, or with what is no class, do not count. */
export function targets(labels: TensorLike, classes: number, ignoreIndex: number): Targets {
  let y = oneHot(labels, classes);
  if (ignoreIndex >= 0 && ignoreIndex < classes) y = mul(y, reshape(sub(1, equal(cast(labels, "f32"), ignoreIndex)), [...labels.shape, 1]));
  return { y, counted: sum(y, { axes: [-1] }) };
}
