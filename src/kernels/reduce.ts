import { defineKernel } from "../runtime/kernel.js";
import { sizeOf, type Shape } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import { vec4Fits } from "./vec4.js";
import shader from "./wgsl/reduce.js";

const sum = defineKernel(shader, "sum");
const sum4 = defineKernel(shader, "sum4");
const sumInt = defineKernel(shader, "sum_int");
const maxFloat = defineKernel(shader, "max_float");
const maxU32 = defineKernel(shader, "max_u32");
const maxI32 = defineKernel(shader, "max_i32");

export interface ReduceParams {
  /** Axes to fold, ascending, counted from the front. */
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

export type Reduction = "sum" | "mean" | "max";

/** Elements that one thread folds in a stage of a long reduction; up to twice as many are folded in one stage. */
const FOLD = 64;

/** A tensor as [outer, extent, inner], of which the extent is folded. */
interface View {
  readonly outer: number;
  readonly extent: number;
  readonly inner: number;
}

/** Folds axes of `x`: one or more stages per run of neighbouring axes, the longest run first. */
export function lowerReduce(low: Lowering, x: Operand, out: Operand, reduction: Reduction, axes: readonly number[]): void {
  const views = planViews(x.shape, axes);
  const count = axes.reduce((n, axis) => n * x.shape[axis]!, 1);
  let from = x;
  views.forEach((view, i) => {
    const last = i === views.length - 1;
    from = foldView(low, from, view, reduction, last ? out : undefined, last && reduction === "mean" ? 1 / count : 1);
  });
}

/** The folds to do in order. Axes of size 1 are dropped and neighbours of one kind joined, so NHWC over N, H, W is one fold. */
function planViews(shape: Shape, axes: readonly number[]): View[] {
  const groups: { size: number; folded: boolean }[] = [];
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const folded = axes.includes(axis);
    const before = groups.at(-1);
    if (before?.folded === folded) before.size *= size;
    else groups.push({ size, folded });
  });
  const views: View[] = [];
  for (;;) {
    const longest = groups.filter((g) => g.folded).sort((a, b) => b.size - a.size)[0];
    if (!longest) break;
    const at = groups.indexOf(longest);
    views.push({ outer: sizeOf(groups.slice(0, at).map((g) => g.size)), extent: longest.size, inner: sizeOf(groups.slice(at + 1).map((g) => g.size)) });
    groups.splice(at, 1);
  }
  return views.length > 0 ? views : [{ outer: 1, extent: 1, inner: sizeOf(shape) }];
}

function foldView(low: Lowering, x: Operand, { outer, extent, inner }: View, reduction: Reduction, out: Operand | undefined, scale: number): Operand {
  for (let from = x, left = extent; ; ) {
    const chunks = left <= 2 * FOLD ? 1 : Math.ceil(left / FOLD);
    const to = chunks === 1 && out ? out : low.temp([outer, chunks, inner], x.dtype);
    const threads = outer * chunks * inner;
    const use = { params: { outer, extent: left, inner, chunks, scale: chunks === 1 ? scale : 1 }, threads, flops: outer * left * inner };
    if (threads > 0) low.run(stage(low, from, to, reduction, use));
    if (chunks === 1) return to;
    [from, left] = [to, chunks];
  }
}

interface Use {
  params: { outer: number; extent: number; inner: number; chunks: number; scale: number };
  threads: number;
  flops: number;
}

function stage(low: Lowering, x: Operand, out: Operand, reduction: Reduction, use: Use) {
  if (reduction !== "max" && x.dtype === "f32" && vec4Fits(low, use.params.inner)) return sum4({ bindings: { x4: x, out4: out }, ...use, threads: use.threads / 4 });
  if (reduction !== "max") return x.dtype === "f32" ? sum({ bindings: { x, out }, ...use }) : sumInt({ bindings: { xu: x, outu: out }, ...use });
  if (x.dtype === "u32") return maxU32({ bindings: { xu: x, outu: out }, ...use });
  if (x.dtype === "i32") return maxI32({ bindings: { xi: x, outi: out }, ...use });
  return maxFloat({ bindings: { x, out }, ...use });
}

export function lowerSum(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }, { axes }: ReduceParams): void {
  lowerReduce(low, x, out, "sum", axes);
}

export function lowerMean(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }, { axes }: ReduceParams): void {
  lowerReduce(low, x, out, "mean", axes);
}

export function lowerMax(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }, { axes }: ReduceParams): void {
  lowerReduce(low, x, out, "max", axes);
}
