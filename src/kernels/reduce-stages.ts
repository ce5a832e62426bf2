import type { KernelCall } from "../runtime/kernel.js";
import { sizeOf, type Shape } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";

/** Elements that one thread folds in a stage of a long reduction; up to twice as many are folded in one stage. */
const FOLD = 64;

/** One stage: a tensor seen as [outer, extent, inner], of which the extent is folded to `chunks`. */
export interface Stage {
  readonly outer: number;
  readonly extent: number;
  readonly inner: number;
  readonly chunks: number;
}

export const threadsOf = ({ outer, chunks, inner }: Stage): number => outer * chunks * inner;

/** The stages to take in order: one or more per run of neighbouring axes, the longest run first. */
export function planStages(shape: Shape, axes: readonly number[]): Stage[] {
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

/** Folds axes of x into `out` by the dispatch that `fold` gives for each stage; what stands in between is of x's dtype, but f32 for f16. */
export function foldInStages(low: Lowering, x: Operand, out: Operand, axes: readonly number[], fold: (from: Operand, to: Operand, stage: Stage, place: { first: boolean; last: boolean }) => KernelCall): void {
  const stages = planStages(x.shape, axes);
  let from = x;
  stages.forEach((stage, i) => {
    const last = i === stages.length - 1;
    const to = last ? out : low.temp([stage.outer, stage.chunks, stage.inner], x.dtype === "f16" ? "f32" : x.dtype);
    if (threadsOf(stage) > 0) low.run(fold(from, to, stage, { first: i === 0, last }));
    from = to;
  });
}
