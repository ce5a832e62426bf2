import type { Tensor, TensorLike } from "../graph/tensor.js";
import type { FloatDType } from "../runtime/dtype.js";
import { adaptiveMaxPool2d } from "./adaptive-max-pool2d.js";

/**
 * The largest value of every channel of every image: `adaptiveMaxPool2d` with one bin. NaN wins. The gradient goes to the
 * first of equal values (that of `max` is shared among them).
 *
 * @param x [N, H, W, C], f32 or f16
 * @returns [N, 1, 1, C], the dtype of x
 * @throws ShapeError for a plane without positions
 * @pytorch torch.nn.functional.adaptive_max_pool2d with output_size 1
 * @onnx GlobalMaxPool
 */
export function globalMaxPool2d<D extends FloatDType = "f32">(x: TensorLike<D>): Tensor<D> {
  return adaptiveMaxPool2d(x, { outputSize: 1 });
}
