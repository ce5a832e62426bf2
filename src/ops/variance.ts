import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { ReduceParams } from "../kernels/reduce.js";
import { lowerVariance, type VarianceParams } from "../kernels/variance.js";
import type { FloatDType } from "../runtime/dtype.js";
import { OptionError, ShapeError } from "../runtime/errors.js";
import { foldedCount, reduceParams, reducedShape, withKeptAxes, type ReduceOptions } from "./axes.js";
import { cast } from "./cast.js";
import { add, div, equal, mul, sub, where } from "./pointwise.js";
import { requireFloat } from "./require.js";
import { unfold } from "./sum.js";

/** Variance (or standard deviation) and mean in f32, whichever float x holds. */
export const varianceOp = defineOp({
  name: "variance",
  shape: ({ x }: { x: Spec }, { axes, keepDims, correction, root }: ReduceParams & VarianceParams): { out: Spec; mean: Spec } => {
    const name = root ? "std" : "variance";
    requireFloat(name, "x", x);
    const count = foldedCount(x.shape, axes);
    if (count <= correction || count === 0)
      throw new ShapeError(name, `${correction > 0 ? `with correction ${correction} ` : ""}it needs more than ${correction} value${correction === 1 ? "" : "s"} but gets ${count}${count > 0 ? ". Use correction: 0" : ""}`, { x: x.shape });
    const spec: Spec = { shape: reducedShape(x.shape, axes, keepDims), dtype: "f32" };
    return { out: spec, mean: spec };
  },
  gradient: {
    x: (grad, { x }, { axes, correction, root }, { out, mean }) => {
      const count = foldedCount(x.shape, axes);
      const parts: Tensor[] = [];
      if (grad.out) {
        // Where all values are equal, the standard deviation has no slope; 0 is PyTorch's choice.
        const factor = root ? where(equal(out, 0), 0, div(mul(grad.out, 1 / (count - correction)), out)) : mul(grad.out, 2 / (count - correction));
        parts.push(mul(sub(cast(x, "f32"), withKeptAxes(mean, x.shape, axes)), withKeptAxes(factor, x.shape, axes)));
      }
      if (grad.mean) parts.push(unfold(mul(grad.mean, 1 / count), x.shape, axes));
      return parts.length > 0 ? cast(parts.reduce((a, b) => add(a, b)), x.dtype) : undefined;
    },
  },
  lower: lowerVariance,
});

export interface VarianceOptions extends ReduceOptions {
  /** Taken off the count that the squared deviations are divided by: 1 (default) estimates the variance of what x is a sample of, 0 is the variance of x. */
  correction?: 0 | 1 | undefined;
}

function spread<D extends FloatDType>(name: "variance" | "std", x: TensorLike<D>, options: VarianceOptions): Tensor<D> {
  const params = reduceParams(name, x, options, ["correction"]);
  const { correction = 1 } = options;
  if (correction !== 0 && correction !== 1) throw new OptionError(`${name}: correction must be 0 or 1 but is ${String(correction)}.`);
  const compute = (): Tensor<D> => cast(varianceOp({ x }, { ...params, correction, root: name === "std" }).out, x.dtype);
  return capturing() ? compute() : runEagerly(compute);
}

/**
 * Variance over axes; over everything by default, which gives a tensor of shape []. Two walks over x, so that a mean far from 0
 * costs no digits.
 *
 * @param x f32 or f16 (computed in f32), any shape
 * @returns the shape without the folded axes (with size 1 for them if `keepDims`)
 * @throws ShapeError for an axis that does not exist and for no more values than the correction, OptionError, DTypeError for whole numbers
 * @pytorch torch.var
 * @onnx none: ReduceMean and ReduceSumSquare
 */
export function variance<D extends FloatDType = "f32">(x: TensorLike<D>, options: VarianceOptions = {}): Tensor<D> {
  return spread("variance", x, options);
}

/**
 * Standard deviation over axes, the root of `variance`. Its gradient is 0 where all values are equal, as in PyTorch.
 *
 * @param x f32 or f16 (computed in f32), any shape
 * @returns the shape without the folded axes (with size 1 for them if `keepDims`)
 * @throws ShapeError for an axis that does not exist and for no more values than the correction, OptionError, DTypeError for whole numbers
 * @pytorch torch.std
 * @onnx none: ReduceMean, ReduceSumSquare and Sqrt
 */
export function std<D extends FloatDType = "f32">(x: TensorLike<D>, options: VarianceOptions = {}): Tensor<D> {
  return spread("std", x, options);
}
