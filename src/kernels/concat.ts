import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import { vec4Fits } from "./vec4.js";
import shader from "./wgsl/concat.js";

const forward = defineKernel(shader, "forward");
const forward4 = defineKernel(shader, "forward4");

/** An input that its producer may have written straight into the output. */
interface Part extends Operand {
  readonly inPlace?: boolean;
}

/** Copies each of x0, x1, … to its place (one after the other, or at `offsets`), except those that stand there already. */
export function lowerConcat(low: Lowering, inputs: Record<string, Part | undefined>, { out }: { out: Operand }, { axis, offsets }: { axis: number; offsets?: readonly number[] }): void {
  const rows = sizeOf(out.shape.slice(0, axis));
  const stride = sizeOf(out.shape.slice(axis));
  let at = 0;
  for (let i = 0; ; i++) {
    const x = inputs[`x${i}`];
    if (!x) return;
    const length = sizeOf(x.shape.slice(axis));
    const count = rows * length;
    const params = { rows, length, stride, at: offsets?.[i] ?? at };
    at += length;
    if (x.inPlace || count === 0) continue;
    low.run(vec4Fits(low, length, stride, params.at)
      ? forward4({ bindings: { x4: x, out4: out }, params, threads: count / 4 })
      : forward({ bindings: { x, out }, params, threads: count }));
  }
}
