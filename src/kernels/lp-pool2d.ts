import { defineKernel } from "../runtime/kernel.js";
import { sizeOf, type Shape } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import { planeGroups } from "./plane.js";
import shader from "./wgsl/lp-pool2d.js";

const forward = defineKernel(shader, "forward");
const gradient = defineKernel(shader, "gradient");

/** Up to here whole powers are multiplied out. */
const LARGEST_PRODUCT_OF_FACTORS = 16;

export interface LpPool2dParams {
  readonly normType: number;
  readonly kernelSize: readonly [number, number];
  readonly stride: readonly [number, number];
}

function specialise(x: Shape, out: Shape, { normType, kernelSize, stride }: LpPool2dParams) {
  const [, h = 0, w = 0, c = 0] = x;
  const [, oh = 0, ow = 0] = out;
  const whole = Number.isInteger(normType) && normType <= LARGEST_PRODUCT_OF_FACTORS;
  const constants = { C: c, KH: kernelSize[0], KW: kernelSize[1], SH: stride[0], SW: stride[1], P: normType, WHOLE: whole ? normType : 0 };
  return { params: { h, w, oh, ow }, constants, flops: 2 * sizeOf(out) * kernelSize[0] * kernelSize[1] };
}

export function lowerLpPool2d(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }, o: LpPool2dParams): void {
  low.run(forward({ bindings: { x, out }, ...specialise(x.shape, out.shape, o), workgroups: planeGroups("lpPool2d", out.shape, false) }));
}

export function lowerLpPool2dGradient(low: Lowering, { x, pooled, grad }: Record<"x" | "pooled" | "grad", Operand>, { out }: { out: Operand }, o: LpPool2dParams): void {
  // What multiplies as many factors needs more digits than f16 keeps: there the norms are computed again, in f32.
  const norms = pooled.dtype === "f32" ? pooled : low.temp(pooled.shape, "f32");
  if (norms !== pooled) lowerLpPool2d(low, { x }, { out: norms }, o);
  low.run(gradient({ bindings: { x, pooled: norms, grad, out }, ...specialise(x.shape, grad.shape, o), workgroups: planeGroups("lpPool2d", x.shape, false) }));
}
