import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerConv2d, lowerConv2dInputGradient, lowerConv2dWeightGradient, type Conv2dParams } from "../kernels/conv2d.js";
import { fusedActivations } from "../kernels/epilogue.js";
import type { FloatDType } from "../runtime/dtype.js";
import { checkOptions, ShapeError } from "../runtime/errors.js";
import { sameShape } from "../runtime/shape.js";
import { cast } from "./cast.js";
import { checkKernel, convolutionParams, convolvedSize, requirePaddingMode, type ConvolutionOptions, type PaddingMode } from "./conv2d-options.js";
import { checkFrame, pad2dOp } from "./pad2d.js";
import { add, mul } from "./pointwise.js";
import { requireTensors } from "./require.js";
import { reshape } from "./reshape.js";
import { inParts, rowParts } from "./row-parts.js";
import { slice } from "./slice.js";
import { sum } from "./sum.js";

// Convolution, its input gradient and its weight gradient stand in one file because the gradients of each are the other two.

interface Specs {
  x: Spec;
  weight: Spec;
  bias?: Spec | undefined;
  /** Added before the activation; a fusion pass puts it here. */
  residual?: Spec | undefined;
}

type Affine = { scale: Tensor; shift: Tensor };

/** Weight and bias with a per-channel affine map of the result in them, in f32 but stored as the weight is; `spread` lays the scale along the weight. */
function absorb({ weight, bias }: Record<string, Tensor | undefined>, { scale, shift }: Affine, spread: (scale: Tensor, weight: Tensor) => Tensor): { weight: Tensor; bias: Tensor } {
  const { dtype } = weight!;
  const [s, b] = [cast(scale, "f32"), cast(shift, "f32")];
  return { weight: cast(spread(s, cast(weight!, "f32")), dtype), bias: cast(bias ? add(mul(cast(bias, "f32"), s), b) : b, dtype) };
}

const conv2dOp = defineOp({
  name: "conv2d",
  shape: ({ x, weight, bias, residual }: Specs, o: Conv2dParams & { outputSize?: [number, number] }): Spec => {
    checkKernel("conv2d", { x, weight, bias }, "OHWI");
    const shapes = { x: [x.shape, "NHWC"], weight: [weight.shape, "OHWI"] } as const;
    const [n, , , c] = x.shape as [number, number, number, number];
    const [out, , , channels] = weight.shape as [number, number, number, number];
    if (c % o.groups !== 0 || out % o.groups !== 0) throw new ShapeError("conv2d", `${o.groups} groups must divide both the ${c} input and the ${out} output channels`, shapes);
    if (channels * o.groups !== c) throw new ShapeError("conv2d", `weight expects ${channels * o.groups} input channels but x has ${c}`, shapes);
    if (bias && !sameShape(bias.shape, [out])) throw new ShapeError("conv2d", `bias must have one value for each of the ${out} output channels`, { ...shapes, bias: bias.shape });
    const [h, w] = o.outputSize ?? convolvedSize("conv2d", x.shape, weight.shape, o);
    if (residual && !sameShape(residual.shape, [n, h, w, out])) throw new ShapeError("conv2d", "the residual must have the shape of the result", { residual: residual.shape, result: [n, h, w, out] });
    return { shape: [n, h, w, out], dtype: x.dtype };
  },
  gradient: {
    x: (grad, { x, weight }, o) => conv2dInputGradient(grad, weight, { ...o, size: [x.shape[1]!, x.shape[2]!] }),
    weight: (grad, { x, weight }, o) => conv2dWeightGradient(x, grad, { ...o, kernelSize: [weight.shape[1]!, weight.shape[2]!] }),
    bias: (grad) => sum(grad, { axes: [0, 1, 2] }),
  },
  lower: lowerConv2d,
  traits: {
    sliceOutput: true,
    epilogue: { bias: "bias", residual: "residual", activations: fusedActivations },
    // conv(x, w)·scale + shift = conv(x, w·scale) + shift, channel by channel.
    absorbAffine: (inputs, affine) => ({ ...inputs, ...absorb(inputs, affine, (scale, weight) => mul(weight, reshape(scale, [-1, 1, 1, 1]))) }),
  },
});

/** A convolution's geometry, with the [height, width] of its input. */
export interface InputGradientParams extends Conv2dParams {
  size: [number, number];
}

interface TransposedSpecs {
  grad: Spec;
  weight: Spec;
  bias?: Spec | undefined;
  residual?: Spec | undefined;
}

const geometry = ({ stride, padding, dilation, groups }: Conv2dParams): Conv2dParams => ({ stride, padding, dilation, groups, activation: "none" });

