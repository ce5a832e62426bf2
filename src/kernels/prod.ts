import { defineKernel } from "../runtime/kernel.js";
import type { Lowering, Operand } from "./lowering.js";
import { foldInStages, threadsOf } from "./reduce-stages.js";
import type { ReduceParams } from "./reduce.js";
import shader from "./wgsl/prod.js";

const product = defineKernel(shader, "product");
const productInt = defineKernel(shader, "product_int");

/** Multiplies over axes. */
export function lowerProd(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }, { axes }: ReduceParams): void {
  foldInStages(low, x, out, axes, (from, to, stage) => {
    const use = { params: { ...stage }, threads: threadsOf(stage), flops: stage.outer * stage.extent * stage.inner };
    return x.dtype === "i32" || x.dtype === "u32" ? productInt({ bindings: { xu: from, outu: to }, ...use }) : product({ bindings: { x: from, out: to }, ...use });
  });
}
