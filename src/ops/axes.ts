import { OptionError } from "../runtime/errors.js";
import type { Shape } from "../runtime/shape.js";

export interface ReduceOptions {
  /** Axes to fold; negative ones count from the end. Default all. */
  axes?: readonly number[] | undefined;
  /** Keep folded axes with size 1, so that the result broadcasts against x. Default false. */
  keepDims?: boolean | undefined;
}

/** The axes counted from the front, ascending; throws for one that does not exist or comes twice. */
export function normaliseAxes(op: string, shape: Shape, axes: readonly number[] | undefined): number[] {
  const rank = shape.length;
  const counted = (axes ?? shape.map((_, axis) => axis)).map((axis) => {
    if (!Number.isInteger(axis) || axis < -rank || axis >= rank) throw new OptionError(`${op}: axis ${axis} does not exist; x has axes 0 to ${rank - 1} (or -${rank} to -1): [${shape.join(", ")}].`);
    return axis < 0 ? axis + rank : axis;
  });
  if (new Set(counted).size < counted.length) throw new OptionError(`${op}: axes [${axes?.join(", ")}] name one axis twice.`);
  return counted.sort((a, b) => a - b);
}

/** The shape left after folding `axes`. */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): number[] {
  return keepDims ? shape.map((size, axis) => (axes.includes(axis) ? 1 : size)) : shape.filter((_, axis) => !axes.includes(axis));
}
