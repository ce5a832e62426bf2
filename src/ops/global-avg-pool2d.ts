import type { Tensor, TensorLike } from "../graph/tensor.js";
import type { FloatDType } from "../runtime/dtype.js";
import { adaptiveAvgPool2d } from "./adaptive-avg-pool2d.js";

/**
 * The mean of every channel of every image: `adaptiveAvgPool2d` with one bin.
 *
 * @param x [N, H, W, C], f32 or f16
 * @returns [N, 1, 1, C], the dtype of x
 * @throws ShapeError for a plane without positions
 * @pytorch torch.nn.functional.adaptive_avg_pool2d with output_size 1
 * @onnx GlobalAveragePool
 */
export function globalAvgPool2d<D extends FloatDType = "f32">(x: TensorLike<D>): Tensor<D> {
  return adaptiveAvgPool2d(x, { outputSize: 1 });
}
