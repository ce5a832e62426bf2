import { defineOp, type Spec } from "../graph/op.js";
import { Tensor, type TensorLike } from "../graph/tensor.js";
import { lowerCast } from "../kernels/cast.js";
import { dtypes, type DType } from "../runtime/dtype.js";
import { DTypeError } from "../runtime/errors.js";

const isFloat = (dtype: DType): boolean => dtype === "f32" || dtype === "f16";

const castOp = defineOp({
  name: "cast",
  shape: ({ x }: { x: Spec }, { dtype }: { dtype: DType }): Spec => {
    if (!dtypes.includes(dtype)) throw new DTypeError(`cast: ${String(dtype)} is not one of ${dtypes.join(", ")}.`);
    return { shape: x.shape, dtype };
  },
  // Between whole numbers and floats nothing is differentiable; from float to float the slope is 1.
  gradient: { x: (grad, { x }, { dtype }) => (isFloat(x.dtype) && isFloat(dtype) ? cast(grad, x.dtype) : undefined) },
  lower: lowerCast,
  traits: { cheap: true },
});

/**
 * The same numbers in another element type. Floats are cut towards zero; numbers beyond the range of the new type are
 * brought to its nearest end (300 becomes 255 in u8, −1 becomes 0), and NaN becomes 0 in whole-number types. In f16 every
 * number becomes the nearest one (ties to even), and infinite from 65520 on. Gradients pass between f32 and f16 (in the dtype of
 * x), and through no cast from or to whole numbers.
 *
 * @param x any dtype, any shape
 * @returns the shape of x
 * @throws DTypeError for an unknown dtype, DeviceError for f16 on an adapter without the feature "shader-f16"
 *
 * @pytorch torch.Tensor.to (which wraps around where a whole number does not fit)
 * @onnx Cast
 */
export function cast<D extends DType>(x: TensorLike, dtype: D): Tensor<D> {
  if (x instanceof Tensor && x.dtype === dtype && x.value) return x as Tensor as Tensor<D>;
  return castOp({ x }, { dtype }) as Tensor as Tensor<D>;
}
