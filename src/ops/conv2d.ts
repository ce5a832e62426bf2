import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerConv2d, lowerConv2dInputGradient, lowerConv2dWeightGradient, type Conv2dParams } from "../kernels/conv2d.js";
import { checkOptions, ShapeError } from "../runtime/errors.js";
import { sameShape } from "../runtime/shape.js";
import { checkKernel, convolutionParams, convolvedSize, type ConvolutionOptions } from "./conv2d-options.js";
import { add, mul } from "./pointwise.js";
import { reshape } from "./reshape.js";
import { sum } from "./sum.js";

// Convolution, its input gradient and its weight gradient stand in one file because the gradients of each are the other two.

interface Specs {
  x: Spec;
  weight: Spec;
  bias?: Spec | undefined;
  /** Added before the activation; a fusion pass puts it here. */
  residual?: Spec | undefined;
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
    epilogue: { bias: "bias", residual: "residual", activations: ["relu"] },
    // conv(x, w)·scale + shift = conv(x, w·scale) + shift, channel by channel.
    absorbAffine: (inputs, { scale, shift }) => ({
      ...inputs,
      weight: mul(inputs["weight"]!, reshape(scale, [-1, 1, 1, 1])),
      bias: inputs["bias"] ? add(mul(inputs["bias"], scale), shift) : shift,
    }),
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
    epilogue: { bias: "bias", residual: "residual", activations: ["relu"] },
    absorbAffine: (inputs, { scale, shift }, { groups }: InputGradientParams) => {
      const [o, kh, kw, cg] = inputs["weight"]!.shape as [number, number, number, number];
      const grouped = reshape(inputs["weight"]!, [groups, (o / groups) * kh * kw, cg]);
      return {
        ...inputs,
        weight: reshape(mul(grouped, reshape(scale, [groups, 1, cg])), [o, kh, kw, cg]),
        bias: inputs["bias"] ? add(mul(inputs["bias"], scale), shift) : shift,
      };
    },
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
  /** [o], added to every pixel. */
  bias?: TensorLike | undefined;
}

/**
 * 2-D convolution (cross-correlation, as in PyTorch). `dilation` is the atrous rate.
 *
 * @param x       [n, h, w, c], f32
 * @param weight  [o, kh, kw, c / groups], f32
 * @returns       [n, h', w', o] with h' = ⌊(h + top + bottom − dilation·(kh − 1) − 1) / stride⌋ + 1, w' likewise
 * @throws ShapeError when channels, groups or sizes do not fit; OptionError for options out of range
 */
export function conv2d(x: TensorLike, weight: TensorLike, { bias, ...options }: Conv2dOptions = {}): Tensor<"f32"> {
  checkOptions("conv2d", options, ["stride", "padding", "dilation", "groups", "bias"]);
  return conv2dOp({ x, weight, bias }, convolutionParams("conv2d", options)) as Tensor<"f32">;
}
