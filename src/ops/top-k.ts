import type { TensorLike } from "../graph/tensor.js";
import type { DType } from "../runtime/dtype.js";
import { ShapeError, checkOptions } from "../runtime/errors.js";
import { flag, normalAxis, requireTensors, requireWhole, requireWords } from "./require.js";
import { firstInOrder, type Sorted } from "./sort.js";

export interface TopKOptions {
  /** The axis along which elements are chosen; negative ones count from the back. Default -1. */
  axis?: number;
  /** The largest elements; false: the smallest. Default true. */
  largest?: boolean;
  /** Whether the order matters. They come in order either way, the most extreme first. Default true. */
  sorted?: boolean;
}

/**
 * The k largest (or smallest) elements along an axis, in order. Of equal ones those that come first are taken. NaN counts as
 * larger than everything, as in PyTorch. The gradient sends that of each value to where it stood, zeros elsewhere.
 *
 * @param x f32, f16, i32 or u32, at least one axis
 * @param k from 1 to the size of the axis
 * @returns `values` and `indices` (u32: positions along the axis), both of the shape of x with k along the axis
 * @throws OptionError for k below 1, ShapeError for k beyond the axis, DTypeError for u8 (cast first)
 *
 * @pytorch torch.topk
 * @onnx TopK
 */
export function topK<D extends DType>(x: TensorLike<D>, k: number, options: TopKOptions = {}): Sorted<D> {
  checkOptions("topK", options, ["axis", "largest", "sorted"]);
  requireTensors("topK", { x });
  requireWords("topK", "x", x);
  requireWhole("topK", "k", k, 1);
  flag("topK", "sorted", options.sorted, true);
  const axis = normalAxis("topK", x.shape, options.axis ?? -1);
  if (k > x.shape[axis]!) throw new ShapeError("topK", `k is ${k} but axis ${axis} has ${x.shape[axis]!} elements`, { x: x.shape });
  return firstInOrder(x, { axis, descending: flag("topK", "largest", options.largest, true), count: k });
}
