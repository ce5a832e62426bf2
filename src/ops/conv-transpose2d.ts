import type { Tensor, TensorLike } from "../graph/tensor.js";
import type { FloatDType } from "../runtime/dtype.js";
import { checkOptions, OptionError, ShapeError, type ShownShapes } from "../runtime/errors.js";
import { sameShape } from "../runtime/shape.js";
import { conv2dInputGradient } from "./conv2d.js";
import { checkExtent, checkKernel, convolutionParams, requirePaddingMode, type ConvolutionOptions, type Padding, type PaddingMode } from "./conv2d-options.js";
import { requireTensors } from "./require.js";
import { pair, type Pair, type PairLike } from "./window.js";

/** Geometry of a transposed convolution. */
export interface TransposedOptions extends Omit<ConvolutionOptions, "padding"> {
  /** Rows and columns cut from the result: as much from every side, [vertical, horizontal], or by side. Default 0. */
  padding?: Padding;
  /** Only "zeros" exists, as in PyTorch. */
  paddingMode?: PaddingMode;
  /** Rows and columns added at the bottom and right, to choose among the sizes that the convolution maps to the same; below max(stride, dilation). Default 0. */
  outputPadding?: PairLike;
}

export interface ConvTranspose2dOptions extends TransposedOptions {
  /** [height, width] of the result, in place of `outputPadding`: one that some output padding gives. */
  outputSize?: PairLike;
  /** [out], added to every pixel. */
  bias?: TensorLike | undefined;
}

/** Options with their defaults, checked as far as they can be without tensors. */
export function transposedParams(op: string, { paddingMode = "zeros", outputPadding = 0, ...options }: TransposedOptions) {
  requirePaddingMode(op, paddingMode);
  if (paddingMode !== "zeros") throw new OptionError(`${op}: paddingMode must be "zeros", as in PyTorch, but is "${paddingMode}". Pad the result with pad2d.`);
  if (typeof options.padding === "string")
    throw new OptionError(`${op}: padding must be whole numbers but is ${JSON.stringify(options.padding)}. Choose the size of the result with outputSize.`);
  const params = convolutionParams(op, options, [1, 1], [1, 1]);
  const { stride, dilation } = params;
  const extra = pair(op, "outputPadding", outputPadding, 0);
  for (const axis of [0, 1] as const)
    if (extra[axis] >= Math.max(stride[axis], dilation[axis]))
      throw new OptionError(`${op}: outputPadding must be smaller than the stride or the dilation, but ${extra[axis]} is not below ${Math.max(stride[axis], dilation[axis])}.`);
  return { params, extra };
}

/** [height, width] of the result. */
function transposedSize(op: string, x: TensorLike, weight: TensorLike, { params, extra }: ReturnType<typeof transposedParams>, wanted: Pair | undefined, shapes: ShownShapes): [number, number] {
  const { stride, padding, dilation } = params;
  const size = (axis: 0 | 1): number => {
    const least = (x.shape[axis + 1]! - 1) * stride[axis] - padding[2 * axis]! - padding[2 * axis + 1]! + dilation[axis] * (weight.shape[axis + 1]! - 1) + 1;
    const most = least + Math.max(stride[axis], dilation[axis]) - 1;
    const [unit, length] = [axis === 0 ? "rows" : "columns", wanted?.[axis] ?? least + extra[axis]];
    if (length < 1) throw new ShapeError(op, `the padding leaves no ${unit} of the result`, shapes);
    if (length < least || length > most)
      throw new ShapeError(op, `outputSize asks for ${length} ${unit}, but these options can give ${most > least ? `${Math.max(least, 1)} to ${most}` : least}`, shapes);
    checkExtent(op, axis, length + padding[2 * axis]! + padding[2 * axis + 1]!, shapes);
    return length;
  };
  return [size(0), size(1)];
}

/**
 * Transposed 2-D convolution, the adjoint of `conv2d` with the same options.
 *
 * @param x       [n, h, w, in], f32 or f16
 * @param weight  [in, kh, kw, out / groups], the dtype of x
 * @returns       [n, h', w', out] with h' = (h − 1)·stride − top − bottom + dilation·(kh − 1) + outputPadding + 1, w' likewise; the dtype of x
 * @throws ShapeError when channels, groups or sizes do not fit; OptionError for options out of range
 *
 * @pytorch torch.nn.functional.conv_transpose2d
 * @onnx ConvTranspose
 */
export function convTranspose2d<D extends FloatDType>(x: TensorLike<D>, weight: TensorLike<D>, options?: ConvTranspose2dOptions): Tensor<D>;
export function convTranspose2d(x: TensorLike, weight: TensorLike, options?: ConvTranspose2dOptions): Tensor<"f32">;
export function convTranspose2d(x: TensorLike, weight: TensorLike, options: ConvTranspose2dOptions = {}): Tensor {
  const op = "convTranspose2d";
  checkOptions(op, options, ["stride", "padding", "paddingMode", "dilation", "groups", "outputPadding", "outputSize", "bias"]);
  const { bias, outputSize, ...geometry } = options;
  requireTensors(op, { x, weight, ...(bias !== undefined && { bias }) });
  checkKernel(op, { x, weight, bias }, "IHWO");
  if (outputSize !== undefined && geometry.outputPadding !== undefined) throw new OptionError(`${op}: outputSize and outputPadding say the same; give one of them.`);
  const checked = transposedParams(op, geometry);
  const { groups } = checked.params;
  const shapes = { x: [x.shape, "NHWC"], weight: [weight.shape, "IHWO"] } as const;
  const [inputs, , , outputs] = weight.shape as [number, number, number, number];
  if (x.shape[3] !== inputs) throw new ShapeError(op, `weight expects ${inputs} input channels but x has ${x.shape[3]}`, shapes);
  if (inputs % groups !== 0) throw new ShapeError(op, `${groups} groups must divide the ${inputs} input channels`, shapes);
  if (bias && !sameShape(bias.shape, [outputs * groups])) throw new ShapeError(op, `bias must have one value for each of the ${outputs * groups} output channels`, { ...shapes, bias: bias.shape });
  const size = transposedSize(op, x, weight, checked, outputSize === undefined ? undefined : pair(op, "outputSize", outputSize, 1), shapes);
  return conv2dInputGradient(x, weight, { ...checked.params, size }, bias);
}
