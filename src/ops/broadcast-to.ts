import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerBroadcastTo } from "../kernels/broadcast-to.js";
import { lowerReduce } from "../kernels/reduce.js";
import { MAX_AXES } from "../kernels/strided.js";
import type { DType } from "../runtime/dtype.js";
import { ShapeError } from "../runtime/errors.js";
import { checkShape, type Shape } from "../runtime/shape.js";
import { requireFloat, requireWords } from "./require.js";

interface Params {
  readonly shape: Shape;
}

/** Axes of `shape` along which a tensor of shape `x`, aligned at the end, is repeated. */
function stretchedAxes(x: Shape, shape: Shape): number[] {
  const missing = shape.length - x.length;
  return shape.flatMap((size, axis) => (axis < missing || (x[axis - missing] === 1 && size !== 1) ? [axis] : []));
}

const broadcastToOp = defineOp({
  name: "broadcastTo",
  shape: ({ x }: { x: Spec }, { shape }: Params) => {
    requireWords("broadcastTo", "x", x);
    if (shape.length > MAX_AXES) throw new ShapeError("broadcastTo", `at most ${MAX_AXES} axes are possible`, { x: x.shape, shape });
    const missing = shape.length - x.shape.length;
    if (missing < 0 || x.shape.some((n, i) => n !== 1 && n !== shape[i + missing]))
      throw new ShapeError("broadcastTo", "x does not stretch to the shape (axes are aligned at the end; only 1 stretches)", { x: x.shape, shape });
    return { shape, dtype: x.dtype };
  },
  gradient: { x: (grad, { x }): Tensor => broadcastToGradientOp({ grad }, { shape: x.shape }) },
  lower: lowerBroadcastTo,
  traits: { cheap: true },
});

/** The sum over every axis that was stretched. */
const broadcastToGradientOp = defineOp({
  name: "broadcastToGradient",
  shape: ({ grad }: { grad: Spec }, { shape }: Params) => {
    requireFloat("broadcastToGradient", "grad", grad);
    return { shape, dtype: grad.dtype };
  },
  gradient: { grad: (grad, { grad: wide }): Tensor => broadcastToOp({ x: grad }, { shape: wide.shape }) },
  lower: (low, { grad }, { out }, { shape }) => lowerReduce(low, grad, out, "sum", stretchedAxes(shape, grad.shape)),
});

/**
 * x with axes of size 1 repeated, and new axes in front, by NumPy's rules. Operators broadcast by themselves; this makes
 * the repeated tensor where it is wanted as such.
 *
 * @param x f32, f16, i32 or u32
 * @param shape up to six axes; aligned at the end, each is that of x, or x has 1 or nothing there
 * @throws ShapeError when x does not stretch to the shape
 *
 * @pytorch torch.broadcast_to
 * @onnx Expand
 */
export function broadcastTo<D extends DType>(x: TensorLike<D>, shape: Shape): Tensor<D> {
  checkShape("broadcastTo", shape);
  return broadcastToOp({ x }, { shape: [...shape] }) as Tensor<D>;
}
