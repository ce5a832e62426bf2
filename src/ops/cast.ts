import { defineOp, type Spec } from "../graph/op.js";
import { Tensor, type TensorLike } from "../graph/tensor.js";
import { lowerCast } from "../kernels/cast.js";
import type { DType } from "../runtime/dtype.js";
import { DTypeError } from "../runtime/errors.js";

type CastType = Exclude<DType, "f16">;
const types: readonly DType[] = ["f32", "i32", "u32", "u8"];

const castOp = defineOp({
  name: "cast",
  shape: ({ x }: { x: Spec }, { dtype }: { dtype: CastType }): Spec => {
    for (const type of [x.dtype, dtype]) if (!types.includes(type)) throw new DTypeError(`cast: ${type} is not one of ${types.join(", ")}.`);
    return { shape: x.shape, dtype };
  },
  // Between whole numbers and floats nothing is differentiable; f32 to f32 is the identity.
  gradient: { x: (grad, { x }, { dtype }) => (x.dtype === "f32" && dtype === "f32" ? grad : undefined) },
  lower: lowerCast,
});

/**
 * The same numbers in another element type. Floats are cut towards zero; numbers beyond the range of the new type are
 * brought to its nearest end (300 becomes 255 in u8, −1 becomes 0), and NaN becomes 0 in whole-number types. No
 * gradient passes through, except from f32 to f32.
 *
 * @param x f32, i32, u32 or u8, any shape
 * @throws DTypeError for f16
 */
export function cast<D extends CastType>(x: TensorLike, dtype: D): Tensor<D> {
  if (x instanceof Tensor && x.dtype === dtype && x.value) return x as Tensor as Tensor<D>;
  return castOp({ x }, { dtype }) as Tensor as Tensor<D>;
}
