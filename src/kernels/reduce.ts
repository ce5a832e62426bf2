import { defineKernel } from "../runtime/kernel.js";
import { sizeOf, type Shape } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import { vec4Fits } from "./vec4.js";
import shader from "./wgsl/reduce.js";

const sum = defineKernel(shader, "sum");
const sum4 = defineKernel(shader, "sum4");
const sumInt = defineKernel(shader, "sum_int");
const product = defineKernel(shader, "product");
const productInt = defineKernel(shader, "product_int");
const extremeFloat = defineKernel(shader, "extreme_float");
const extremeU32 = defineKernel(shader, "extreme_u32");
const extremeI32 = defineKernel(shader, "extreme_i32");
const exponentials = defineKernel(shader, "exponentials");
const exponentialsMerge = defineKernel(shader, "exponentials_merge");
const exponentialsFinish = defineKernel(shader, "exponentials_finish");
const moments = defineKernel(shader, "moments");
const moments4 = defineKernel(shader, "moments4");
const momentsMerge = defineKernel(shader, "moments_merge");
const momentsFinish = defineKernel(shader, "moments_finish");

export interface ReduceParams {
  /** Axes to fold, ascending, counted from the front. */
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** `zeros` counts the zeros, `nonzeroProduct` multiplies what is not zero. */
export type Reduction = "sum" | "mean" | "l1" | "l2" | "zeros" | "max" | "min" | "product" | "nonzeroProduct";

/** Elements that one thread folds in a stage of a long reduction; up to twice as many are folded in one stage. */
const FOLD = 64;

/** One stage: a tensor seen as [outer, extent, inner], of which the extent is folded to `chunks`. */
interface Stage {
  readonly outer: number;
  readonly extent: number;
  readonly inner: number;
  readonly chunks: number;
}

const threadsOf = ({ outer, chunks, inner }: Stage): number => outer * chunks * inner;

/** The stages to take in order: one or more per run of neighbouring axes, the longest run first. */
function planStages(shape: Shape, axes: readonly number[]): Stage[] {
  // Axes of size 1 are dropped and neighbours of one kind joined, so NHWC over N, H, W is one run.
  const groups: { size: number; folded: boolean }[] = [];
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const folded = axes.includes(axis);
    const before = groups.at(-1);
    if (before?.folded === folded) before.size *= size;
    else groups.push({ size, folded });
  });
  const stages: Stage[] = [];
  for (;;) {
    const longest = groups.filter((g) => g.folded).sort((a, b) => b.size - a.size)[0];
    if (!longest) break;
    const at = groups.indexOf(longest);
    const [outer, inner] = [sizeOf(groups.slice(0, at).map((g) => g.size)), sizeOf(groups.slice(at + 1).map((g) => g.size))];
    groups.splice(at, 1);
    for (let extent = longest.size; ; ) {
      const chunks = extent <= 2 * FOLD ? 1 : Math.ceil(extent / FOLD);
      stages.push({ outer, extent, inner, chunks });
      if (chunks === 1) break;
      extent = chunks;
    }
  }
  return stages.length > 0 ? stages : [{ outer: 1, extent: 1, inner: sizeOf(shape), chunks: 1 }];
}

const mapOf = { l1: 1, l2: 2, zeros: 3, nonzeroProduct: 4 } as Partial<Record<Reduction, number>>;

/** Folds axes of `x`. */
export function lowerReduce(low: Lowering, x: Operand, out: Operand, reduction: Reduction, axes: readonly number[]): void {
  const stages = planStages(x.shape, axes);
  const count = axes.reduce((n, axis) => n * x.shape[axis]!, 1);
  let from = x;
  stages.forEach((stage, i) => {
    const [first, last] = [i === 0, i === stages.length - 1];
    const { outer, extent, inner, chunks } = stage;
    const to = last ? out : low.temp([outer, chunks, inner], x.dtype === "f16" ? "f32" : x.dtype);
    const map = first ? mapOf[reduction] : undefined;
    const threads = threadsOf(stage);
    const use = {
      // The mean of nothing is 0 · ∞, NaN, as PyTorch has it.
      params: { outer, extent, inner, chunks, scale: last && reduction === "mean" ? 1 / count : 1, correction: 0 },
      constants: { ...(map !== undefined && { MAP: map }), ...(last && reduction === "l2" && { ROOT: 1 }), ...(reduction === "min" && { SMALLEST: 1 }) },
      threads,
      flops: outer * extent * inner,
    };
    if (threads > 0) low.run(fold(low, from, to, reduction, use));
    from = to;
  });
}

