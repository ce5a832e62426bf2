import { defineKernel } from "../runtime/kernel.js";
import { sizeOf, type Shape } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import { denseStrides, mergeAxes, type StridedAxis } from "./strided.js";
import { vec4Fits } from "./vec4.js";
import shader from "./wgsl/flip.js";

const forward = defineKernel(shader, "forward");
const forward4 = defineKernel(shader, "forward4");

/** Runs that one pass of shaders/flip.wgsl reverses. */
const MAX_RUNS = 4;

export interface FlipParams {
  readonly axes: readonly number[];
}

/** What is reversed as a whole, outermost first: neighbouring axes together, and none of size 1. At least one run, if of size 1. */
function reversedRuns(shape: Shape, axes: readonly number[]): StridedAxis[] {
  const strides = denseStrides(shape);
  // Negative strides keep what is reversed and what is not from being merged.
  const runs = mergeAxes(shape.map((size, axis) => ({ size, stride: axes.includes(axis) ? -strides[axis]! : strides[axis]! })))
    .filter(({ stride }) => stride < 0)
    .map(({ size, stride }) => ({ size, stride: -stride }));
  return runs.length > 0 ? runs : [{ size: 1, stride: sizeOf(shape) }];
}

export function lowerFlip(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }, { axes }: FlipParams): void {
  const runs = reversedRuns(x.shape, axes);
  let from = x;
  for (let i = 0; i < runs.length; i += MAX_RUNS) {
    const to = i + MAX_RUNS < runs.length ? low.temp(x.shape, x.dtype) : out;
    lowerRuns(low, from, to, runs.slice(i, i + MAX_RUNS));
    from = to;
  }
}

function lowerRuns(low: Lowering, x: Operand, out: Operand, runs: readonly StridedAxis[]): void {
  const inner = runs.at(-1)!;
  const mirror = inner.stride === 1;
  // Strides of the outer runs are multiples of this.
  const wide = vec4Fits(low, mirror ? inner.size : inner.stride);
  const at = (i: number): StridedAxis => {
    const { size, stride } = runs[i - MAX_RUNS + runs.length] ?? { size: 1, stride: 4 };
    if (!wide) return { size, stride };
    return stride === 1 ? { size: size / 4, stride } : { size, stride: stride / 4 };
  };
  const count = sizeOf(out.shape);
  const total = wide ? count / 4 : count;
  const use = {
    params: { total, n0: at(0).size, n1: at(1).size, n2: at(2).size, n3: at(3).size, s0: at(0).stride, s1: at(1).stride, s2: at(2).stride, s3: at(3).stride },
    threads: total,
  };
  low.run(wide
    ? forward4({ bindings: { x4: x, out4: out }, ...use, constants: { RUNS: runs.length, MIRROR: mirror ? 1 : 0 } })
    : forward({ bindings: { x, out }, ...use, constants: { RUNS: runs.length } }));
}
