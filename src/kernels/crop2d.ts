import { defineKernel } from "../runtime/kernel.js";
import type { Lowering, Operand } from "./lowering.js";
import { planeGroups } from "./plane.js";
import { vec4Fits } from "./vec4.js";
import shader from "./wgsl/crop2d.js";

const forward = defineKernel(shader, "forward");
const forward4 = defineKernel(shader, "forward4");

export interface Crop2dParams {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

export function lowerCrop2d(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }, { top, left }: Crop2dParams): void {
  const [, h = 0, w = 0, C = 0] = x.shape;
  const [, oh = 0, ow = 0] = out.shape;
  const use = { params: { h, w, oh, ow, top, left }, constants: { C } };
  low.run(vec4Fits(low, C)
    ? forward4({ bindings: { x4: x, out4: out }, ...use, workgroups: planeGroups("crop2d", out.shape, true) })
    : forward({ bindings: { x, out }, ...use, workgroups: planeGroups("crop2d", out.shape, false) }));
}
