import { defineKernel } from "../runtime/kernel.js";
import type { Lowering, Operand } from "./lowering.js";
import { planeGroups } from "./plane.js";
import shader from "./wgsl/pick2d.js";

const forward = defineKernel(shader, "forward");

export function lowerPick2d(low: Lowering, { plane, indices }: Record<"plane" | "indices", Operand>, { out }: { out: Operand }): void {
  const [, h = 0, w = 0, c = 0] = plane.shape;
  const [, oh = 0, ow = 0] = out.shape;
  low.run(forward({ bindings: { plane, indices, out }, params: { size: h * w, oh, ow }, constants: { C: c }, workgroups: planeGroups("pick2d", out.shape, false) }));
}
