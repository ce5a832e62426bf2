import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import shader from "./wgsl/running-statistics.js";

const update = defineKernel(shader, "update");

export interface RunningStatisticsParams {
  /** Weight of the new batch, 0 … 1. */
  readonly momentum: number;
  /** Values per channel that the batch statistics were taken over. */
  readonly count: number;
}

/** Updates running mean, variance and batch count in place. */
export function lowerRunningStatistics(low: Lowering, { mean, variance }: Record<"mean" | "variance", Operand>, outputs: Record<"runningMean" | "runningVar" | "batches", Operand>, { momentum, count }: RunningStatisticsParams): void {
  const { runningMean, runningVar, batches } = outputs;
  const channels = sizeOf(mean.shape);
  low.run(update({
    bindings: { mean, variance, running_mean: runningMean, running_var: runningVar, batches },
    params: { momentum, correction: count / (count - 1) },
    constants: { C: channels },
    threads: channels,
  }));
}
