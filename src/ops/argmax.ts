import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerArgmax } from "../kernels/softmax.js";
import { checkClasses } from "./last-axis.js";

const argmaxOp = defineOp({
  name: "argmax",
  shape: ({ x }: { x: Spec }): Spec => {
    checkClasses("argmax", "x", x);
    return { shape: x.shape.slice(0, -1), dtype: "u32" };
  },
  gradient: { x: null },
  lower: lowerArgmax,
});

/**
 * Number of the largest element along the last axis: the class map of NHWC logits. Of equal ones the first counts;
 * NaN counts as larger than everything, as in PyTorch.
 *
 * @param x f32 [..., classes]
 * @returns u32 [...]
 * @throws DTypeError unless x is f32, ShapeError for no classes
 */
export function argmax(x: TensorLike<"f32">): Tensor<"u32"> {
  return argmaxOp({ x }, {}) as Tensor<"u32">;
}
