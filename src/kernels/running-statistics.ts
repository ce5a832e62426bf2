import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import shader from "./wgsl/running-statistics.js";

const update = defineKernel(shader, "update");
const updateCumulative = defineKernel(shader, "update_cumulative");
const countBatch = defineKernel(shader, "count");

export interface RunningStatisticsParams {
  /** Weight of the new batch, 0 … 1; null averages all batches equally. */
  readonly momentum: number | null;
  /** Values per channel that the batch statistics were taken over. */
  readonly count: number;
}

/** Updates running mean, variance and batch count in place. */
export function lowerRunningStatistics(low: Lowering, { mean, variance }: Record<"mean" | "variance", Operand>, outputs: Record<"runningMean" | "runningVar" | "batches", Operand>, { momentum, count }: RunningStatisticsParams): void {
  const { runningMean, runningVar, batches } = outputs;
  const channels = sizeOf(mean.shape);
  const use = { params: { momentum: momentum ?? 0, correction: count / (count - 1) }, constants: { C: channels }, threads: channels };
  const bindings = { mean, variance, running_mean: runningMean, running_var: runningVar };
  if (momentum !== null) {
    low.run(update({ bindings: { ...bindings, batches }, ...use }));
    return;
  }
  low.run(updateCumulative({ bindings: { ...bindings, seen: batches }, ...use }));
  low.run(countBatch({ bindings: { batches }, params: use.params, workgroups: [1, 1, 1] }));
}
