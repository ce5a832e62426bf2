import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import { planStages, threadsOf } from "./reduce-stages.js";
import type { ReduceParams } from "./reduce.js";
import shader from "./wgsl/log-sum-exp.js";

const exponentials = defineKernel(shader, "exponentials");
const exponentialsMerge = defineKernel(shader, "exponentials_merge");
const exponentialsFinish = defineKernel(shader, "exponentials_finish");

/** log Σ exp(x) over axes, in f32. */
export function lowerLogSumExp(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }, { axes }: ReduceParams): void {
  let from = x;
  planStages(x.shape, axes).forEach((stage, i) => {
    const to = low.temp([2, threadsOf(stage)]);
    const use = { bindings: { x: from, out: to }, params: { ...stage }, threads: threadsOf(stage), flops: 2 * stage.outer * stage.extent * stage.inner };
    if (use.threads > 0) low.run(i === 0 ? exponentials(use) : exponentialsMerge(use));
    from = to;
  });
  const size = sizeOf(out.shape);
  if (size > 0) low.run(exponentialsFinish({ bindings: { x: from, out }, params: { outer: 1, extent: 1, inner: size, chunks: 1 }, threads: size }));
}
