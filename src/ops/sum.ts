import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerSum, type ReduceParams } from "../kernels/reduce.js";
import type { DType } from "../runtime/dtype.js";
import { sameShape, type Shape } from "../runtime/shape.js";
import { reduceParams, reducedShape, withKeptAxes, type ReduceOptions } from "./axes.js";
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
  const kept = withKeptAxes(x, shape, axes);
  return sameShape(kept.shape, shape) ? kept : broadcastTo(kept, shape);
}

/** Sums the axes along which `shape` was stretched by broadcasting. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const extra = x.shape.length - shape.length;
  const axes = x.shape.flatMap((n, i) => (i < extra || (shape[i - extra] === 1 && n !== 1) ? [i] : []));
  return reshape(axes.length ? sum(x, { axes }) : x, shape);
}

/**
 * Sum over axes; over everything by default, which gives a tensor of shape []. Long sums are added up in
 * chunks, in a fixed order, so that rounding errors stay small. The sum of nothing is 0. Sums of i32 and u32 wrap and have no gradient.
 *
 * @param x f32, f16 (added up in f32), i32 or u32, any shape
 * @returns the shape without the folded axes (with size 1 for them if `keepDims`)
 * @throws ShapeError for an axis that does not exist, OptionError for one given twice, DTypeError for u8 (cast first)
 * @pytorch torch.sum
 * @onnx ReduceSum
 */
export function sum<D extends DType>(x: TensorLike<D>, options: ReduceOptions = {}): Tensor<D> {
  return sumOp({ x }, reduceParams("sum", x, options)) as Tensor<D>;
}
