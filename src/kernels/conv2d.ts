import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import { channelSlice, type Lowering, type Operand } from "./lowering.js";
import { directConv2d, directInputGradient, wantsDirect } from "./conv2d-direct.js";
import { directWeightGradient } from "./conv2d-direct-weight-gradient.js";
import shader from "./wgsl/conv2d.js";

const forward = defineKernel(shader, "forward");
const forwardResidual = defineKernel(shader, "forward_residual");
const inputGradient = defineKernel(shader, "input_gradient");
const inputGradientResidual = defineKernel(shader, "input_gradient_residual");
const weightGradient = defineKernel(shader, "weight_gradient");

/** The geometry of a convolution, every option spelt out. Pairs are [vertical, horizontal], padding is [top, bottom, left, right]. */
export interface Conv2dParams {
  stride: [number, number];
  padding: [number, number, number, number];
  dilation: [number, number];
  groups: number;
  activation: "none" | "relu";
}

/** Shapes and geometry as the shaders want them; `x` and `grad` are the maps before and after the convolution. */
function sizes(x: readonly number[], grad: readonly number[], weight: readonly number[], o: Conv2dParams, out: Operand) {
  const [n, h, w, c] = x as [number, number, number, number];
  const [, oh, ow, channels] = grad as [number, number, number, number];
  const [, kh, kw, cg] = weight as [number, number, number, number];
  const { stride, offset } = channelSlice(out);
  return {
    params: { n, h, w, c, oh, ow, o: channels, cg, og: channels / o.groups, top: o.padding[0], left: o.padding[2], out_stride: stride, out_offset: offset },
    constants: { KH: kh, KW: kw, SH: o.stride[0], SW: o.stride[1], DH: o.dilation[0], DW: o.dilation[1], RELU: o.activation === "relu" ? 1 : 0 },
    flops: 2 * sizeOf(grad) * kh * kw * cg,
  };
}

export function lowerConv2d(low: Lowering, { x, weight, bias, residual }: Conv2dInputs, { out }: { out: Operand }, o: Conv2dParams): void {
  if (wantsDirect(low) && directConv2d(low, { x, weight, bias, residual }, out, o)) return;
  const { params, constants, flops } = sizes(x.shape, out.shape, weight.shape, o, out);
  const use = { params, constants: { ...constants, HAS_BIAS: bias ? 1 : 0 }, threads: sizeOf(out.shape), flops };
  const bindings = { x, weight, bias: bias ?? weight, out };
  low.run(residual ? forwardResidual({ ...use, bindings: { ...bindings, residual } }) : forward({ ...use, bindings }));
}

export interface Conv2dInputs {
  x: Operand;
  weight: Operand;
  bias?: Operand | undefined;
  residual?: Operand | undefined;
}

export function lowerConv2dInputGradient(low: Lowering, { grad, weight, bias, residual }: Omit<Conv2dInputs, "x"> & { grad: Operand }, { out }: { out: Operand }, o: Conv2dParams): void {
  if (wantsDirect(low) && directInputGradient(low, { grad, weight, bias, residual }, out, o)) return;
  const { params, constants, flops } = sizes(out.shape, grad.shape, weight.shape, o, out);
  const use = { params, constants: { ...constants, HAS_BIAS: bias ? 1 : 0 }, threads: sizeOf(out.shape), flops };
  const bindings = { grad, weight, bias: bias ?? weight, out };
  low.run(residual ? inputGradientResidual({ ...use, bindings: { ...bindings, residual } }) : inputGradient({ ...use, bindings }));
}

export function lowerConv2dWeightGradient(low: Lowering, { x, grad }: { x: Operand; grad: Operand }, { out }: { out: Operand }, o: Conv2dParams): void {
  if (wantsDirect(low) && directWeightGradient(low, x, grad, out, o)) return;
  const { params, constants, flops } = sizes(x.shape, grad.shape, out.shape, o, out);
  low.run(weightGradient({ bindings: { x, grad, out }, params, constants, threads: sizeOf(out.shape), flops }));
}
