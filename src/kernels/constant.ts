import { defineKernel } from "../runtime/kernel.js";
import type { Lowering, Operand } from "./lowering.js";
import shader from "./wgsl/constant.js";

const forward = defineKernel(shader, "forward");

/** Numbers of a dispatch. */
const WIDTH = 16;

/** Scratch memory with these numbers as f32: for options such as class weights, without a buffer that somebody must own. */
export function constantVector(low: Lowering, values: readonly number[]): Operand {
  const out = low.temp([values.length]);
  lowerConstant(low, {}, { out }, { values });
  return out;
}

/** Writes these numbers. */
export function lowerConstant(low: Lowering, _: object, { out }: { out: Operand }, { values }: { readonly values: readonly number[] }): void {
  for (let first = 0; first < values.length; first += WIDTH) {
    const v = (i: number): number => values[first + i] ?? 0;
    const params = {
      n: values.length, first,
      v0: v(0), v1: v(1), v2: v(2), v3: v(3), v4: v(4), v5: v(5), v6: v(6), v7: v(7),
      v8: v(8), v9: v(9), v10: v(10), v11: v(11), v12: v(12), v13: v(13), v14: v(14), v15: v(15),
    };
    low.run(forward({ bindings: { out }, params, workgroups: [1, 1, 1] }));
  }
}
