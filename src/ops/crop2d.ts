import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerCrop2d, type Crop2dParams } from "../kernels/crop2d.js";
import { lowerPad2d } from "../kernels/pad2d.js";
import type { DType } from "../runtime/dtype.js";
import { ShapeError, checkOptions } from "../runtime/errors.js";
import { checkRank } from "../runtime/shape.js";
import { requireWhole, requireWords } from "./require.js";
import type { Pair } from "./window.js";

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

export const crop2dOp = defineOp({
  name: "crop2d",
  shape: ({ x }: { x: Spec }, { top, left, height, width }: Crop2dParams) => {
    requireWords("crop2d", "x", x);
    checkRank("crop2d", "x", x.shape, "NHWC");
    const [n, h, w, c] = x.shape as [number, number, number, number];
    if (top + height > h) throw new ShapeError("crop2d", `rows ${top} to ${top + height} reach beyond the ${h} rows of x`, { x: [x.shape, "NHWC"] });
    if (left + width > w) throw new ShapeError("crop2d", `columns ${left} to ${left + width} reach beyond the ${w} columns of x`, { x: [x.shape, "NHWC"] });
    return { shape: [n, height, width, c], dtype: x.dtype };
  },
  gradient: { x: (grad, { x }, { top, left }): Tensor => crop2dGradientOp({ grad }, { top, left, size: [x.shape[1]!, x.shape[2]!] }) },
  lower: lowerCrop2d,
});

interface Place {
  readonly top: number;
  readonly left: number;
  readonly size: Pair;
}

/** The rectangle in a plane of zeros. */
const crop2dGradientOp = defineOp({
  name: "crop2dGradient",
  shape: ({ grad }: { grad: Spec }, { size }: Place) => ({ shape: [grad.shape[0]!, ...size, grad.shape[3]!], dtype: grad.dtype }),
  gradient: { grad: (grad, { grad: part }, { top, left }): Tensor => crop2dOp({ x: grad }, { top, left, height: part.shape[1]!, width: part.shape[2]! }) },
  lower: (low, { grad }, { out }, { top, left }) => lowerPad2d(low, { x: grad }, { out }, { top, left, value: 0 }),
});

/**
 * Cuts a rectangle out of the plane of x.
 *
 * @param x [N, H, W, C]: f32, i32 or u32
 * @returns [N, height, width, C], the dtype of x
 * @throws ShapeError when the rectangle reaches beyond x
 */
export function crop2d<D extends DType>(x: TensorLike<D>, options: Crop2dOptions): Tensor<D> {
  checkOptions("crop2d", options, ["top", "left", "height", "width"]);
  const { top = 0, left = 0, height, width } = options;
  requireWhole("crop2d", "top", top, 0);
  requireWhole("crop2d", "left", left, 0);
  requireWhole("crop2d", "height", height, 1);
  requireWhole("crop2d", "width", width, 1);
  return crop2dOp({ x }, { top, left, height, width }) as Tensor<D>;
}
