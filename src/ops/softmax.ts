import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerSoftmax, lowerSoftmaxGradient } from "../kernels/softmax.js";
import type { FloatDType } from "../runtime/dtype.js";
import { alongAxis, type SoftmaxOptions } from "./along-axis.js";
import { checkClasses } from "./last-axis.js";

const softmaxOp = defineOp({
  name: "softmax",
  shape: ({ x }: { x: Spec }): Spec => {
    checkClasses("softmax", "x", x);
    return { shape: x.shape, dtype: x.dtype };
  },
  gradient: { x: (grad, _inputs, _options, out) => softmaxGradientOp({ y: out, grad }, {}) },
  lower: lowerSoftmax,
  traits: { keepsOrder: true },
});

const softmaxGradientOp = defineOp({
  name: "softmaxGradient",
  shape: ({ y }: { y: Spec; grad: Spec }): Spec => ({ shape: y.shape, dtype: y.dtype }),
  lower: lowerSoftmaxGradient,
});

export type { SoftmaxOptions } from "./along-axis.js";

/**
 * Probabilities of classes: exp(x) / Σ exp(x) over the axis, computed after
 * subtracting the largest.
 *
 * @param x f32 or f16 [..., classes] (NHWC logits, say)
 * @returns the same shape; along the axis it adds up to 1
 * @throws DTypeError unless x holds floats, ShapeError for no classes or an axis that does not exist, OptionError
 *
 * @pytorch torch.nn.functional.softmax (dim is -1 by default here)
 * @onnx Softmax
 */
export function softmax<D extends FloatDType = "f32">(x: TensorLike<D>, options: SoftmaxOptions = {}): Tensor<D> {
  return alongAxis("softmax", x, options, (y) => softmaxOp({ x: y }, {})) as Tensor<D>;
}
