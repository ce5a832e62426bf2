import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import type { DType } from "../runtime/dtype.js";
import { ShapeError } from "../runtime/errors.js";
import { checkShape, sizeOf, type Shape } from "../runtime/shape.js";

const reshapeOp = defineOp({
  name: "reshape",
  shape: ({ x }: { x: Spec }, { shape }: { shape: number[] }): Spec => {
    if (sizeOf(shape) !== sizeOf(x.shape)) throw new ShapeError("reshape", `[${shape.join(", ")}] has ${sizeOf(shape)} elements but x has ${sizeOf(x.shape)}`, { x: x.shape });
    return { shape, dtype: x.dtype };
  },
  gradient: { x: (grad, { x }) => reshape(grad, x.shape) },
  lower: () => undefined, // an alias: the plan gives the output the memory of x
  traits: { alias: true },
});

/**
 * The same elements in the same order under another shape.
 *
 * @param x any dtype, any shape
 * @param shape sizes of the new axes; one may be −1 and is worked out
 * @throws ShapeError when the number of elements is another
 *
 * @pytorch torch.reshape
 * @onnx Reshape
 */
export function reshape<D extends DType>(x: TensorLike<D>, shape: Shape): Tensor<D> {
  const known = shape.filter((n) => n !== -1);
  const sizes = shape.map((n) => (n === -1 ? sizeOf(x.shape) / sizeOf(known) : n));
  if (shape.length - known.length > 1 || sizes.some((n) => !Number.isInteger(n)))
    throw new ShapeError("reshape", `[${shape.join(", ")}] does not fit: at most one axis may be −1, and the sizes must divide`, { x: x.shape });
  checkShape("reshape", sizes);
  return reshapeOp({ x }, { shape: sizes }) as Tensor<D>;
}
