import { defineKernel } from "../runtime/kernel.js";
import { sizeOf, type Shape } from "../runtime/shape.js";
import { activationCode, type Activation } from "./epilogue.js";
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
  /** What plans let it do to the result. Default "none". */
  readonly activation?: Activation;
}

/** Rows that one thread of the gradient sums takes; up to twice as many chunks are added up by the last stage. */
const FOLD = 32;

/** Rows that one thread normalises at most, and threads that are worth more than longer ones. */
const APPLY_FOLD = 8;
const ENOUGH_THREADS = 1 << 15;

/** How a kernel that goes through x once divides it: `fold` rows to each of `chunks` threads a channel, or four of them. */
function specialise(low: Lowering, x: Shape, eps: number, { fold, activation = "none" }: { fold?: number; activation?: Activation | undefined } = {}) {
  const c = x.at(-1)!;
  const rows = sizeOf(x.slice(0, -1));
  const wide = vec4Fits(low, c);
  const width = wide ? c / 4 : c;
  const each = fold ?? Math.max(1, Math.min(APPLY_FOLD, Math.floor((rows * width) / ENOUGH_THREADS)));
  const chunks = Math.ceil(rows / each);
  return { c, wide, chunks, use: { params: { rows, chunks, fold: each, eps, activation: activationCode(activation) }, constants: { C: c }, threads: chunks * width, flops: 4 * rows * c } };
}

type Affine = { gamma?: Operand | undefined; beta?: Operand | undefined };
type Statistics = Record<"mean" | "variance", Operand>;

/** Normalises with the statistics of the batch, which it returns (f32, the variance biased: divided by n). */
export function lowerBatchNormTrain(low: Lowering, { x, gamma, beta }: Record<"x" | "gamma" | "beta", Operand>, outputs: Record<"out" | "mean" | "variance", Operand>, o: BatchNormParams): void {
  const { out, mean, variance } = outputs;
  lowerVariance(low, { x }, { out: variance, mean }, { axes: [0, 1, 2], correction: 0, root: false });
  lowerBatchNormInference(low, { x, gamma, beta, mean, variance }, { out }, o);
}

/** Normalises with given statistics. */
export function lowerBatchNormInference(low: Lowering, inputs: Record<"x" | "gamma" | "beta" | "mean" | "variance", Operand>, { out }: { out: Operand }, { eps, activation }: BatchNormParams): void {
  const { x, gamma, beta, mean, variance } = inputs;
  const { wide, use } = specialise(low, x.shape, eps, { activation });
  low.run(wide
    ? apply4({ bindings: { x4: x, gamma4: gamma, beta4: beta, mean4: mean, variance4: variance, out4: out }, ...use })
    : apply({ bindings: { x, gamma, beta, mean, variance, out }, ...use }));
}

/** The gradients of gamma and beta, which the gradient of x needs as well. */
export function lowerBatchNormSums(low: Lowering, inputs: Statistics & Record<"x" | "grad", Operand> & Affine, { gamma, beta, slopes }: Record<"gamma" | "beta" | "slopes", Operand>, { eps, activation }: BatchNormParams): void {
  const { x, mean, variance, grad } = inputs;
  // Only an activation behind makes the kernel use them.
  const [scale, shift] = [inputs.gamma ?? variance, inputs.beta ?? mean];
  const { c, wide, chunks, use } = specialise(low, x.shape, eps, { fold: FOLD, activation });
  let sums = low.temp([chunks, 2, c]);
  low.run(wide
    ? gradientSums4({ bindings: { x4: x, grad4: grad, mean4: mean, variance4: variance, gamma4: scale, shift4: shift, out4: sums }, ...use })
    : gradientSums({ bindings: { x, grad, mean, variance, gamma: scale, shift, out: sums }, ...use }));
  let left = chunks;
  if (chunks > 2 * FOLD) {
    const from = sums;
    left = 1;
    sums = low.temp([1, 2, c]);
    lowerReduce(low, from, sums, "sum", [0]);
  }
  low.run(finishGradient({ bindings: { partial: sums, variance, out_beta: beta, out_gamma: gamma, out: slopes }, params: { ...use.params, chunks: left }, constants: use.constants, threads: c }));
}

/** The gradient of x when the statistics come from x. */
export function lowerBatchNormInputGradient(low: Lowering, inputs: Statistics & Record<"x" | "gamma" | "beta" | "slopes" | "grad", Operand>, { out }: { out: Operand }, { eps, activation }: BatchNormParams): void {
  const { x, gamma, beta: shift, mean, variance, slopes, grad } = inputs;
  const { wide, use } = specialise(low, x.shape, eps, { activation });
  const doubled = { ...use, flops: 2 * use.flops };
  low.run(wide
    ? applyGradient4({ bindings: { x4: x, gamma4: gamma, mean4: mean, variance4: variance, slopes4: slopes, shift4: shift, grad4: grad, out4: out }, ...doubled })
    : applyGradient({ bindings: { x, gamma, mean, variance, slopes, shift, grad, out }, ...doubled }));
}
