import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerFold, type ReduceParams } from "../kernels/reduce.js";
import type { DType } from "../runtime/dtype.js";
import { ShapeError } from "../runtime/errors.js";
import { reduceParams, reducedShape, withKeptAxes, type ReduceOptions } from "./axes.js";
import { cast } from "./cast.js";
import { div, equal, mul } from "./pointwise.js";
import { requireWords } from "./require.js";
import { sum } from "./sum.js";

const extreme = (name: "max" | "min", word: string) => defineOp({
  name,
  shape: ({ x }: { x: Spec }, { axes, keepDims }: ReduceParams): Spec => {
    requireWords(name, "x", x);
    if (axes.some((axis) => x.shape[axis] === 0)) throw new ShapeError(name, `the ${word} of no elements is not defined`, { x: x.shape });
    return { shape: reducedShape(x.shape, axes, keepDims), dtype: x.dtype };
  },
  gradient: {
    x: (grad, { x }, { axes }, out) => {
      const ties = equal(x, withKeptAxes(out, x.shape, axes));
      // Ties are counted in f32: f16 ends at 65504.
      const share = div(cast(withKeptAxes(grad, x.shape, axes), "f32"), sum(cast(ties, "f32"), { axes, keepDims: true }));
      return mul(ties, cast(share, x.dtype));
    },
  },
  lower: lowerFold(name),
});

const maxOp = extreme("max", "largest");
const minOp = extreme("min", "smallest");

/**
 * Largest element over axes; over everything by default, which gives a tensor of shape []. NaN wins.
 * The gradient is shared equally among elements that tie, as by PyTorch's `amax`.
 *
 * @param x f32, f16, i32 or u32, any shape
 * @returns the shape without the folded axes (with size 1 for them if `keepDims`)
 * @throws ShapeError for an axis that does not exist or an empty extent, OptionError for an axis given twice, DTypeError for u8 (cast first)
 * @pytorch torch.amax
 * @onnx ReduceMax
 */
export function max<D extends DType>(x: TensorLike<D>, options: ReduceOptions = {}): Tensor<D> {
  return maxOp({ x }, reduceParams("max", x, options)) as Tensor<D>;
}

/**
 * Smallest element over axes; over everything by default, which gives a tensor of shape []. NaN wins.
 * The gradient is shared equally among elements that tie, as by PyTorch's `amin`.
 *
 * @param x f32, f16, i32 or u32, any shape
 * @returns the shape without the folded axes (with size 1 for them if `keepDims`)
 * @throws ShapeError for an axis that does not exist or an empty extent, OptionError for an axis given twice, DTypeError for u8 (cast first)
 * @pytorch torch.amin
 * @onnx ReduceMin
 */
export function min<D extends DType>(x: TensorLike<D>, options: ReduceOptions = {}): Tensor<D> {
  return minOp({ x }, reduceParams("min", x, options)) as Tensor<D>;
}
