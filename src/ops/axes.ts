import type { Tensor, TensorLike } from "../graph/tensor.js";
import type { ReduceParams } from "../kernels/reduce.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import type { Shape } from "../runtime/shape.js";
import { flag, normalAxis, requireTensors } from "./require.js";
import { reshape } from "./reshape.js";

export interface ReduceOptions {
  /** Axes to fold; negative ones count from the end. Default all. */
  axes?: readonly number[] | undefined;
  /** Keep folded axes with size 1, so that the result broadcasts against x. Default false. */
  keepDims?: boolean | undefined;
}

/** The axes counted from the front, ascending; throws for one that does not exist or comes twice. */
export function normaliseAxes(op: string, shape: Shape, axes: readonly number[] | undefined): number[] {
  if (axes !== undefined && !Array.isArray(axes)) throw new OptionError(`${op}: axes must be an array of axis numbers but is ${String(axes)}.`);
  const counted = (axes ?? shape.map((_, axis) => axis)).map((axis) => normalAxis(op, shape, axis));
  if (new Set(counted).size < counted.length) throw new OptionError(`${op}: axes [${axes?.join(", ")}] name one axis twice.`);
  return counted.sort((a, b) => a - b);
}

/** What a reduction of x is told; checks that x is a tensor and what the caller chose (besides `others`, which is his affair). */
export function reduceParams(op: string, x: TensorLike, options: ReduceOptions, others: readonly string[] = []): ReduceParams {
  requireTensors(op, { x });
  checkOptions(op, options, ["axes", "keepDims", ...others]);
  return { axes: normaliseAxes(op, x.shape, options.axes), keepDims: flag(op, "keepDims", options.keepDims, false) };
}

/** The shape left after folding `axes`. */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): number[] {
  return keepDims ? shape.map((size, axis) => (axes.includes(axis) ? 1 : size)) : shape.filter((_, axis) => !axes.includes(axis));
}

/** How many elements of `shape` are folded into one. */
export const foldedCount = (shape: Shape, axes: readonly number[]): number => axes.reduce((n, axis) => n * shape[axis]!, 1);

/** A result of folding `axes` of `shape` with its axes of size 1, so that it broadcasts against what was folded. */
export const withKeptAxes = (x: Tensor, shape: Shape, axes: readonly number[]): Tensor => reshape(x, reducedShape(shape, axes, true));
