import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerPad2d, lowerPad2dGradient, padModes, type Pad2dParams, type PadMode } from "../kernels/pad2d.js";
import type { DType } from "../runtime/dtype.js";
import { OptionError, ShapeError, checkOptions, type ShownShapes } from "../runtime/errors.js";
import { checkRank, type Shape } from "../runtime/shape.js";
import { requireTensors, requireWords } from "./require.js";

export type { PadMode } from "../kernels/pad2d.js";

export interface Pad2dOptions {
  /** Rows above x; negative ones are cut off. Default 0. */
  top?: number;
  /** Rows below x. Default 0. */
  bottom?: number;
  /** Columns before x. Default 0. */
  left?: number;
  /** Columns after x. Default 0. */
  right?: number;
  /**
   * What the frame shows: one value, x mirrored at its edges (which are not repeated), its edges, or its other end. Default "constant".
   */
  mode?: PadMode;
  /** What a frame of mode "constant" holds: a number that the dtype can hold, ±Infinity included. Default 0. */
  value?: number;
}

/** Throws when an axis cannot be lengthened (or cut) so: a frame shows one mirror image or copy of what is there. `unit` is what the axis counts. */
export function checkSides(op: string, unit: string, size: number, sides: Readonly<Record<string, number>>, mode: PadMode, shapes: ShownShapes): void {
  for (const [side, width] of Object.entries(sides)) {
    if (mode === "reflect" && width > 0 && width >= size) throw new ShapeError(op, `"reflect" can show fewer ${unit} than x has, ${size}, but ${side} is ${width}. Use "replicate", or pad less`, shapes);
    if (mode === "circular" && width > size) throw new ShapeError(op, `"circular" can show as many ${unit} as x has, ${size}, but ${side} is ${width}. Use "replicate", or pad less`, shapes);
    if (mode === "replicate" && width > 0 && size === 0) throw new ShapeError(op, `"replicate" needs ${unit} to repeat, but x has none`, shapes);
  }
  const grown = Object.values(sides).reduce((sum, width) => sum + width, 0);
  if (size + grown < 0) throw new ShapeError(op, `cannot cut ${-grown} ${unit} off: x has ${size}`, shapes);
}

/** Kernels count positions in signed 32-bit integers. */
const LARGEST_SIDE = 2 ** 30;

/** Throws unless this is a number of positions to add or, if negative, to cut. */
export function checkSide(op: string, name: string, side: number): void {
  if (!Number.isInteger(side)) throw new OptionError(`${op}: ${name} must be a whole number but is ${side}.`);
  if (Math.abs(side) >= LARGEST_SIDE) throw new OptionError(`${op}: ${name} must be between -${LARGEST_SIDE - 1} and ${LARGEST_SIDE - 1} but is ${side}.`);
}

/** The same for the sides of a plane. */
export function checkFrame(op: string, x: Shape, { top, bottom, left, right, mode }: Omit<Pad2dParams, "value">): void {
  checkSides(op, "rows", x[1]!, { top, bottom }, mode, { x: [x, "NHWC"] });
  checkSides(op, "columns", x[2]!, { left, right }, mode, { x: [x, "NHWC"] });
}

const largest = { f32: (2 - 2 ** -23) * 2 ** 127, f16: 65504 } as const;
const whole = { i32: [-(2 ** 31), 2 ** 31 - 1], u32: [0, 2 ** 32 - 1] } as const;

function checkValue(value: number, dtype: DType): void {
  const range = whole[dtype as keyof typeof whole];
  const fits = range ? Number.isInteger(value) && value >= range[0] && value <= range[1] : Math.abs(value) === Infinity || Math.abs(value) <= largest[dtype as keyof typeof largest];
  if (!fits) throw new OptionError(`pad2d: value ${value} does not fit ${dtype}.`);
}

const negated = ({ top, bottom, left, right }: Pad2dParams): Pad2dParams => ({ top: -top, bottom: -bottom, left: -left, right: -right, mode: "constant", value: 0 });

