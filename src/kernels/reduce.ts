import { defineKernel } from "../runtime/kernel.js";
import type { Lowering, Operand } from "./lowering.js";
import { foldInStages, threadsOf, type Stage } from "./reduce-stages.js";
import { vec4Fits } from "./vec4.js";
import shader from "./wgsl/reduce.js";

const sum = defineKernel(shader, "sum");
const sum4 = defineKernel(shader, "sum4");
const sumInt = defineKernel(shader, "sum_int");
const extremeFloat = defineKernel(shader, "extreme_float");
const extremeU32 = defineKernel(shader, "extreme_u32");
const extremeI32 = defineKernel(shader, "extreme_i32");

export interface ReduceParams {
  /** Axes to fold, ascending, counted from the front. */
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

export type Reduction = "sum" | "mean" | "l1" | "l2" | "max" | "min";

const mapOf = { l1: 1, l2: 2 } as Partial<Record<Reduction, number>>;

/** Folds axes of `x`. */
export function lowerReduce(low: Lowering, x: Operand, out: Operand, reduction: Reduction, axes: readonly number[]): void {
  const count = axes.reduce((n, axis) => n * x.shape[axis]!, 1);
  foldInStages(low, x, out, axes, (from, to, stage, { first, last }) => {
    const map = first ? mapOf[reduction] : undefined;
    return fold(low, from, to, reduction, {
      // The mean of nothing is 0 · ∞, NaN, as PyTorch has it.
      params: { ...stage, scale: last && reduction === "mean" ? 1 / count : 1 },
      constants: { ...(map !== undefined && { MAP: map }), ...(last && reduction === "l2" && { ROOT: 1 }), ...(reduction === "min" && { SMALLEST: 1 }) },
      threads: threadsOf(stage),
      flops: stage.outer * stage.extent * stage.inner,
    });
  });
}

interface Use {
  params: Stage & { scale: number };
  constants: Partial<Record<"MAP" | "ROOT" | "SMALLEST", number>>;
  threads: number;
  flops: number;
}

function fold(low: Lowering, x: Operand, out: Operand, reduction: Reduction, use: Use) {
  if (reduction === "max" || reduction === "min") {
    if (x.dtype === "u32") return extremeU32({ bindings: { xu: x, outu: out }, ...use });
    if (x.dtype === "i32") return extremeI32({ bindings: { xi: x, outi: out }, ...use });
    return extremeFloat({ bindings: { x, out }, ...use });
  }
  if (x.dtype === "i32" || x.dtype === "u32") return sumInt({ bindings: { xu: x, outu: out }, ...use });
  if (vec4Fits(low, use.params.inner)) return sum4({ bindings: { x4: x, out4: out }, ...use, threads: use.threads / 4 });
  return sum({ bindings: { x, out }, ...use });
}

/** The `op`'s lowering that folds x, by the name of the reduction. */
export const lowerFold = (reduction: Reduction) => (low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }, { axes }: ReduceParams): void => {
  lowerReduce(low, x, out, reduction, axes);
};

export const lowerSum = lowerFold("sum");
export const lowerMean = lowerFold("mean");
