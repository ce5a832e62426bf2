import type { Tensor, TensorLike } from "../graph/tensor.js";
import { extreme, type ArgmaxOptions } from "./argmax.js";

/**
 * Where the smallest element along an axis stands. Of equal ones the first counts; NaN wins, as in PyTorch. No gradient.
 *
 * @param x f32, f16, i32 or u32, at least one axis
 * @returns u32, the shape of x without the axis: positions along it
 * @throws ShapeError for an axis that is empty or does not exist, DTypeError for u8 (cast first)
 *
 * @pytorch torch.argmin
 * @onnx ArgMin
 */
export function argmin(x: TensorLike, options: ArgmaxOptions = {}): Tensor<"u32"> {
  return extreme("argmin", x, options, true);
}
