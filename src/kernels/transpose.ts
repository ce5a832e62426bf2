import { defineKernel } from "../runtime/kernel.js";
import type { Lowering, Operand } from "./lowering.js";
import { denseStrides, mergeAxes, stepsOfFour, stridedUse } from "./strided.js";
import { vec4Fits } from "./vec4.js";
import shader from "./wgsl/transpose.js";

const forward = defineKernel(shader, "forward");
const forward4 = defineKernel(shader, "forward4");

export interface TransposeParams {
  readonly permutation: readonly number[];
}

export function lowerTranspose(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }, { permutation }: TransposeParams): void {
  const strides = denseStrides(x.shape);
  const axes = mergeAxes(permutation.map((axis) => ({ size: x.shape[axis]!, stride: strides[axis]! })));
  const steps = stepsOfFour(axes);
  const wide = steps !== undefined && vec4Fits(low, ...steps);
  const use = stridedUse(axes, wide);
  low.run(wide ? forward4({ bindings: { x4: x, out4: out }, ...use }) : forward({ bindings: { x, out }, ...use }));
}
