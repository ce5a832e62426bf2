import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerSoftmax, lowerSoftmaxGradient } from "../kernels/softmax.js";
import type { FloatDType } from "../runtime/dtype.js";
import { checkClasses } from "./last-axis.js";

const softmaxOp = defineOp({
  name: "softmax",
  shape: ({ x }: { x: Spec }): Spec => {
    checkClasses("softmax", "x", x);
    return { shape: x.shape, dtype: x.dtype };
  },
  gradient: { x: (grad, _inputs, _options, out) => softmaxGradientOp({ y: out, grad }, {}) },
  lower: lowerSoftmax,
});

const softmaxGradientOp = defineOp({
  name: "softmaxGradient",
  shape: ({ y }: { y: Spec; grad: Spec }): Spec => ({ shape: y.shape, dtype: y.dtype }),
  lower: lowerSoftmaxGradient,
});

/**
 * Probabilities of classes: exp(x) / Σ exp(x) over the last axis, computed after subtracting the largest.
 *
 * @param x f32 or f16 [..., classes] (NHWC logits, say)
 * @returns the same shape; rows add up to 1
 * @throws DTypeError unless x holds floats, ShapeError for no classes
 *
 * @pytorch torch.nn.functional.softmax
 * @onnx Softmax
 */
export function softmax<D extends FloatDType = "f32">(x: TensorLike<D>): Tensor<D> {
  return softmaxOp({ x }, {}) as Tensor as Tensor<D>;
}
