import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerLogSumExp } from "../kernels/log-sum-exp.js";
import type { ReduceParams } from "../kernels/reduce.js";
import type { FloatDType } from "../runtime/dtype.js";
import { reduceParams, reducedShape, withKeptAxes, type ReduceOptions } from "./axes.js";
import { cast } from "./cast.js";
import { exp, log, mul, sub } from "./pointwise.js";
import { requireFloat } from "./require.js";
import { sum } from "./sum.js";

const logSumExpOp = defineOp({
  name: "logSumExp",
  shape: ({ x }: { x: Spec }, { axes, keepDims }: ReduceParams): Spec => {
    requireFloat("logSumExp", "x", x);
    // f32 whichever float x holds: the gradient goes by small differences from it.
    return { shape: reducedShape(x.shape, axes, keepDims), dtype: "f32" };
  },
  gradient: { x: (grad, { x }, { axes }, out) => cast(mul(exp(sub(cast(x, "f32"), withKeptAxes(out, x.shape, axes))), withKeptAxes(grad, x.shape, axes)), x.dtype) },
  lower: lowerLogSumExp,
});

/**
 * log Σ exp(x) over axes, over everything by default; the largest element is taken out first, so that nothing overflows. Of nothing,
 * and of −∞ alone, it is −∞.
 *
 * @param x f32 or f16 (computed in f32), any shape
 * @returns the shape without the folded axes (with size 1 for them if `keepDims`)
 * @throws ShapeError for an axis that does not exist, OptionError for one given twice, DTypeError for whole numbers
 * @pytorch torch.logsumexp
 * @onnx ReduceLogSumExp
 */
export function logSumExp<D extends FloatDType = "f32">(x: TensorLike<D>, options: ReduceOptions = {}): Tensor<D> {
  const params = reduceParams("logSumExp", x, options);
  const compute = (): Tensor<D> => cast(logSumExpOp({ x }, params), x.dtype);
  return x.dtype === "f32" || capturing() ? compute() : runEagerly(compute);
}

/**
 * log Σ x over axes; over everything by default, which gives a tensor of shape [].
 *
 * @param x f32 or f16 (computed in f32), any shape
 * @returns the shape without the folded axes (with size 1 for them if `keepDims`)
 * @throws ShapeError for an axis that does not exist, OptionError for one given twice, DTypeError for whole numbers
 * @pytorch none: torch.sum, then torch.log
 * @onnx ReduceLogSum
 */
export function logSum<D extends FloatDType = "f32">(x: TensorLike<D>, options: ReduceOptions = {}): Tensor<D> {
  const params = reduceParams("logSum", x, options);
  requireFloat("logSum", "x", x);
  if (!capturing()) return runEagerly(() => logSum(x, options));
  return cast(log(sum(cast(x, "f32"), params)), x.dtype);
}
