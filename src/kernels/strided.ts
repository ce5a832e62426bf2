import type { Shape } from "../runtime/shape.js";

/** Axes that shaders/lib/strided.wgsl can tell apart. */
export const MAX_AXES = 6;

/** An output axis: its size, and how far apart its neighbours stand in the input (0: stretched). */
export interface StridedAxis {
  readonly size: number;
  readonly stride: number;
}

/** Row-major strides of a dense tensor, in elements. */
export function denseStrides(shape: Shape): number[] {
  const strides = shape.map(() => 1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * shape[i + 1]!;
  return strides;
}

/** Drops axes of size 1 and merges neighbours that the input holds (or stretches) as one run; at least one axis stays. */
export function mergeAxes(axes: readonly StridedAxis[]): StridedAxis[] {
  const merged: StridedAxis[] = [];
  for (const axis of axes) {
    if (axis.size === 1) continue;
    const outer = merged.at(-1);
    if (outer && outer.stride === axis.stride * axis.size) merged[merged.length - 1] = { size: outer.size * axis.size, stride: axis.stride };
    else merged.push(axis);
  }
  return merged.length > 0 ? merged : [{ size: 1, stride: 1 }];
}

/** Sizes that must divide by 4 for sizes and strides to count vec4s, or undefined when the innermost axis is not contiguous. */
export function stepsOfFour(axes: readonly StridedAxis[]): number[] | undefined {
  const inner = axes.at(-1)!;
  return inner.stride === 1 ? [inner.size, ...axes.slice(0, -1).map(({ stride }) => stride)] : undefined;
}

/** `Params` and constants of shaders/lib/strided.wgsl. */
export function stridedUse(axes: readonly StridedAxis[], wide: boolean) {
  const counted = wide
    ? axes.map(({ size, stride }, i) => (i === axes.length - 1 ? { size: size / 4, stride } : { size, stride: stride / 4 }))
    : axes;
  const at = (i: number): StridedAxis => counted[i - MAX_AXES + counted.length] ?? { size: 1, stride: 0 };
  const total = counted.reduce((count, { size }) => count * size, 1);
  return {
    params: {
      total,
      d0: at(0).size, d1: at(1).size, d2: at(2).size, d3: at(3).size, d4: at(4).size, d5: at(5).size,
      s0: at(0).stride, s1: at(1).stride, s2: at(2).stride, s3: at(3).stride, s4: at(4).stride, s5: at(5).stride,
    },
    constants: { RANK: counted.length },
    threads: total,
  };
}