/** Framing and cutting; the gradient of a constant frame, or of a cut, is the other of the two. */
export const pad2dOp = defineOp({
  name: "pad2d",
  shape: ({ x }: { x: Spec }, o: Pad2dParams) => {
    requireWords("pad2d", "x", x);
    checkRank("pad2d", "x", x.shape, "NHWC");
    checkValue(o.value, x.dtype);
    checkFrame("pad2d", x.shape, o);
    const [n, h, w, c] = x.shape as [number, number, number, number];
    return { shape: [n, h + o.top + o.bottom, w + o.left + o.right, c], dtype: x.dtype };
  },
  gradient: {
    x: (grad, { x }, o): Tensor => (o.mode === "constant" ? pad2dOp({ x: grad }, negated(o)) : pad2dGradientOp({ grad }, { ...o, size: [x.shape[1]!, x.shape[2]!] })),
  },
  lower: lowerPad2d,
  traits: { cheap: true },
});

/** Every pixel of the plane gathers what the frame shows of it. */
const pad2dGradientOp = defineOp({
  name: "pad2dGradient",
  shape: ({ grad }: { grad: Spec }, { size }: Pad2dParams & { readonly size: readonly [number, number] }) => ({ shape: [grad.shape[0]!, ...size, grad.shape[3]!], dtype: grad.dtype }),
  gradient: { grad: (g, _inputs, { top, bottom, left, right, mode, value }): Tensor => pad2dOp({ x: g }, { top, bottom, left, right, mode, value }) },
  lower: lowerPad2dGradient,
});

/** Mode and value with their defaults, checked. */
export function padMode(op: string, { mode = "constant", value }: { mode?: PadMode | undefined; value?: number | undefined }): Pick<Pad2dParams, "mode" | "value"> {
  if (!padModes.includes(mode)) throw new OptionError(`${op}: mode must be ${padModes.map((m) => `"${m}"`).join(", ")}, but is ${JSON.stringify(mode)}.`);
  if (mode !== "constant" && value !== undefined) throw new OptionError(`${op}: value goes with mode "constant", not with "${mode}".`);
  if (value !== undefined && (typeof value !== "number" || Number.isNaN(value))) throw new OptionError(`${op}: value must be a number but is ${value}.`);
  return { mode, value: value ?? 0 };
}

/**
 * Puts a frame around the plane of x, or cuts (negative sides), each side for itself. As in PyTorch, "reflect" takes fewer rows
 * and columns than x has, "circular" at most as many; "circular" cuts first, the other modes look at all of x.
 *
 * @param x [N, H, W, C]: f32, f16, i32 or u32
 * @returns [N, top + H + bottom, left + W + right, C], the dtype of x
 * @throws OptionError for options out of range, ShapeError for a frame that x cannot fill, or when more is cut than there is
 * @pytorch torch.nn.functional.pad
 * @onnx Pad
 */
export function pad2d<D extends DType>(x: TensorLike<D>, options: Pad2dOptions): Tensor<D> {
  checkOptions("pad2d", options, ["top", "bottom", "left", "right", "mode", "value"]);
  requireTensors("pad2d", { x });
  const { top = 0, bottom = 0, left = 0, right = 0, ...rest } = options;
  const sides = { top, bottom, left, right };
  for (const [name, side] of Object.entries(sides)) checkSide("pad2d", name, side);
  const how = padMode("pad2d", rest);
  if (how.mode !== "circular" || Math.min(top, bottom, left, right) >= 0) return pad2dOp({ x }, { ...sides, ...how }) as Tensor<D>;
  if (!capturing()) return runEagerly(() => pad2d(x, options));
  const part = (pick: (side: number) => number) => ({ top: pick(top), bottom: pick(bottom), left: pick(left), right: pick(right) });
  const cut = pad2dOp({ x }, { ...part((side) => Math.min(side, 0)), mode: "constant", value: 0 });
  return pad2dOp({ x: cut }, { ...part((side) => Math.max(side, 0)), ...how }) as Tensor<D>;
}
