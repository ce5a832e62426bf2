import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import type { DType } from "../runtime/dtype.js";
import { ShapeError, checkOptions } from "../runtime/errors.js";
import { sameShape } from "../runtime/shape.js";
import { concat } from "./concat.js";
import { requireTensors, requireWords } from "./require.js";
import { reshape } from "./reshape.js";

export interface StackOptions {
  /** Where the new axis stands in the result; negative ones count from the back. Default 0. */
  axis?: number;
}

/**
 * Joins tensors of one shape along a new axis, in order: out[…, i, …] = xs[i].
 *
 * @param xs at least one tensor, all of one shape and dtype (f32, f16, i32 or u32)
 * @returns that shape with a new axis of xs.length
 * @throws ShapeError when shapes differ or the axis does not exist, DTypeError when dtypes differ
 *
 * @pytorch torch.stack
 * @onnx Unsqueeze and Concat (ConcatFromSequence with new_axis = 1)
 */
export function stack<D extends DType>(xs: readonly TensorLike<D>[], options: StackOptions = {}): Tensor<D> {
  if (!capturing()) return runEagerly(() => stack(xs, options));
  checkOptions("stack", options, ["axis"]);
  const first = Array.isArray(xs) ? (xs as readonly TensorLike<D>[])[0] : undefined;
  if (!first) throw new ShapeError("stack", "there must be at least one tensor, in an array");
  requireTensors("stack", Object.fromEntries(xs.map((x, i) => [`x${i}`, x])));
  xs.forEach((x, i) => {
    requireWords("stack", `x${i}`, x);
    if (!sameShape(x.shape, first.shape)) throw new ShapeError("stack", `x${i} must have the shape of x0`, { x0: first.shape, [`x${i}`]: x.shape });
  });
  const { axis: given = 0 } = options;
  const rank = first.shape.length + 1;
  if (!Number.isInteger(given) || given < -rank || given >= rank) throw new ShapeError("stack", `the result has no axis ${given}: axes go from ${-rank} to ${rank - 1}`, { x0: first.shape });
  const axis = given < 0 ? given + rank : given;
  const parts = xs.map((x) => reshape(x, first.shape.toSpliced(axis, 0, 1)));
  return concat(parts, { axis });
}
