import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerDropout, type DropoutParams } from "../kernels/dropout.js";
import type { FloatDType } from "../runtime/dtype.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { checkRank } from "../runtime/shape.js";
import { requireFloat } from "./require.js";

const dropoutOp = defineOp({
  name: "dropout",
  shape: ({ x }: { x: Spec }): Spec => {
    requireFloat("dropout", "x", x);
    return { shape: x.shape, dtype: x.dtype };
  },
  // The same draw for the same seed, key, step and element: the mask is computed again instead of being kept.
  gradient: { x: (grad, _, { rate, seed, key, channels, stepSlot }): Tensor => dropoutOp({ x: grad }, { rate, seed, key, channels, ...(stepSlot === undefined ? {} : { stepSlot }) }) },
  lower: lowerDropout,
  traits: { cheap: true },
});

export interface DropoutOptions {
  /** Probability of dropping, 0 … 1. Default 0.5. */
  rate?: number | undefined;
  /** Seed of the program's random numbers, a whole number. Default 0. */
  seed?: number | undefined;
  /** Tells the places of a program apart that draw with one seed, a whole number. Default 0. */
  key?: number | undefined;
  /** Slot of the step block with the number of the step, so that every step draws anew. Without it every call draws the same. */
  stepSlot?: number | undefined;
}

function normalise(op: string, options: DropoutOptions, channels: boolean): DropoutParams {
  checkOptions(op, options, ["rate", "seed", "key", "stepSlot"]);
  const { rate = 0.5, seed = 0, key = 0, stepSlot } = options;
  if (!(rate >= 0 && rate <= 1)) throw new OptionError(`${op}: rate must be between 0 and 1 but is ${rate}.`);
  for (const [name, value] of Object.entries({ seed, key })) if (!Number.isSafeInteger(value)) throw new OptionError(`${op}: ${name} must be a whole number but is ${value}.`);
  return { rate, seed, key, channels, ...(stepSlot === undefined ? {} : { stepSlot }) };
}

/**
 * Zeroes each element with probability `rate` and multiplies the rest by 1 / (1 − rate), so that the expectation stays. The numbers
 * are counter-based: seed, key, step and element index decide, so recomputing, resuming and re-planning draw the same.
 *
 * @param x f32 or f16, any shape
 * @throws OptionError for a rate outside 0 … 1
 *
 * @pytorch torch.nn.functional.dropout
 * @onnx Dropout
 */
export function dropout<D extends FloatDType = "f32">(x: TensorLike<D>, options: DropoutOptions = {}): Tensor<D> {
  return dropoutOp({ x }, normalise("dropout", options, false)) as Tensor as Tensor<D>;
}

/**
 * Zeroes whole channels of each image with probability `rate` and multiplies the rest by 1 / (1 − rate): neighbouring pixels of a
 * feature map are too alike for `dropout` to matter (Tompson et al. 2015).
 *
 * @param x f32 or f16, NHWC
 * @throws OptionError for a rate outside 0 … 1, ShapeError unless x has four axes
 *
 * @pytorch torch.nn.functional.dropout2d
 * @onnx none (Dropout with a mask that spans the channels)
 */
export function dropout2d<D extends FloatDType = "f32">(x: TensorLike<D>, options: DropoutOptions = {}): Tensor<D> {
  checkRank("dropout2d", "x", x.shape, "NHWC");
  return dropoutOp({ x }, normalise("dropout2d", options, true)) as Tensor as Tensor<D>;
}
