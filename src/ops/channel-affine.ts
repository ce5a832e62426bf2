import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerPointwise } from "../kernels/pointwise.js";
import type { FloatDType } from "../runtime/dtype.js";
import { ShapeError } from "../runtime/errors.js";
import { channelSums } from "./batch-norm2d.js";
import { cast } from "./cast.js";
import { mul } from "./pointwise.js";
import { requireFloats } from "./require.js";

const channelAffineOp = defineOp({
  name: "channelAffine",
  shape: ({ x, scale, shift }: Record<"x" | "scale" | "shift", Spec>): Spec => {
    requireFloats("channelAffine", { x, scale, shift });
    for (const [name, { shape }] of Object.entries({ scale, shift }))
      if (shape.length !== 1 || shape[0] !== x.shape.at(-1)) throw new ShapeError("channelAffine", `${name} must hold one number for each of the ${x.shape.at(-1) ?? 0} channels (the last axis) of x`, { x: x.shape, [name]: shape });
    return { shape: x.shape, dtype: x.dtype };
  },
  gradient: {
    x: (grad, { scale }) => mul(grad, scale),
    scale: (grad, { x, scale }) => cast(channelSums(x, grad).products, scale.dtype),
    shift: (grad, { x, shift }) => cast(channelSums(x, grad).plain, shift.dtype),
  },
  lower: (low, { x, scale, shift }, outputs) => lowerPointwise(low, { x0: x, x1: scale, x2: shift }, outputs, { program: [["mul", 0, 1], ["add", 3, 2]], constants: [] }),
  traits: { cheap: true, sliceOutput: true, affine: ({ scale, shift }) => ({ scale: scale!, shift: shift! }) },
});

/**
 * A scale and a shift for each channel: x · scale + shift. A plan folds it into the convolution before it where it can.
 *
 * @param x f32 or f16 [..., C] (NHWC feature maps)
 * @param scale of the dtype of x, [C]
 * @param shift of the dtype of x, [C]
 * @returns the shape and dtype of x
 * @throws ShapeError when sizes do not fit, DTypeError when dtypes do not
 * @pytorch none: x * scale + shift (frozen batch norm of torchvision, torchvision.ops.FrozenBatchNorm2d)
 * @onnx none: Mul, then Add
 */
export function channelAffine<D extends FloatDType = "f32">(x: TensorLike<D>, scale: TensorLike<D>, shift: TensorLike<D>): Tensor<D> {
  return channelAffineOp({ x, scale, shift }, {}) as Tensor<D>;
}
