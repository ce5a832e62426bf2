import type { Spec } from "../graph/op.js";
import type { Conv2dParams } from "../kernels/conv2d.js";
import { ShapeError, checkOptions } from "../runtime/errors.js";
import { checkRank, type Shape } from "../runtime/shape.js";
import { requireDType, requireWhole } from "./require.js";
import { pair, type PairLike } from "./window.js";

interface Sides {
  readonly top?: number;
  readonly bottom?: number;
  readonly left?: number;
  readonly right?: number;
}

/** Zeros around a map: the same on all sides, [vertical, horizontal], or by side (0 where a side is not named). */
export type Padding = PairLike | Sides;

export interface ConvolutionOptions {
  /** Steps between output positions; default 1. */
  stride?: PairLike;
  /** Rows and columns of zeros around the map; default 0. */
  padding?: Padding;
  /** The atrous rate: taps stand this many pixels apart; default 1. */
  dilation?: PairLike;
  /** Channels fall into this many groups that do not mix; as many as channels is a depthwise convolution. Default 1. */
  groups?: number;
}

const isSides = (padding: Padding): padding is Sides => typeof padding === "object" && padding !== null && !Array.isArray(padding);

/** [top, bottom, left, right], checked. */
function paddingSides(op: string, padding: Padding): Conv2dParams["padding"] {
  if (!isSides(padding)) {
    const [vertical, horizontal] = pair(op, "padding", padding, 0);
    return [vertical, vertical, horizontal, horizontal];
  }
  checkOptions(`${op} padding`, padding, ["top", "bottom", "left", "right"]);
  const { top = 0, bottom = 0, left = 0, right = 0 } = padding;
  for (const [side, width] of Object.entries({ top, bottom, left, right })) requireWhole(op, `padding.${side}`, width, 0);
  return [top, bottom, left, right];
}

/** Options with their defaults, checked. */
export function convolutionParams(op: string, { stride = 1, padding = 0, dilation = 1, groups = 1 }: ConvolutionOptions): Conv2dParams {
  requireWhole(op, "groups", groups, 1);
  return { stride: [...pair(op, "stride", stride, 1)], padding: paddingSides(op, padding), dilation: [...pair(op, "dilation", dilation, 1)], groups, activation: "none" };
}

/** Throws unless x, weight and bias are f32, x and weight have four axes, and the kernel covers something. */
export function checkKernel(op: string, { x, weight, bias }: Record<"x" | "weight", Spec> & { bias?: Spec | undefined }, axes: "OHWI" | "IHWO"): void {
  for (const [name, spec] of Object.entries({ x, weight, bias })) if (spec) requireDType(op, name, spec, "f32");
  checkRank(op, "x", x.shape, "NHWC");
  checkRank(op, "weight", weight.shape, axes);
  if (weight.shape[1] === 0 || weight.shape[2] === 0) throw new ShapeError(op, "the kernel must have at least one row and one column", { weight: [weight.shape, axes] });
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
