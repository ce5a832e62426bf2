import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerProd } from "../kernels/prod.js";
import type { ReduceParams } from "../kernels/reduce.js";
import type { DType } from "../runtime/dtype.js";
import { reduceParams, reducedShape, withKeptAxes, type ReduceOptions } from "./axes.js";
import { cast } from "./cast.js";
import { div, equal, mul, where } from "./pointwise.js";
import { requireWords } from "./require.js";
import { sum } from "./sum.js";

const prodOp = defineOp({
  name: "prod",
  shape: ({ x }: { x: Spec }, { axes, keepDims }: ReduceParams): Spec => {
    requireWords("prod", "x", x);
    return { shape: reducedShape(x.shape, axes, keepDims), dtype: x.dtype };
  },
  gradient: {
    // The product of the others: where one factor is 0, only it has a slope; where two are, none has.
    x: (grad, { x }, { axes }): Tensor => {
      const wide = cast(x, "f32");
      const isZero = equal(wide, 0);
      const zeros = sum(isZero, { axes, keepDims: true });
      const rest = prod(where(isZero, 1, wide), { axes, keepDims: true });
      const others = where(isZero, where(equal(zeros, 1), rest, 0), where(equal(zeros, 0), div(rest, wide), 0));
      return cast(mul(others, cast(withKeptAxes(grad, x.shape, axes), "f32")), x.dtype);
    },
  },
  lower: lowerProd,
});

/**
 * Product over axes; over everything by default, which gives a tensor of shape []. The product of nothing is 1. The gradient is
 * right where factors are 0. Products of i32 and u32 wrap and have no gradient.
 *
 * @param x f32, f16 (multiplied in f32), i32 or u32, any shape
 * @returns the shape without the folded axes (with size 1 for them if `keepDims`)
 * @throws ShapeError for an axis that does not exist, OptionError for one given twice, DTypeError for u8 (cast first)
 * @pytorch torch.prod
 * @onnx ReduceProd
 */
export function prod<D extends DType>(x: TensorLike<D>, options: ReduceOptions = {}): Tensor<D> {
  return prodOp({ x }, reduceParams("prod", x, options)) as Tensor<D>;
}
