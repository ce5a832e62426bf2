import type { Spec } from "../graph/op.js";
import { DTypeError, OptionError, ShapeError } from "../runtime/errors.js";
import { requireFloat } from "./require.js";

/** Throws unless `x` holds floats, with at least one class along its last axis. */
export function checkClasses(op: string, name: string, x: Spec): void {
  requireFloat(op, name, x);
  if (!x.shape.at(-1)) throw new ShapeError(op, `${name} needs a last axis (classes) of at least 1`, { [name]: x.shape });
}

/** Throws unless `labels` holds whole numbers. */
export function checkLabels(op: string, name: string, labels: Spec): void {
  if (!["u8", "u32", "i32"].includes(labels.dtype)) throw new DTypeError(`${op}: ${name} must be class numbers (u8, u32 or i32) but are ${labels.dtype}. Convert with cast(${name}, "u32").`);
}

/** Throws unless `ignoreIndex` is a whole number that some label could be: others would wrap to the number of a class on the GPU. */
export function checkIgnoreIndex(op: string, ignoreIndex: number): void {
  if (!Number.isInteger(ignoreIndex) || ignoreIndex < -(2 ** 31) || ignoreIndex >= 2 ** 32)
    throw new OptionError(`${op}: ignoreIndex must be a whole number of 32 bits but is ${ignoreIndex}.`);
}
