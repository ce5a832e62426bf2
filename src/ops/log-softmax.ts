import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerLogSoftmax, lowerLogSoftmaxGradient } from "../kernels/softmax.js";
import { checkClasses } from "./last-axis.js";

const logSoftmaxOp = defineOp({
  name: "logSoftmax",
  shape: ({ x }: { x: Spec }): Spec => {
    checkClasses("logSoftmax", "x", x);
    return { shape: x.shape, dtype: x.dtype };
  },
  gradient: { x: (grad, _inputs, _options, out) => logSoftmaxGradientOp({ y: out, grad }, {}) },
  lower: lowerLogSoftmax,
});

const logSoftmaxGradientOp = defineOp({
  name: "logSoftmaxGradient",
  shape: ({ y }: { y: Spec; grad: Spec }): Spec => ({ shape: y.shape, dtype: y.dtype }),
  lower: lowerLogSoftmaxGradient,
});

/**
 * Logarithms of the probabilities of classes: x − log Σ exp(x) over the last axis. Exact where `log(softmax(x))` would
 * underflow.
 *
 * @param x f32 [..., classes] (NHWC logits, say)
 * @throws DTypeError unless x is f32, ShapeError for no classes
 */
export function logSoftmax(x: TensorLike<"f32">): Tensor<"f32"> {
  return logSoftmaxOp({ x }, {}) as Tensor<"f32">;
}
