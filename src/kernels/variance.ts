import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import { planStages, threadsOf } from "./reduce-stages.js";
import type { ReduceParams } from "./reduce.js";
import { vec4Fits } from "./vec4.js";
import shader from "./wgsl/variance.js";

const moments = defineKernel(shader, "moments");
const moments4 = defineKernel(shader, "moments4");
const merge = defineKernel(shader, "merge");
const finish = defineKernel(shader, "finish");

export interface VarianceParams {
  /** Taken off the count that the squared deviations are divided by. */
  readonly correction: number;
  /** The standard deviation instead. */
  readonly root: boolean;
}

/** Mean and variance (or standard deviation) over axes, both f32. */
export function lowerVariance(low: Lowering, { x }: { x: Operand }, { out, mean }: Record<"out" | "mean", Operand>, { axes, correction, root }: VarianceParams & Pick<ReduceParams, "axes">): void {
  const [first, ...rest] = planStages(x.shape, axes);
  const count = threadsOf(first!);
  const use = { params: { ...first!, correction }, flops: 4 * sizeOf(x.shape) };
  let from = low.temp([3, count]);
  low.run(vec4Fits(low, first!.inner) ? moments4({ bindings: { x4: x, out4: from }, ...use, threads: count / 4 }) : moments({ bindings: { x, out: from }, ...use, threads: count }));
  // The last stage, if there is more than one, is the finishing one's.
  const last = rest.pop() ?? { outer: 1, extent: 1, inner: count, chunks: 1 };
  for (const stage of rest) {
    const to = low.temp([3, threadsOf(stage)]);
    low.run(merge({ bindings: { partial: from, out: to }, params: { ...stage, correction }, threads: threadsOf(stage) }));
    from = to;
  }
  low.run(finish({ bindings: { partial: from, out, out_mean: mean }, params: { ...last, correction }, ...(root && { constants: { ROOT: 1 } }), threads: threadsOf(last) }));
}
