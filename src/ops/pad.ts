import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import type { DType } from "../runtime/dtype.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { sizeOf } from "../runtime/shape.js";
import { checkSide, checkSides, pad2d, padMode, type PadMode } from "./pad2d.js";
import { requireTensors } from "./require.js";
import { reshape } from "./reshape.js";

/** What an axis grows by: as much at both ends, or [before, after]; negative numbers cut. */
export type PadWidth = number | readonly [before: number, after: number];

export interface PadOptions {
  /** What the new positions show: one value, x mirrored at its ends (which are not repeated), its ends, or its other end. Default "constant". */
  mode?: PadMode;
  /** What mode "constant" puts there. Default 0. */
  value?: number;
}

/**
 * Lengthens (or, by negative widths, shortens) any axes of x. The axes follow each other, so that corners show what the
 * frames of both axes show; for the plane of a feature map `pad2d` does it in one go.
 *
 * @param x any shape: f32, f16, i32 or u32
 * @param widths one entry per axis of x, outermost first (`torch.nn.functional.pad` counts from the last)
 * @returns the axes of x with `before + after` more positions each, the dtype of x
 * @throws ShapeError when the widths do not fit x, OptionError for options out of range
 * @pytorch torch.nn.functional.pad
 * @onnx Pad
 */
export function pad<D extends DType>(x: TensorLike<D>, widths: readonly PadWidth[], options: PadOptions = {}): Tensor<D> {
  checkOptions("pad", options, ["mode", "value"]);
  requireTensors("pad", { x });
  padMode("pad", options);
  if (!Array.isArray(widths) || widths.length !== x.shape.length)
    throw new ShapeError("pad", `needs one width for each of the ${x.shape.length} axes of x, outermost first, but got ${Array.isArray(widths) ? widths.length : typeof widths}`, { x: x.shape });
  const ends = (widths as readonly PadWidth[]).map((width) => (typeof width === "number" ? ([width, width] as const) : width));
  for (const [axis, width] of ends.entries())
    if (!Array.isArray(width) || width.length !== 2 || !width.every(Number.isInteger)) throw new OptionError(`pad: the width of axis ${axis} must be a whole number, or two of them [before, after], but is ${JSON.stringify(width)}.`);
  for (const [axis, width] of ends.entries()) for (const side of width) checkSide("pad", `the width of axis ${axis}`, side);
  if (!capturing()) return runEagerly(() => pad(x, widths, options));
  let padded: TensorLike<D> = x;
  for (const [axis, [before, after]] of ends.entries()) {
    if (before === 0 && after === 0) continue;
    const { shape } = padded;
    const size = shape[axis]!;
    checkSides("pad", `positions of axis ${axis}`, size, { before, after }, options.mode ?? "constant", { x: x.shape });
    // Seen as a plane: what comes after the axis as channels, the axis as columns; or as rows, when that makes rows long enough.
    const [outer, inner] = [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis + 1))];
    const [plane, sides] = inner < 64 ? [[1, outer, size, inner], { left: before, right: after }] : [[outer, size, 1, inner], { top: before, bottom: after }];
    padded = reshape(pad2d<D>(reshape(padded, plane), { ...options, ...sides }), shape.with(axis, size + before + after));
  }
  return padded === x ? reshape(x, x.shape) : (padded as Tensor<D>);
}
