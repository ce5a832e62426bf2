import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerMean, type ReduceParams } from "../kernels/reduce.js";
import type { FloatDType } from "../runtime/dtype.js";
import { foldedCount, reduceParams, reducedShape, type ReduceOptions } from "./axes.js";
import { mul } from "./pointwise.js";
import { requireFloat } from "./require.js";
import { unfold } from "./sum.js";

const meanOp = defineOp({
  name: "mean",
  shape: ({ x }: { x: Spec }, { axes, keepDims }: ReduceParams): Spec => {
    requireFloat("mean", "x", x);
    return { shape: reducedShape(x.shape, axes, keepDims), dtype: x.dtype };
  },
  gradient: { x: (grad, { x }, { axes }) => unfold(mul(grad, 1 / foldedCount(x.shape, axes)), x.shape, axes) },
  lower: lowerMean,
});

/**
 * Mean over axes; over everything by default, which gives a tensor of shape []. The mean of nothing is NaN, as PyTorch has it.
 *
 * @param x f32 or f16 (added up in f32), any shape
 * @returns the shape without the folded axes (with size 1 for them if `keepDims`)
 * @throws ShapeError for an axis that does not exist, OptionError for one given twice, DTypeError for whole numbers
 * @pytorch torch.mean
 * @onnx ReduceMean
 */
export function mean<D extends FloatDType = "f32">(x: TensorLike<D>, options: ReduceOptions = {}): Tensor<D> {
  return meanOp({ x }, reduceParams("mean", x, options)) as Tensor<D>;
}