/** The gradient of a convolution with respect to its input; the forward pass of a transposed convolution, which has a bias. */
const conv2dInputGradientOp = defineOp({
  name: "conv2dInputGradient",
  shape: ({ grad, weight }: TransposedSpecs, { size, groups }: InputGradientParams): Spec => ({ shape: [grad.shape[0]!, ...size, weight.shape[3]! * groups], dtype: grad.dtype }),
  gradient: {
    grad: (g, { grad, weight }, o) => conv2dOp({ x: g, weight }, { ...geometry(o), outputSize: [grad.shape[1]!, grad.shape[2]!] }),
    weight: (g, { grad, weight }, o): Tensor => conv2dWeightGradient(g, grad, { ...geometry(o), kernelSize: [weight.shape[1]!, weight.shape[2]!] }),
    bias: (g) => sum(g, { axes: [0, 1, 2] }),
  },
  lower: lowerConv2dInputGradient,
  traits: {
    sliceOutput: true,
    epilogue: { bias: "bias", residual: "residual", activations: fusedActivations },
    absorbAffine: (inputs, affine, { groups }: InputGradientParams) => ({
      ...inputs,
      ...absorb(inputs, affine, (scale, weight) => {
        const [o, kh, kw, cg] = weight.shape as [number, number, number, number];
        const grouped = reshape(weight, [groups, (o / groups) * kh * kw, cg]);
        return reshape(mul(grouped, reshape(scale, [groups, 1, cg])), [o, kh, kw, cg]);
      }),
    }),
  },
});

export function conv2dInputGradient(grad: TensorLike, weight: TensorLike, params: InputGradientParams, bias?: TensorLike): Tensor {
  return conv2dInputGradientOp({ grad, weight, bias }, { ...params, activation: "none" });
}

/** A convolution's geometry, with the [height, width] of its kernel. */
export interface WeightGradientParams extends Conv2dParams {
  kernelSize: [number, number];
}

/** The gradient of a convolution with respect to its weight. */
const conv2dWeightGradientOp = defineOp({
  name: "conv2dWeightGradient",
  shape: ({ x, grad }: { x: Spec; grad: Spec }, { kernelSize, groups }: WeightGradientParams): Spec => ({ shape: [grad.shape[3]!, ...kernelSize, x.shape[3]! / groups], dtype: x.dtype }),
  gradient: {
    x: (g, { x, grad }, o): Tensor => conv2dInputGradient(grad, g, { ...geometry(o), size: [x.shape[1]!, x.shape[2]!] }),
    grad: (g, { x, grad }, o) => conv2dOp({ x, weight: g }, { ...geometry(o), outputSize: [grad.shape[1]!, grad.shape[2]!] }),
  },
  lower: lowerConv2dWeightGradient,
});

function conv2dWeightGradient(x: TensorLike, grad: TensorLike, params: WeightGradientParams): Tensor {
  return conv2dWeightGradientOp({ x, grad }, { ...params, activation: "none" });
}

export interface Conv2dOptions extends ConvolutionOptions {
  /** What the padding shows; other than zeros, x is framed by `pad2d` first, within its limits. Default "zeros". */
  paddingMode?: PaddingMode;
  /** [o], added to every pixel. */
  bias?: TensorLike | undefined;
}

/**
 * 2-D convolution (cross-correlation, as in PyTorch). `dilation` is the atrous rate.
 *
 * @param x       [n, h, w, c], f32 or f16
 * @param weight  [o, kh, kw, c / groups], the dtype of x
 * @returns       [n, h', w', o] with h' = ⌊(h + top + bottom − dilation·(kh − 1) − 1) / stride⌋ + 1, w' likewise; the dtype of x
 * @throws ShapeError when channels, groups or sizes do not fit; OptionError for options out of range, "same" with a stride among them
 *
 * @pytorch torch.nn.functional.conv2d
 * @onnx Conv
 */
export function conv2d<D extends FloatDType>(x: TensorLike<D>, weight: TensorLike<D>, options?: Conv2dOptions): Tensor<D>;
export function conv2d(x: TensorLike, weight: TensorLike, options?: Conv2dOptions): Tensor<"f32">;
export function conv2d(x: TensorLike, weight: TensorLike, options: Conv2dOptions = {}): Tensor {
  const op = "conv2d";
  checkOptions(op, options, ["stride", "padding", "paddingMode", "dilation", "groups", "bias"]);
  const { bias, paddingMode = "zeros" } = options;
  requireTensors(op, { x, weight, ...(bias !== undefined && { bias }) });
  requirePaddingMode(op, paddingMode);
  checkKernel(op, { x, weight, bias }, "OHWI");
  const params = convolutionParams(op, options, [x.shape[1]!, x.shape[2]!], [weight.shape[1]!, weight.shape[2]!]);
  const parts = params.groups === 1 ? rowParts(weight) : undefined;
  if (parts) return inParts(parts, (part) => conv2d(x, part, { ...options, bias: bias && slice(bias, { axis: 0, start: part.row, length: part.shape[0]! }) }));
  if (paddingMode === "zeros" || Math.max(...params.padding) === 0) return conv2dOp({ x, weight, bias }, params);
  const [top, bottom, left, right] = params.padding;
  const frame = { top, bottom, left, right, mode: paddingMode, value: 0 };
  checkFrame(op, x.shape, frame);
  convolvedSize(op, x.shape, weight.shape, params); // here the message can show x as it came
  const framed = (): Tensor => conv2dOp({ x: pad2dOp({ x }, frame), weight, bias }, { ...params, padding: [0, 0, 0, 0] });
  return capturing() ? framed() : runEagerly(framed);
}
