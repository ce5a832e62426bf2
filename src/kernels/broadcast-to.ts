import { defineKernel } from "../runtime/kernel.js";
import type { Lowering, Operand } from "./lowering.js";
import { denseStrides, mergeAxes, stepsOfFour, stridedUse } from "./strided.js";
import { vec4Fits } from "./vec4.js";
import shader from "./wgsl/broadcast-to.js";

const forward = defineKernel(shader, "forward");
const forward4 = defineKernel(shader, "forward4");

export function lowerBroadcastTo(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }): void {
  const strides = denseStrides(x.shape);
  const missing = out.shape.length - x.shape.length;
  const axes = mergeAxes(out.shape.map((size, i) => {
    const own = x.shape[i - missing] ?? 1;
    return { size, stride: own === 1 ? 0 : strides[i - missing]! };
  }));
  const steps = stepsOfFour(axes);
  const wide = steps !== undefined && vec4Fits(low, ...steps);
  const use = stridedUse(axes, wide);
  low.run(wide ? forward4({ bindings: { x4: x, out4: out }, ...use }) : forward({ bindings: { x, out }, ...use }));
}
