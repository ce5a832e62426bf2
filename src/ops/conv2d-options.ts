import type { Spec } from "../graph/op.js";
import type { Conv2dParams } from "../kernels/conv2d.js";
import { OptionError, ShapeError, checkOptions, type ShownShapes } from "../runtime/errors.js";
import { checkRank, type Shape } from "../runtime/shape.js";
import { requireFloats, requireWhole } from "./require.js";
import { pair, type Pair, type PairLike } from "./window.js";

interface Sides {
  readonly top?: number;
  readonly bottom?: number;
  readonly left?: number;
  readonly right?: number;
}

/** A frame around a map: the same on all sides, [vertical, horizontal], or by side (0 where a side is not named). */
export type Padding = PairLike | Sides;

const rules = ["valid", "same", "same-tensorflow"] as const;

/**
 * A frame, or a rule for it:
 * - "valid": none;
 * - "same": PyTorch's, for stride 1: the result is as large as x, an odd row or column of the frame stands at the end;
 * - "same-tensorflow": TensorFlow's SAME for any stride: the result has ⌈n / stride⌉ rows and columns, and what the kernel
 *   then reaches beyond x is shared between both sides, an odd row or column at the end. For stride 1 it is "same".
 */
export type ConvolutionPadding = Padding | (typeof rules)[number];

export interface ConvolutionOptions {
  /** Steps between output positions; default 1. */
  stride?: PairLike;
  /** Rows and columns around the map; default 0. */
  padding?: ConvolutionPadding;
  /** The atrous rate: taps stand this many pixels apart; default 1. */
  dilation?: PairLike;
  /** Channels fall into this many groups that do not mix; as many as channels is a depthwise convolution. Default 1. */
  groups?: number;
}

const paddingModes = ["zeros", "reflect", "replicate", "circular"] as const;

/** What the padding of a convolution shows: zeros, x mirrored at its edges (which are not repeated), its edges, or its other end. */
export type PaddingMode = (typeof paddingModes)[number];

export function requirePaddingMode(op: string, mode: PaddingMode): void {
  if (!paddingModes.includes(mode)) throw new OptionError(`${op}: paddingMode must be ${paddingModes.map((m) => `"${m}"`).join(", ")}, but is ${JSON.stringify(mode)}.`);
}

const isSides = (padding: ConvolutionPadding): padding is Sides => typeof padding === "object" && padding !== null && !Array.isArray(padding);

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

/** The sides that a rule asks for: half of `total` before, the rest after. */
function ruledSides(op: string, rule: (typeof rules)[number], size: Pair, kernel: Pair, stride: Pair, dilation: Pair): Conv2dParams["padding"] {
  if (rule === "same" && Math.max(...stride) > 1)
    throw new OptionError(`${op}: padding "same" needs stride 1, as in PyTorch, but stride is [${stride.join(", ")}]. Use "same-tensorflow" for ⌈size / stride⌉ rows and columns, or name the sides.`);
  if (rule === "valid") return [0, 0, 0, 0];
  const total = ([0, 1] as const).map((i) => Math.max((Math.ceil(size[i] / stride[i]) - 1) * stride[i] + dilation[i] * (kernel[i] - 1) + 1 - size[i], 0)) as [number, number];
  const [top, left] = [Math.floor(total[0] / 2), Math.floor(total[1] / 2)];
  return [top, total[0] - top, left, total[1] - left];
}

/**
 * Options with their defaults, checked.
 *
 * @param size   [height, width] of the map that is convolved
 * @param kernel [height, width] of the kernel
 */
export function convolutionParams(op: string, { stride = 1, padding = 0, dilation = 1, groups = 1 }: ConvolutionOptions, size: Pair, kernel: Pair): Conv2dParams {
  requireWhole(op, "groups", groups, 1);
  const [steps, rate] = [pair(op, "stride", stride, 1), pair(op, "dilation", dilation, 1)];
  const rule = rules.find((name) => name === padding);
  if (typeof padding === "string" && !rule)
    throw new OptionError(`${op}: padding must be whole numbers, or one of ${rules.map((name) => `"${name}"`).join(", ")}, but is ${JSON.stringify(padding)}.`);
  const sides = rule ? ruledSides(op, rule, size, kernel, steps, rate) : paddingSides(op, padding as Padding);
  return { stride: [...steps], padding: sides, dilation: [...rate], groups, activation: "none" };
}

/** Throws unless x, weight and bias are floats of one dtype, x and weight have four axes, and there is something to sum over. */
export function checkKernel(op: string, { x, weight, bias }: Record<"x" | "weight", Spec> & { bias?: Spec | undefined }, axes: "OHWI" | "IHWO"): void {
  requireFloats(op, { x, weight, bias });
  checkRank(op, "x", x.shape, "NHWC");
  checkRank(op, "weight", weight.shape, axes);
  if (weight.shape[1] === 0 || weight.shape[2] === 0) throw new ShapeError(op, "the kernel must have at least one row and one column", { weight: [weight.shape, axes] });
  if (weight.shape.includes(0)) throw new ShapeError(op, "weight must have at least one input and one output channel", { weight: [weight.shape, axes] });
  if (x.shape.slice(1).includes(0)) throw new ShapeError(op, "x must have at least one row, one column and one channel", { x: [x.shape, "NHWC"] });
}

/** Kernels count positions, padding and the reach of the taps included, in 32 bits, and tell those before the map by their wrapping around. */
const LARGEST_EXTENT = 2 ** 31;

/** Throws when the larger map of a convolution, with its padding, is too large for that. */
export function checkExtent(op: string, axis: 0 | 1, extent: number, shapes: ShownShapes): void {
  if (extent >= LARGEST_EXTENT)
    throw new ShapeError(op, `with its padding the ${axis === 0 ? "height" : "width"} is ${extent}, but must be below ${LARGEST_EXTENT}. Use less padding, dilation or stride`, shapes);
}

/** Output [height, width] of a convolution: ⌊(n + before + after − dilation·(k − 1) − 1) / stride⌋ + 1. */
export function convolvedSize(op: string, x: Shape, weight: Shape, { stride, padding, dilation }: Conv2dParams): [number, number] {
  const size = (axis: 0 | 1): number => {
    const reach = dilation[axis] * (weight[axis + 1]! - 1) + 1;
    const extent = x[axis + 1]! + padding[2 * axis]! + padding[2 * axis + 1]!;
    checkExtent(op, axis, extent, { x: [x, "NHWC"], weight: [weight, "OHWI"] });
    if (reach > extent) throw new ShapeError(op, `the kernel reaches over ${reach} pixels but the padded ${axis === 0 ? "height" : "width"} is only ${extent}`, { x: [x, "NHWC"], weight: [weight, "OHWI"] });
    return Math.floor((extent - reach) / stride[axis]) + 1;
  };
  return [size(0), size(1)];
}
