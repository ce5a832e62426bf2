import { defineKernel } from "../runtime/kernel.js";
import type { Lowering, Operand } from "./lowering.js";
import { planeGroups } from "./plane.js";
import { vec4Fits } from "./vec4.js";
import shader from "./wgsl/pad2d.js";

const forward = defineKernel(shader, "forward");
const forward4 = defineKernel(shader, "forward4");

export interface Pad2dParams {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
  readonly value: number;
}

/** The 32 bits that stand for `value` in a tensor of this dtype. */
function bitsOf(value: number, dtype: Operand["dtype"]): number {
  return dtype === "f32" ? new Uint32Array(new Float32Array([value]).buffer)[0]! : value >>> 0;
}

export function lowerPad2d(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }, { top, left, value }: Pick<Pad2dParams, "top" | "left" | "value">): void {
  const [, h = 0, w = 0, C = 0] = x.shape;
  const [, oh = 0, ow = 0] = out.shape;
  const use = { params: { h, w, oh, ow, top, left, value: bitsOf(value, x.dtype) }, constants: { C } };
  low.run(vec4Fits(low, C)
    ? forward4({ bindings: { x4: x, out4: out }, ...use, workgroups: planeGroups("pad2d", out.shape, true) })
    : forward({ bindings: { x, out }, ...use, workgroups: planeGroups("pad2d", out.shape, false) }));
}
