import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import shader from "./wgsl/one-hot.js";

const oneHot = defineKernel(shader, "one_hot");

export function lowerOneHot(low: Lowering, { labels }: { labels: Operand }, { out }: { out: Operand }, { classes }: { classes: number }): void {
  const n = sizeOf(labels.shape);
  low.run(oneHot({ bindings: { labels, out }, params: { n }, constants: { C: classes, U8: labels.dtype === "u8" ? 1 : 0 }, threads: n * classes }));
}
