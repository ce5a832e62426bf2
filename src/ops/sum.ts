import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerSum, type ReduceParams } from "../kernels/reduce.js";
import type { DType } from "../runtime/dtype.js";
import { checkOptions } from "../runtime/errors.js";
import { sameShape, type Shape } from "../runtime/shape.js";
import { normaliseAxes, reducedShape, type ReduceOptions } from "./axes.js";
import { broadcastTo } from "./broadcast-to.js";
import { requireWords } from "./require.js";
import { reshape } from "./reshape.js";

const sumOp = defineOp({
  name: "sum",
  shape: ({ x }: { x: Spec }, { axes, keepDims }: ReduceParams): Spec => {
    requireWords("sum", "x", x);
    return { shape: reducedShape(x.shape, axes, keepDims), dtype: x.dtype };
  },
  gradient: { x: (grad, { x }, { axes }) => unfold(grad, x.shape, axes) },
  lower: lowerSum,
});

/** Repeats a result of folding `axes` (with or without its axes of size 1) so that it has `shape` again. */
export function unfold(x: Tensor, shape: Shape, axes: readonly number[]): Tensor {
  const kept = reshape(x, reducedShape(shape, axes, true));
  return sameShape(kept.shape, shape) ? kept : broadcastTo(kept, shape);
}

/**
 * Sum over axes; over everything by default, which gives a tensor of shape []. Long sums are added up in
 * chunks, in a fixed order, so that rounding errors stay small. Sums of i32 and u32 wrap and have no gradient.
 *
 * @param x f32, i32 or u32, any shape
 * @throws OptionError for an axis that does not exist, DTypeError for u8 (cast first)
 */
export function sum<D extends DType>(x: TensorLike<D>, options: ReduceOptions = {}): Tensor<D> {
  checkOptions("sum", options, ["axes", "keepDims"]);
  return sumOp({ x }, { axes: normaliseAxes("sum", x.shape, options.axes), keepDims: options.keepDims ?? false }) as Tensor<D>;
}
