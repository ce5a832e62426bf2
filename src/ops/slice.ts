import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerSlice, lowerSliceGradient, type SliceParams } from "../kernels/slice.js";
import type { DType } from "../runtime/dtype.js";
import { ShapeError, checkOptions } from "../runtime/errors.js";
import { normalAxis, requireWhole, requireWords } from "./require.js";

export interface SliceOptions {
  /** The axis that is cut; negative ones count from the back. Default -1. */
  axis?: number;
  /** First position that is kept. Default 0. */
  start?: number;
  /** Positions that are kept, at least 1. */
  length: number;
}

export const sliceOp = defineOp({
  name: "slice",
  shape: ({ x }: { x: Spec }, { axis, start, length }: SliceParams) => {
    requireWords("slice", "x", x);
    const size = x.shape[axis]!;
    if (start + length > size) throw new ShapeError("slice", `positions ${start} to ${start + length} reach beyond axis ${axis}, which has ${size}`, { x: x.shape });
    return { shape: x.shape.with(axis, length), dtype: x.dtype };
  },
  gradient: { x: (grad, { x }, o): Tensor => sliceGradientOp({ grad }, { ...o, size: x.shape[o.axis]! }) },
  lower: lowerSlice,
  traits: { cheap: true },
});

/** The part between zeros, along an axis of `size`. */
const sliceGradientOp = defineOp({
  name: "sliceGradient",
  shape: ({ grad }: { grad: Spec }, { axis, size }: SliceParams & { readonly size: number }) => ({ shape: grad.shape.with(axis, size), dtype: grad.dtype }),
  gradient: { grad: (grad, _inputs, { axis, start, length }): Tensor => sliceOp({ x: grad }, { axis, start, length }) },
  lower: lowerSliceGradient,
});

/**
 * Part of one axis: positions start … start + length.
 *
 * @param x any shape: f32, f16, i32 or u32
 * @returns the shape of x with `length` along the axis, the dtype of x
 * @throws ShapeError when the part reaches beyond the axis
 *
 * @pytorch torch.narrow
 * @onnx Slice
 */
export function slice<D extends DType>(x: TensorLike<D>, options: SliceOptions): Tensor<D> {
  checkOptions("slice", options, ["axis", "start", "length"]);
  const { axis = -1, start = 0, length } = options;
  requireWhole("slice", "start", start, 0);
  requireWhole("slice", "length", length, 1);
  return sliceOp({ x }, { axis: normalAxis("slice", x.shape, axis), start, length }) as Tensor<D>;
}
