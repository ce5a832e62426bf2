import type { Tensor, TensorLike } from "../graph/tensor.js";
import type { DType } from "../runtime/dtype.js";
import { ShapeError, checkOptions } from "../runtime/errors.js";
import { checkRank } from "../runtime/shape.js";
import { pad2dOp } from "./pad2d.js";
import { requireTensors, requireWhole, requireWords } from "./require.js";

export interface Crop2dOptions {
  /** First row of x that is kept. Default 0. */
  top?: number;
  /** First column of x that is kept. Default 0. */
  left?: number;
  /** Rows that are kept, at least 1. */
  height: number;
  /** Columns that are kept, at least 1. */
  width: number;
}

/**
 * Cuts a rectangle out of the plane of x: `pad2d` with negative sides.
 *
 * @param x [N, H, W, C]: f32, f16, i32 or u32
 * @returns [N, height, width, C], the dtype of x
 * @throws ShapeError when the rectangle reaches beyond x
 * @pytorch torchvision.transforms.functional.crop
 * @onnx Slice
 */
export function crop2d<D extends DType>(x: TensorLike<D>, options: Crop2dOptions): Tensor<D> {
  checkOptions("crop2d", options, ["top", "left", "height", "width"]);
  const { top = 0, left = 0, height, width } = options;
  requireWhole("crop2d", "top", top, 0);
  requireWhole("crop2d", "left", left, 0);
  requireWhole("crop2d", "height", height, 1);
  requireWhole("crop2d", "width", width, 1);
  requireTensors("crop2d", { x });
  requireWords("crop2d", "x", x);
  checkRank("crop2d", "x", x.shape, "NHWC");
  const [, h, w] = x.shape as [number, number, number, number];
  if (top + height > h) throw new ShapeError("crop2d", `rows ${top} to ${top + height} reach beyond the ${h} rows of x`, { x: [x.shape, "NHWC"] });
  if (left + width > w) throw new ShapeError("crop2d", `columns ${left} to ${left + width} reach beyond the ${w} columns of x`, { x: [x.shape, "NHWC"] });
  return pad2dOp({ x }, { top: -top, bottom: top + height - h, left: -left, right: left + width - w, mode: "constant", value: 0 }) as Tensor<D>;
}
