import { defineKernel } from "../runtime/kernel.js";
import { sizeOf, type Shape } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import shader from "./wgsl/softmax.js";

const softmax = defineKernel(shader, "softmax");
const logSoftmax = defineKernel(shader, "log_softmax");
const softmaxGradient = defineKernel(shader, "softmax_gradient");
const logSoftmaxGradient = defineKernel(shader, "log_softmax_gradient");

/** Few classes are baked into the kernel; see lib/row.wgsl. */
export const bakedClasses = (classes: number): number => (classes <= 4 ? classes : 0);

function specialise(shape: Shape) {
  const classes = shape.at(-1)!;
  const rows = sizeOf(shape.slice(0, -1));
  return { params: { rows, classes }, constants: { C: bakedClasses(classes) }, threads: rows, flops: 4 * rows * classes };
}

export function lowerSoftmax(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }): void {
  low.run(softmax({ bindings: { x, out }, ...specialise(x.shape) }));
}

export function lowerLogSoftmax(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }): void {
  low.run(logSoftmax({ bindings: { x, out }, ...specialise(x.shape) }));
}

export function lowerSoftmaxGradient(low: Lowering, { y, grad }: Record<"y" | "grad", Operand>, { out }: { out: Operand }): void {
  low.run(softmaxGradient({ bindings: { y, grad, out }, ...specialise(y.shape) }));
}

export function lowerLogSoftmaxGradient(low: Lowering, { y, grad }: Record<"y" | "grad", Operand>, { out }: { out: Operand }): void {
  low.run(logSoftmaxGradient({ bindings: { y, grad, out }, ...specialise(y.shape) }));
}
