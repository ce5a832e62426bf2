import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerMax, type ReduceParams } from "../kernels/reduce.js";
import type { DType } from "../runtime/dtype.js";
import { ShapeError, checkOptions } from "../runtime/errors.js";
import { normaliseAxes, reducedShape, type ReduceOptions } from "./axes.js";
import { div, equal, mul } from "./pointwise.js";
import { requireWords } from "./require.js";
import { reshape } from "./reshape.js";
import { sum } from "./sum.js";

const maxOp = defineOp({
  name: "max",
  shape: ({ x }: { x: Spec }, { axes, keepDims }: ReduceParams): Spec => {
    requireWords("max", "x", x);
    if (axes.some((axis) => x.shape[axis] === 0)) throw new ShapeError("max", "the largest of no elements is not defined", { x: x.shape });
    return { shape: reducedShape(x.shape, axes, keepDims), dtype: x.dtype };
  },
  gradient: {
    x: (grad, { x }, { axes }, out) => {
      const kept = reducedShape(x.shape, axes, true);
      const ties = equal(x, reshape(out, kept));
      return mul(ties, div(reshape(grad, kept), sum(ties, { axes, keepDims: true })));
    },
  },
  lower: lowerMax,
});

/**
 * Largest element over axes; over everything by default, which gives a tensor of shape []. NaN wins.
 * The gradient is shared equally among elements that tie, as by PyTorch's `amax`.
 *
 * @param x f32, i32 or u32, any shape
 * @throws OptionError for an axis that does not exist, DTypeError for u8 (cast first), ShapeError for an empty extent
 */
export function max<D extends DType>(x: TensorLike<D>, options: ReduceOptions = {}): Tensor<D> {
  checkOptions("max", options, ["axes", "keepDims"]);
  return maxOp({ x }, { axes: normaliseAxes("max", x.shape, options.axes), keepDims: options.keepDims ?? false }) as Tensor<D>;
}
