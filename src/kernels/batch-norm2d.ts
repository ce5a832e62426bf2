import { defineKernel } from "../runtime/kernel.js";
import { sizeOf, type Shape } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import { lowerReduce } from "./reduce.js";
import { lowerVariance } from "./variance.js";
import { vec4Fits } from "./vec4.js";
import shader from "./wgsl/batch-norm2d.js";

const apply = defineKernel(shader, "apply");
const apply4 = defineKernel(shader, "apply4");
const gradientSums = defineKernel(shader, "gradient_sums");
const gradientSums4 = defineKernel(shader, "gradient_sums4");
const finishGradient = defineKernel(shader, "finish_gradient");
const applyGradient = defineKernel(shader, "apply_gradient");
const applyGradient4 = defineKernel(shader, "apply_gradient4");

export interface BatchNormParams {
  readonly eps: number;
}

/** Rows that one thread of the gradient sums takes; up to twice as many chunks are added up by the last stage. */
const FOLD = 32;

function specialise(x: Shape, eps: number) {
  const c = x.at(-1)!;
  const rows = sizeOf(x.slice(0, -1));
  return { c, rows, chunks: Math.ceil(rows / FOLD), params: { rows, chunks: 1, eps }, constants: { C: c }, flops: 4 * rows * c };
}

type Statistics = Record<"mean" | "variance", Operand>;

/** Normalises with the statistics of the batch, which it returns (f32, the variance biased: divided by n). */
export function lowerBatchNormTrain(low: Lowering, { x, gamma, beta }: Record<"x" | "gamma" | "beta", Operand>, outputs: Record<"out" | "mean" | "variance", Operand>, { eps }: BatchNormParams): void {
  const { out, mean, variance } = outputs;
  lowerVariance(low, { x }, { out: variance, mean }, { axes: [0, 1, 2], correction: 0, root: false });
  lowerBatchNormInference(low, { x, gamma, beta, mean, variance }, { out }, { eps });
}

/** Normalises with given statistics. */
export function lowerBatchNormInference(low: Lowering, inputs: Record<"x" | "gamma" | "beta" | "mean" | "variance", Operand>, { out }: { out: Operand }, { eps }: BatchNormParams): void {
  const { x, gamma, beta, mean, variance } = inputs;
  const { c, params, constants, flops } = specialise(x.shape, eps);
  const count = sizeOf(x.shape);
  low.run(vec4Fits(low, c)
    ? apply4({ bindings: { x4: x, gamma4: gamma, beta4: beta, mean4: mean, variance4: variance, out4: out }, params, constants, flops, threads: count / 4 })
    : apply({ bindings: { x, gamma, beta, mean, variance, out }, params, constants, flops, threads: count }));
}

/** The gradients of gamma and beta, which the gradient of x needs as well. */
export function lowerBatchNormSums(low: Lowering, { x, mean, variance, grad }: Statistics & Record<"x" | "grad", Operand>, { gamma, beta }: Record<"gamma" | "beta", Operand>, { eps }: BatchNormParams): void {
  const { c, rows, chunks, params, constants, flops } = specialise(x.shape, eps);
  let sums = low.temp([chunks, 2, c]);
  const use = { params: { rows, chunks, eps }, constants, flops };
  low.run(vec4Fits(low, c)
    ? gradientSums4({ bindings: { x4: x, grad4: grad, mean4: mean, out4: sums }, ...use, threads: (chunks * c) / 4 })
    : gradientSums({ bindings: { x, grad, mean, out: sums }, ...use, threads: chunks * c }));
  let left = chunks;
  if (chunks > 2 * FOLD) {
    const from = sums;
    left = 1;
    sums = low.temp([1, 2, c]);
    lowerReduce(low, from, sums, "sum", [0]);
  }
  low.run(finishGradient({ bindings: { partial: sums, variance, out_beta: beta, out_gamma: gamma }, params: { ...params, chunks: left }, constants, threads: c }));
}

/** The gradient of x when the statistics come from x. */
export function lowerBatchNormInputGradient(low: Lowering, inputs: Statistics & Record<"x" | "gamma" | "dgamma" | "dbeta" | "grad", Operand>, { out }: { out: Operand }, { eps }: BatchNormParams): void {
  const { x, gamma, mean, variance, dgamma, dbeta, grad } = inputs;
  const { c, params, constants, flops } = specialise(x.shape, eps);
  const count = sizeOf(x.shape);
  const use = { params, constants, flops: 2 * flops };
  low.run(vec4Fits(low, c)
    ? applyGradient4({ bindings: { x4: x, gamma4: gamma, mean4: mean, variance4: variance, dgamma4: dgamma, dbeta4: dbeta, grad4: grad, out4: out }, ...use, threads: count / 4 })
    : applyGradient({ bindings: { x, gamma, mean, variance, dgamma, dbeta, grad, out }, ...use, threads: count }));
}
