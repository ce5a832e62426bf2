import { defineOp, type Spec } from "../graph/op.js";
import type { TensorLike } from "../graph/tensor.js";
import type { Variable } from "../graph/variable.js";
import { lowerRunningStatistics, type RunningStatisticsParams } from "../kernels/running-statistics.js";

/** What a batch norm remembers between batches. */
export interface RunningStatistics {
  /** f32 [C] */
  readonly runningMean: Variable;
  /** f32 [C] */
  readonly runningVar: Variable;
  /** i32, one element: how many batches were seen. */
  readonly batches: Variable;
}

const runningStatisticsOp = defineOp({
  name: "runningStatistics",
  shape: ({ mean }: { mean: Spec; variance: Spec }, _o: RunningStatisticsParams): { runningMean: Spec; runningVar: Spec; batches: Spec } => ({
    runningMean: mean,
    runningVar: mean,
    batches: { shape: [], dtype: "i32" },
  }),
  lower: lowerRunningStatistics,
  traits: { effect: true },
});

/**
 * Moves running statistics towards those of a batch, in place:
 * running = (1 − momentum) · running + momentum · batch, where the batch's variance is made unbiased (· n / (n − 1)) first, as
 * PyTorch does. With momentum null the momentum is 1 / (batches + 1): all batches weigh the same.
 *
 * @param mean f32 [C], of the batch
 * @param variance f32 [C], of the batch, biased (as `batchNormTrain` returns it)
 * @param momentum weight of the batch, 0 … 1, or null
 * @param count n: values per channel in the batch, above 1
 */
export function updateRunningStatistics(statistics: RunningStatistics, mean: TensorLike<"f32">, variance: TensorLike<"f32">, { momentum, count }: RunningStatisticsParams): void {
  runningStatisticsOp.update({ mean, variance }, { momentum, count }, { ...statistics });
}
