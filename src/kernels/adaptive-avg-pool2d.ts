import { defineKernel } from "../runtime/kernel.js";
import { binsOf } from "./bins.js";
import type { Lowering, Operand } from "./lowering.js";
import { planeGroups } from "./plane.js";
import { lowerReduce } from "./reduce.js";
import { vec4Fits } from "./vec4.js";
import shader from "./wgsl/adaptive-avg-pool2d.js";

const forward = defineKernel(shader, "forward");
const forward4 = defineKernel(shader, "forward4");
const gradient = defineKernel(shader, "gradient");
const gradient4 = defineKernel(shader, "gradient4");

export function lowerAdaptiveAvgPool2d(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }): void {
  // A single bin is a mean, and a fold in stages keeps more than N · C threads busy.
  if (low.adapter.variant !== "clear" && out.shape[1] === 1 && out.shape[2] === 1) return lowerReduce(low, x, out, "mean", [1, 2]);
  const { c, use } = binsOf(x.shape, out.shape);
  low.run(vec4Fits(low, c)
    ? forward4({ bindings: { x4: x, out4: out }, ...use, workgroups: planeGroups("adaptiveAvgPool2d", out.shape, true) })
    : forward({ bindings: { x, out }, ...use, workgroups: planeGroups("adaptiveAvgPool2d", out.shape, false) }));
}

export function lowerAdaptiveAvgPool2dGradient(low: Lowering, { grad }: { grad: Operand }, { out }: { out: Operand }): void {
  const { c, use } = binsOf(out.shape, grad.shape);
  low.run(vec4Fits(low, c)
    ? gradient4({ bindings: { grad4: grad, out4: out }, ...use, workgroups: planeGroups("adaptiveAvgPool2d", out.shape, true) })
    : gradient({ bindings: { grad, out }, ...use, workgroups: planeGroups("adaptiveAvgPool2d", out.shape, false) }));
}
