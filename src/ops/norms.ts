import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerFold, type ReduceParams } from "../kernels/reduce.js";
import type { FloatDType } from "../runtime/dtype.js";
import { reduceParams, reducedShape, withKeptAxes, type ReduceOptions } from "./axes.js";
import { div, equal, mul, sign, where } from "./pointwise.js";
import { requireFloat } from "./require.js";

const shape = (name: string) => ({ x }: { x: Spec }, { axes, keepDims }: ReduceParams): Spec => {
  requireFloat(name, "x", x);
  return { shape: reducedShape(x.shape, axes, keepDims), dtype: x.dtype };
};

const l1NormOp = defineOp({
  name: "l1Norm",
  shape: shape("l1Norm"),
  gradient: { x: (grad, { x }, { axes }) => mul(sign(x), withKeptAxes(grad, x.shape, axes)) },
  lower: lowerFold("l1"),
});

const l2NormOp = defineOp({
  name: "l2Norm",
  shape: shape("l2Norm"),
  gradient: { x: (grad, { x }, { axes }, out) => mul(x, withKeptAxes(where(equal(out, 0), 0, div(grad, out)), x.shape, axes)) },
  lower: lowerFold("l2"),
});

/**
 * Σ |x| over axes; over everything by default, which gives a tensor of shape []. Its gradient at 0 is 0.
 *
 * @param x f32 or f16 (added up in f32), any shape
 * @returns the shape without the folded axes (with size 1 for them if `keepDims`)
 * @throws ShapeError for an axis that does not exist, OptionError for one given twice, DTypeError for whole numbers
 * @pytorch torch.linalg.vector_norm (ord = 1)
 * @onnx ReduceL1
 */
export function l1Norm<D extends FloatDType = "f32">(x: TensorLike<D>, options: ReduceOptions = {}): Tensor<D> {
  return l1NormOp({ x }, reduceParams("l1Norm", x, options)) as Tensor<D>;
}

/**
 * √(Σ x²) over axes; over everything by default, which gives a tensor of shape []. Its gradient where all is 0 is 0, as in
 * PyTorch. Squares are added up in f32: magnitudes beyond 10¹⁹ give an infinity.
 *
 * @param x f32 or f16, any shape
 * @returns the shape without the folded axes (with size 1 for them if `keepDims`)
 * @throws ShapeError for an axis that does not exist, OptionError for one given twice, DTypeError for whole numbers
 * @pytorch torch.linalg.vector_norm
 * @onnx ReduceL2
 */
export function l2Norm<D extends FloatDType = "f32">(x: TensorLike<D>, options: ReduceOptions = {}): Tensor<D> {
  return l2NormOp({ x }, reduceParams("l2Norm", x, options)) as Tensor<D>;
}
