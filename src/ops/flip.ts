import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerFlip, type FlipParams } from "../kernels/flip.js";
import type { DType } from "../runtime/dtype.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { normaliseAxes } from "./axes.js";
import { requireTensors, requireWords } from "./require.js";

export interface FlipOptions {
  /** Axes along which the order is reversed, each once; negative ones count from the back. [] reverses nothing. */
  axes: readonly number[];
}

const flipOp = defineOp({
  name: "flip",
  shape: ({ x }: { x: Spec }, _options: FlipParams): Spec => {
    requireWords("flip", "x", x);
    return { shape: x.shape, dtype: x.dtype };
  },
  gradient: { x: (grad, _inputs, o): Tensor => flipOp({ x: grad }, o) },
  lower: lowerFlip,
  traits: { cheap: true },
});

/**
 * Reverses the order of elements along axes: `flip(x, { axes: [2] })` mirrors the columns of an NHWC map. Makes a copy.
 *
 * @param x any shape: f32, f16, i32 or u32
 * @returns the shape and dtype of x
 * @throws ShapeError for an axis that does not exist, OptionError for one given twice, DTypeError for u8 (cast first)
 *
 * @pytorch torch.flip
 * @onnx Slice (with steps of -1)
 */
export function flip<D extends DType>(x: TensorLike<D>, options: FlipOptions): Tensor<D> {
  requireTensors("flip", { x });
  checkOptions("flip", options, ["axes"]);
  // Here axes have no default: everything reversed is rarely what is wanted.
  if (options.axes === undefined) throw new OptionError("flip: axes must be an array of axis numbers but is undefined.");
  return flipOp({ x }, { axes: normaliseAxes("flip", x.shape, options.axes) }) as Tensor<D>;
}
