import type { Spec } from "../graph/op.js";
import { DTypeError, ShapeError } from "../runtime/errors.js";
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
