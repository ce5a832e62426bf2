import { defineKernel } from "../runtime/kernel.js";
import { binsOf } from "./bins.js";
import type { Lowering, Operand } from "./lowering.js";
import { planeGroups } from "./plane.js";
import { vec4Fits } from "./vec4.js";
import shader from "./wgsl/adaptive-max-pool2d.js";

const forward = defineKernel(shader, "forward");
const forward4 = defineKernel(shader, "forward4");
const gradient = defineKernel(shader, "gradient");
const gradient4 = defineKernel(shader, "gradient4");

export function lowerAdaptiveMaxPool2d(low: Lowering, { x }: { x: Operand }, { out, indices }: Record<"out" | "indices", Operand>): void {
  const { c, use } = binsOf(x.shape, out.shape);
  low.run(vec4Fits(low, c)
    ? forward4({ bindings: { x4: x, out4: out, indices4: indices }, ...use, workgroups: planeGroups("adaptiveMaxPool2d", out.shape, true) })
    : forward({ bindings: { x, out, indices }, ...use, workgroups: planeGroups("adaptiveMaxPool2d", out.shape, false) }));
}

export function lowerAdaptiveMaxPool2dGradient(low: Lowering, { grad, indices }: Record<"grad" | "indices", Operand>, { out }: { out: Operand }): void {
  const { c, use } = binsOf(out.shape, grad.shape);
  low.run(vec4Fits(low, c)
    ? gradient4({ bindings: { grad4: grad, chosen4: indices, out4: out }, ...use, workgroups: planeGroups("adaptiveMaxPool2d", out.shape, true) })
    : gradient({ bindings: { grad, chosen: indices, out }, ...use, workgroups: planeGroups("adaptiveMaxPool2d", out.shape, false) }));
}
