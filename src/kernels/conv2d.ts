import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import { channelSlice, type Lowering, type Operand } from "./lowering.js";
import { directConv2d, wantsDirect } from "./conv2d-direct.js";
import { directInputGradient } from "./conv2d-direct-input-gradient.js";
import { directWeightGradient } from "./conv2d-direct-weight-gradient.js";
import { tiledConv2d, tiledInputGradient } from "./conv2d-tiled.js";
import { tiledWeightGradient } from "./conv2d-tiled-weight-gradient.js";
import { depthwiseConv2d, depthwiseInputGradient } from "./depthwise-conv2d.js";
import { depthwiseWeightGradient } from "./depthwise-conv2d-weight-gradient.js";
import { activationCode, type Activation } from "./epilogue.js";
import { geometry, tuned } from "./tuning.js";
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
  activation: Activation;
}

/** Shapes and geometry as the shaders want them; `x` and `grad` are the maps before and after the convolution. */
function sizes(x: readonly number[], grad: readonly number[], weight: readonly number[], o: Conv2dParams, out: Operand) {
  const [n, h, w, c] = x as [number, number, number, number];
  const [, oh, ow, channels] = grad as [number, number, number, number];
  const [, kh, kw, cg] = weight as [number, number, number, number];
  const { stride, offset } = channelSlice(out);
  return {
    params: { n, h, w, c, oh, ow, o: channels, cg, og: channels / o.groups, top: o.padding[0], left: o.padding[2], out_stride: stride, out_offset: offset, activation: activationCode(o.activation) },
    constants: { KH: kh, KW: kw, SH: o.stride[0], SW: o.stride[1], DH: o.dilation[0], DW: o.dilation[1] },
    flops: 2 * sizeOf(grad) * kh * kw * cg,
  };
}

/** Names of the kernels without workgroup memory that a table of measurements may choose (see conv2d-direct.ts). */
const DIRECT = ["direct:lanes", "direct:columns", "direct:blocks"] as const;

const DIRECT_WEIGHT_GRADIENT = ["direct:lanes", "direct"] as const;

/** The lowering with the variant that the device's table names for this convolution. */
function choose(op: string, low: Lowering, operands: readonly Operand[], m: number, n: number, k: number, o: Conv2dParams): Lowering {
  return low.adapter.tuning ? tuned(low, geometry(op, operands, o), { m, n, k, planes: o.groups }, op === "conv2dWeightGradient" ? DIRECT_WEIGHT_GRADIENT : DIRECT) : low;
}

export function lowerConv2d(given: Lowering, { x, weight, bias, residual }: Conv2dInputs, { out }: { out: Operand }, o: Conv2dParams): void {
  const [width, kh, kw, cg] = weight.shape as [number, number, number, number];
  const low = choose("conv2d", given, [x, weight], sizeOf(out.shape.slice(0, 3)), width / o.groups, kh * kw * cg, o);
  if (wantsDirect(low) && depthwiseConv2d(low, { x, weight, bias, residual }, out, o)) return;
  if (tiledConv2d(low, { x, weight, bias, residual }, out, o)) return;
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

export function lowerConv2dInputGradient(given: Lowering, { grad, weight, bias, residual }: Omit<Conv2dInputs, "x"> & { grad: Operand }, { out }: { out: Operand }, o: Conv2dParams): void {
  const [width, kh, kw, cg] = weight.shape as [number, number, number, number];
  const low = choose("conv2dInputGradient", given, [grad, weight, out], sizeOf(out.shape.slice(0, 3)), cg, (kh * kw * width) / o.groups, o);
  if (wantsDirect(low) && depthwiseInputGradient(low, { grad, weight, bias, residual }, out, o)) return;
  if (tiledInputGradient(low, { grad, weight, bias, residual }, out, o)) return;
  if (wantsDirect(low) && directInputGradient(low, { grad, weight, bias, residual }, out, o)) return;
  const { params, constants, flops } = sizes(out.shape, grad.shape, weight.shape, o, out);
  const use = { params, constants: { ...constants, HAS_BIAS: bias ? 1 : 0 }, threads: sizeOf(out.shape), flops };
  const bindings = { grad, weight, bias: bias ?? weight, out };
  low.run(residual ? inputGradientResidual({ ...use, bindings: { ...bindings, residual } }) : inputGradient({ ...use, bindings }));
}

export function lowerConv2dWeightGradient(given: Lowering, { x, grad }: { x: Operand; grad: Operand }, { out }: { out: Operand }, o: Conv2dParams): void {
  const [width, kh, kw, cg] = out.shape as [number, number, number, number];
  const low = choose("conv2dWeightGradient", given, [x, grad, out], width / o.groups, kh * kw * cg, sizeOf(grad.shape.slice(0, 3)), o);
  if (wantsDirect(low) && depthwiseWeightGradient(low, x, grad, out, o)) return;
  if (tiledWeightGradient(low, x, grad, out, o)) return;
  if (wantsDirect(low) && directWeightGradient(low, x, grad, out, o)) return;
  const { params, constants, flops } = sizes(x.shape, grad.shape, out.shape, o, out);
  low.run(weightGradient({ bindings: { x, grad, out }, params, constants, threads: sizeOf(out.shape), flops }));
}
