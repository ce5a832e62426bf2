import type { DType } from "../runtime/dtype.js";
import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import shader from "./wgsl/cast.js";

const forward = defineKernel(shader, "forward");

/** Numbers of the types in cast.wgsl. */
const codes: Readonly<Record<DType, number>> = { f32: 0, i32: 1, u32: 2, u8: 3, f16: 4 };

export function lowerCast(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }): void {
  const n = sizeOf(x.shape);
  low.run(forward({ bindings: { x, out }, params: { n }, constants: { FROM: codes[x.dtype], TO: codes[out.dtype] }, threads: Math.ceil(n / 4) }));
}
