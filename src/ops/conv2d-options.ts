import type { Conv2dParams } from "../kernels/conv2d.js";
import { OptionError, ShapeError } from "../runtime/errors.js";
import type { Shape } from "../runtime/shape.js";

/** One number for both directions, or [vertical, horizontal]. */
export type Pair = number | readonly [number, number];

/** Zeros around a map: the same on all sides, [vertical, horizontal], or by side. */
export type Padding = Pair | { readonly top?: number; readonly bottom?: number; readonly left?: number; readonly right?: number };

export interface ConvolutionOptions {
  /** Steps between output positions; default 1. */
  stride?: Pair;
  /** Default 0. */
  padding?: Padding;
  /** The atrous rate: taps stand this many pixels apart; default 1. */
  dilation?: Pair;
  /** Channels fall into this many groups that do not mix; as many as channels is a depthwise convolution. Default 1. */
  groups?: number;
}

export function pair(op: string, name: string, value: Pair, least: number): [number, number] {
  const [a, b] = typeof value === "number" ? [value, value] : value;
  for (const n of [a, b]) if (!Number.isInteger(n) || n < least) throw new OptionError(`${op}: ${name} must be a whole number of at least ${least}, not ${String(n)}.`);
  return [a, b];
}

/** Options with their defaults, checked. */
export function convolutionParams(op: string, o: ConvolutionOptions): Conv2dParams {
  const padding = o.padding ?? 0;
  const sides = typeof padding === "object" && !Array.isArray(padding) ? (padding as { top?: number; bottom?: number; left?: number; right?: number }) : undefined;
  const [top, left] = sides ? pair(op, "padding", [sides.top ?? 0, sides.left ?? 0], 0) : pair(op, "padding", padding as Pair, 0);
  const [bottom, right] = sides ? pair(op, "padding", [sides.bottom ?? 0, sides.right ?? 0], 0) : [top, left];
  const groups = o.groups ?? 1;
  if (!Number.isInteger(groups) || groups < 1) throw new OptionError(`${op}: groups must be a whole number of at least 1, not ${String(groups)}.`);
  return { stride: pair(op, "stride", o.stride ?? 1, 1), padding: [top, bottom, left, right], dilation: pair(op, "dilation", o.dilation ?? 1, 1), groups, activation: "none" };
}

/** Output [height, width] of a convolution: ⌊(n + before + after − dilation·(k − 1) − 1) / stride⌋ + 1. */
export function convolvedSize(op: string, x: Shape, weight: Shape, { stride, padding, dilation }: Conv2dParams): [number, number] {
  const size = (axis: 0 | 1): number => {
    const reach = dilation[axis] * (weight[axis + 1]! - 1) + 1;
    const extent = x[axis + 1]! + padding[2 * axis]! + padding[2 * axis + 1]!;
    if (reach > extent) throw new ShapeError(op, `the kernel reaches over ${reach} pixels but the padded ${axis === 0 ? "height" : "width"} is only ${extent}`, { x: [x, "NHWC"], weight: [weight, "OHWI"] });
    return Math.floor((extent - reach) / stride[axis]) + 1;
  };
  return [size(0), size(1)];
}
