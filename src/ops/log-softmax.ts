import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerLogSoftmax, lowerLogSoftmaxGradient } from "../kernels/softmax.js";
import type { FloatDType } from "../runtime/dtype.js";
import { alongAxis, type SoftmaxOptions } from "./along-axis.js";
import { checkClasses } from "./last-axis.js";

const logSoftmaxOp = defineOp({
  name: "logSoftmax",
  shape: ({ x }: { x: Spec }): Spec => {
    checkClasses("logSoftmax", "x", x);
    return { shape: x.shape, dtype: x.dtype };
  },
  gradient: { x: (grad, _inputs, _options, out) => logSoftmaxGradientOp({ y: out, grad }, {}) },
  lower: lowerLogSoftmax,
  traits: { keepsOrder: true },
});

const logSoftmaxGradientOp = defineOp({
  name: "logSoftmaxGradient",
  shape: ({ y }: { y: Spec; grad: Spec }): Spec => ({ shape: y.shape, dtype: y.dtype }),
  lower: lowerLogSoftmaxGradient,
});

/**
 * Logarithms of the probabilities of classes: x − log Σ exp(x) over the axis. Exact where `log(softmax(x))` would
 * underflow.
 *
 * @param x f32 or f16 [..., classes] (NHWC logits, say)
 * @throws DTypeError unless x holds floats, ShapeError for no classes or an axis that does not exist, OptionError
 *
 * @pytorch torch.nn.functional.log_softmax (dim is -1 by default here)
 * @onnx LogSoftmax
 */
export function logSoftmax<D extends FloatDType = "f32">(x: TensorLike<D>, options: SoftmaxOptions = {}): Tensor<D> {
  return alongAxis("logSoftmax", x, options, (y) => logSoftmaxOp({ x: y }, {})) as Tensor<D>;
}
