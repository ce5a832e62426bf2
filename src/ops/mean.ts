import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerMean, type ReduceParams } from "../kernels/reduce.js";
import { ShapeError, checkOptions } from "../runtime/errors.js";
import { normaliseAxes, reducedShape, type ReduceOptions } from "./axes.js";
import { mul } from "./pointwise.js";
import { requireDType } from "./require.js";
import { unfold } from "./sum.js";

const meanOp = defineOp({
  name: "mean",
  shape: ({ x }: { x: Spec }, { axes, keepDims }: ReduceParams): Spec => {
    requireDType("mean", "x", x, "f32");
    if (axes.some((axis) => x.shape[axis] === 0)) throw new ShapeError("mean", "the mean of no elements is not defined", { x: x.shape });
    return { shape: reducedShape(x.shape, axes, keepDims), dtype: x.dtype };
  },
  gradient: {
    x: (grad, { x }, { axes }) => unfold(mul(grad, 1 / axes.reduce((n, axis) => n * x.shape[axis]!, 1)), x.shape, axes),
  },
  lower: lowerMean,
});

/**
 * Mean over axes; over everything by default, which gives a tensor of shape [].
 *
 * @param x f32, any shape
 * @throws OptionError for an axis that does not exist, DTypeError for whole numbers, ShapeError for an empty extent
 */
export function mean(x: TensorLike<"f32">, options: ReduceOptions = {}): Tensor<"f32"> {
  checkOptions("mean", options, ["axes", "keepDims"]);
  return meanOp({ x }, { axes: normaliseAxes("mean", x.shape, options.axes), keepDims: options.keepDims ?? false }) as Tensor<"f32">;
}
