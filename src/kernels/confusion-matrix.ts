import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import shader from "./wgsl/confusion-matrix.js";

const zero = defineKernel(shader, "zero");
const count = defineKernel(shader, "count");
const accumulate = defineKernel(shader, "accumulate");

export interface ConfusionMatrixParams {
  readonly classes: number;
  /** How many values predictions take; as many as classes, unless something else is counted. */
  readonly predictedClasses: number;
  readonly ignoreIndex: number;
  /** One matrix for each index of the first axis. */
  readonly perImage: boolean;
}

/** Elements per thread: long enough to run along an area of one class. */
const RUN = 64;

export function lowerConfusionMatrix(low: Lowering, { predicted, labels }: Record<"predicted" | "labels", Operand>, { out }: { out: Operand }, { classes, predictedClasses, ignoreIndex, perImage }: ConfusionMatrixParams): void {
  const images = perImage ? labels.shape[0]! : 1;
  const n = images ? sizeOf(labels.shape) / images : 0;
  const runs = Math.ceil(n / RUN);
  const cells = sizeOf(out.shape);
  const constants = { C: classes, G: predictedClasses, RUN, LABELS_U8: labels.dtype === "u8" ? 1 : 0, PREDICTED_U8: predicted.dtype === "u8" ? 1 : 0 };
  low.run(zero({ bindings: { out }, params: { n: cells, images, runs, ignored: ignoreIndex }, threads: cells }));
  if (n > 0) low.run(count({ bindings: { predicted, labels, counts: out }, params: { n, images, runs, ignored: ignoreIndex }, constants, threads: images * runs }));
}

export function lowerAccumulateCounts(low: Lowering, { total, counts }: Record<"total" | "counts", Operand>, { out }: { out: Operand }): void {
  const n = sizeOf(counts.shape);
  low.run(accumulate({ bindings: { total, added: counts, out }, params: { n, images: 1, runs: 0, ignored: 0 }, threads: n }));
}
