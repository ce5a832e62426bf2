import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerPad2d, type Pad2dParams } from "../kernels/pad2d.js";
import type { DType } from "../runtime/dtype.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { checkRank } from "../runtime/shape.js";
import { crop2dOp } from "./crop2d.js";
import { requireWhole, requireWords } from "./require.js";

export interface Pad2dOptions {
  /** Rows above x, at least 0. Default 0. */
  top?: number;
  /** Rows below x. Default 0. */
  bottom?: number;
  /** Columns before x. Default 0. */
  left?: number;
  /** Columns after x. Default 0. */
  right?: number;
  /** What the frame holds; a finite number, whole for integer tensors. Default 0. */
  value?: number;
}

const pad2dOp = defineOp({
  name: "pad2d",
  shape: ({ x }: { x: Spec }, { top, bottom, left, right, value }: Pad2dParams) => {
    requireWords("pad2d", "x", x);
    checkRank("pad2d", "x", x.shape, "NHWC");
    const range = { i32: [-(2 ** 31), 2 ** 31 - 1], u32: [0, 2 ** 32 - 1] }[x.dtype as string];
    if (range && (!Number.isInteger(value) || value < range[0]! || value > range[1]!)) throw new OptionError(`pad2d: value ${value} does not fit ${x.dtype}.`);
    const [n, h, w, c] = x.shape as [number, number, number, number];
    return { shape: [n, h + top + bottom, w + left + right, c], dtype: x.dtype };
  },
  gradient: { x: (grad, { x }, { top, left }): Tensor => crop2dOp({ x: grad }, { top, left, height: x.shape[1]!, width: x.shape[2]! }) },
  lower: lowerPad2d,
});

/**
 * Puts a frame of one value around the plane of x.
 *
 * @param x [N, H, W, C]: f32, i32 or u32
 * @returns [N, top + H + bottom, left + W + right, C], the dtype of x
 * @throws OptionError for a negative side: `crop2d` cuts
 */
export function pad2d<D extends DType>(x: TensorLike<D>, options: Pad2dOptions): Tensor<D> {
  checkOptions("pad2d", options, ["top", "bottom", "left", "right", "value"]);
  const { top = 0, bottom = 0, left = 0, right = 0, value = 0 } = options;
  for (const [name, side] of Object.entries({ top, bottom, left, right })) {
    if (side < 0) throw new OptionError(`pad2d: ${name} must not be negative but is ${side}. Use crop2d to cut.`);
    requireWhole("pad2d", name, side, 0);
  }
  if (!Number.isFinite(value)) throw new OptionError(`pad2d: value must be a finite number but is ${value}.`);
  return pad2dOp({ x }, { top, bottom, left, right, value }) as Tensor<D>;
}
