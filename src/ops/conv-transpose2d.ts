import type { Tensor, TensorLike } from "../graph/tensor.js";
import { checkOptions, OptionError, ShapeError } from "../runtime/errors.js";
import { sameShape } from "../runtime/shape.js";
import { conv2dInputGradient } from "./conv2d.js";
import { checkKernel, convolutionParams, type ConvolutionOptions } from "./conv2d-options.js";
import { pair, type PairLike } from "./window.js";

export interface ConvTranspose2dOptions extends ConvolutionOptions {
  /** Rows and columns added at the bottom and right, to choose among the sizes that the convolution maps to the same; below max(stride, dilation). Default 0. */
  outputPadding?: PairLike;
  /** [out], added to every pixel. */
  bias?: TensorLike | undefined;
}

/**
 * Transposed 2-D convolution, the adjoint of `conv2d` with the same options.
 *
 * @param x       [n, h, w, in], f32
 * @param weight  [in, kh, kw, out / groups], f32
 * @returns       [n, h', w', out] with h' = (h − 1)·stride − top − bottom + dilation·(kh − 1) + outputPadding + 1, w' likewise
 * @throws ShapeError when channels, groups or sizes do not fit; OptionError for options out of range
 */
export function convTranspose2d(x: TensorLike, weight: TensorLike, { bias, outputPadding = 0, ...options }: ConvTranspose2dOptions = {}): Tensor<"f32"> {
  const op = "convTranspose2d";
  checkOptions(op, options, ["stride", "padding", "dilation", "groups", "outputPadding", "bias"]);
  checkKernel(op, { x, weight, bias }, "IHWO");
  const params = convolutionParams(op, options);
  const { stride, padding, dilation, groups } = params;
  const extra = pair(op, "outputPadding", outputPadding, 0);
  const shapes = { x: [x.shape, "NHWC"], weight: [weight.shape, "IHWO"] } as const;
  const [inputs, , , outputs] = weight.shape as [number, number, number, number];
  if (x.shape[3] !== inputs) throw new ShapeError(op, `weight expects ${inputs} input channels but x has ${x.shape[3]}`, shapes);
  if (inputs % groups !== 0) throw new ShapeError(op, `${groups} groups must divide the ${inputs} input channels`, shapes);
  if (bias && !sameShape(bias.shape, [outputs * groups])) throw new ShapeError(op, `bias must have one value for each of the ${outputs * groups} output channels`, { ...shapes, bias: bias.shape });
  const size = ([0, 1] as const).map((axis) => {
    if (extra[axis] >= Math.max(stride[axis], dilation[axis]))
      throw new OptionError(`${op}: outputPadding must be smaller than the stride or the dilation, but ${extra[axis]} is not below ${Math.max(stride[axis], dilation[axis])}.`);
    const length = (x.shape[axis + 1]! - 1) * stride[axis] - padding[2 * axis]! - padding[2 * axis + 1]! + dilation[axis] * (weight.shape[axis + 1]! - 1) + extra[axis] + 1;
    if (length < 1) throw new ShapeError(op, `the padding leaves no ${axis === 0 ? "rows" : "columns"} of the result`, shapes);
    return length;
  }) as [number, number];
  return conv2dInputGradient(x, weight, { ...params, size }, bias) as Tensor<"f32">;
}
