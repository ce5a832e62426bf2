import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import shader from "./wgsl/confusion-matrix.js";

const zero = defineKernel(shader, "zero");
const count = defineKernel(shader, "count");
const accumulate = defineKernel(shader, "accumulate");

export interface ConfusionMatrixParams {
  readonly classes: number;
  readonly ignoreIndex: number;
}

/** Elements per thread: long enough to run along an area of one class. */
const RUN = 64;

export function lowerConfusionMatrix(low: Lowering, { predicted, labels }: Record<"predicted" | "labels", Operand>, { out }: { out: Operand }, { classes, ignoreIndex }: ConfusionMatrixParams): void {
  const n = sizeOf(labels.shape);
  const params = { n, ignored: ignoreIndex };
  const constants = { C: classes, RUN, LABELS_U8: labels.dtype === "u8" ? 1 : 0, PREDICTED_U8: predicted.dtype === "u8" ? 1 : 0 };
  low.run(zero({ bindings: { out }, params, constants: { C: classes }, threads: classes * classes }));
  low.run(count({ bindings: { predicted, labels, counts: out }, params, constants, threads: Math.ceil(n / RUN) }));
}

export function lowerAccumulateCounts(low: Lowering, { total, counts }: Record<"total" | "counts", Operand>, { out }: { out: Operand }): void {
  const n = sizeOf(counts.shape);
  low.run(accumulate({ bindings: { total, added: counts, out }, params: { n, ignored: 0 }, threads: n }));
}
