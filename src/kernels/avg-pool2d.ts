import { defineKernel } from "../runtime/kernel.js";
import { sizeOf, type Shape } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import { planeGroups } from "./plane.js";
import { vec4Fits } from "./vec4.js";
import shader from "./wgsl/avg-pool2d.js";

const forward = defineKernel(shader, "forward");
const forward4 = defineKernel(shader, "forward4");
const gradient = defineKernel(shader, "gradient");
const gradient4 = defineKernel(shader, "gradient4");

export interface AvgPool2dParams {
  readonly kernelSize: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly countIncludePad: boolean;
  /** 0: the window's own count. */
  readonly divisorOverride: number;
}

function specialise(x: Shape, out: Shape, { kernelSize, stride, padding, countIncludePad, divisorOverride }: AvgPool2dParams) {
  const [, h = 0, w = 0, c = 0] = x;
  const [, oh = 0, ow = 0] = out;
  const constants = {
    C: c, KH: kernelSize[0], KW: kernelSize[1], SH: stride[0], SW: stride[1], PH: padding[0], PW: padding[1],
    COUNT_PADDING: Number(countIncludePad), DIVISOR: divisorOverride,
  };
  return { c, use: { params: { h, w, oh, ow }, constants, flops: sizeOf(out) * kernelSize[0] * kernelSize[1] } };
}

export function lowerAvgPool2d(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }, o: AvgPool2dParams): void {
  const { c, use } = specialise(x.shape, out.shape, o);
  low.run(vec4Fits(low, c)
    ? forward4({ bindings: { x4: x, out4: out }, ...use, workgroups: planeGroups("avgPool2d", out.shape, true) })
    : forward({ bindings: { x, out }, ...use, workgroups: planeGroups("avgPool2d", out.shape, false) }));
}

export function lowerAvgPool2dGradient(low: Lowering, { grad }: { grad: Operand }, { out }: { out: Operand }, o: AvgPool2dParams): void {
  const { c, use } = specialise(out.shape, grad.shape, o);
  low.run(vec4Fits(low, c)
    ? gradient4({ bindings: { grad4: grad, out4: out }, ...use, workgroups: planeGroups("avgPool2d", out.shape, true) })
    : gradient({ bindings: { grad, out }, ...use, workgroups: planeGroups("avgPool2d", out.shape, false) }));
}