interface Use {
  params: Stage & { scale: number; correction: number };
  constants: Partial<Record<"MAP" | "ROOT" | "SMALLEST", number>>;
  threads: number;
  flops: number;
}

function fold(low: Lowering, x: Operand, out: Operand, reduction: Reduction, use: Use) {
  const whole = x.dtype === "i32" || x.dtype === "u32";
  if (reduction === "max" || reduction === "min") {
    if (x.dtype === "u32") return extremeU32({ bindings: { xu: x, outu: out }, ...use });
    if (x.dtype === "i32") return extremeI32({ bindings: { xi: x, outi: out }, ...use });
    return extremeFloat({ bindings: { x, out }, ...use });
  }
  if (reduction === "product" || reduction === "nonzeroProduct")
    return whole ? productInt({ bindings: { xu: x, outu: out }, ...use }) : product({ bindings: { x, out }, ...use });
  if (whole) return sumInt({ bindings: { xu: x, outu: out }, ...use });
  if (vec4Fits(low, use.params.inner)) return sum4({ bindings: { x4: x, out4: out }, ...use, threads: use.threads / 4 });
  return sum({ bindings: { x, out }, ...use });
}

/** The `op`'s lowering that folds x, by the name of the reduction. */
export const lowerFold = (reduction: Reduction) => (low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }, { axes }: ReduceParams): void => {
  lowerReduce(low, x, out, reduction, axes);
};

export const lowerSum = lowerFold("sum");
export const lowerMean = lowerFold("mean");

/** log Σ exp(x) over axes. */
export function lowerLogSumExp(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }, { axes }: ReduceParams): void {
  let from = x;
  const stages = planStages(x.shape, axes);
  stages.forEach((stage, i) => {
    const to = low.temp([2, threadsOf(stage)]);
    const use = { bindings: { x: from, out: to }, params: { ...stage, scale: 1, correction: 0 }, threads: threadsOf(stage), flops: 2 * stage.outer * stage.extent * stage.inner };
    if (use.threads > 0) low.run(i === 0 ? exponentials(use) : exponentialsMerge(use));
    from = to;
  });
  const size = sizeOf(out.shape);
  if (size > 0) low.run(exponentialsFinish({ bindings: { x: from, out }, params: { outer: 1, extent: 1, inner: size, chunks: 1, scale: 1, correction: 0 }, threads: size }));
}

export interface VarianceParams {
  /** Taken off the count that the squared deviations are divided by. */
  readonly correction: number;
  /** The standard deviation instead. */
  readonly root: boolean;
}

/** Mean and variance (or standard deviation) over axes, both f32. */
export function lowerVariance(low: Lowering, { x }: { x: Operand }, { out, mean }: Record<"out" | "mean", Operand>, { axes, correction, root }: VarianceParams & Pick<ReduceParams, "axes">): void {
  let from = x;
  planStages(x.shape, axes).forEach((stage, i) => {
    const threads = threadsOf(stage);
    const to = low.temp([3, threads]);
    const use = { params: { ...stage, scale: 1, correction: 0 }, threads, flops: 4 * stage.outer * stage.extent * stage.inner };
    if (i > 0) low.run(momentsMerge({ bindings: { x: from, out: to }, ...use }));
    else if (vec4Fits(low, stage.inner)) low.run(moments4({ bindings: { x4: from, out4: to }, ...use, threads: threads / 4 }));
    else low.run(moments({ bindings: { x: from, out: to }, ...use }));
    from = to;
  });
  const size = sizeOf(out.shape);
  low.run(momentsFinish({ bindings: { x: from, out, out_mean: mean }, params: { outer: 1, extent: 1, inner: size, chunks: 1, scale: 1, correction }, ...(root && { constants: { ROOT: 1 } }), threads: size }));
}
