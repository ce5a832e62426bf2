import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { MAX_AXES } from "../kernels/strided.js";
import { lowerTranspose, type TransposeParams } from "../kernels/transpose.js";
import type { DType } from "../runtime/dtype.js";
import { OptionError, ShapeError } from "../runtime/errors.js";
import { requireTensors, requireWords } from "./require.js";

const transposeOp = defineOp({
  name: "transpose",
  shape: ({ x }: { x: Spec }, { permutation }: TransposeParams) => {
    requireWords("transpose", "x", x);
    const rank = x.shape.length;
    if (rank > MAX_AXES) throw new ShapeError("transpose", `x may have at most ${MAX_AXES} axes but has ${rank}`, { x: x.shape });
    if (permutation.length !== rank || x.shape.some((_, axis) => !permutation.includes(axis)))
      throw new ShapeError("transpose", `the permutation [${permutation.join(", ")}] must name each of the ${rank} axes of x once`, { x: x.shape });
    return { shape: permutation.map((axis) => x.shape[axis]!), dtype: x.dtype };
  },
  gradient: { x: (grad, _inputs, { permutation }): Tensor => transposeOp({ x: grad }, { permutation: permutation.map((_, axis) => permutation.indexOf(axis)) }) },
  lower: lowerTranspose,
  traits: { cheap: true },
});

/**
 * The axes of x in another order: `transpose(x, [0, 3, 1, 2])` makes NCHW of NHWC.
 *
 * @param x up to six axes: f32, f16, i32 or u32
 * @param permutation for every axis of the result, the axis of x it is; negative ones count from the back. Default: all
 *   axes reversed
 * @throws ShapeError unless the permutation names every axis once, OptionError unless it is an array
 *
 * @pytorch torch.permute
 * @onnx Transpose
 */
export function transpose<D extends DType>(x: TensorLike<D>, permutation?: readonly number[]): Tensor<D> {
  requireTensors("transpose", { x });
  if (permutation !== undefined && !Array.isArray(permutation)) throw new OptionError(`transpose: the permutation must be an array of axis numbers but is ${JSON.stringify(permutation)}.`);
  const rank = x.shape.length;
  const order = permutation?.map((axis) => (axis < 0 ? axis + rank : axis)) ?? x.shape.map((_, axis) => rank - 1 - axis);
  return transposeOp({ x }, { permutation: order }) as Tensor<D>;
}
