import { ShapeError } from "./errors.js";

/** Sizes of a tensor's axes, outermost first. */
export type Shape = readonly number[];

export const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((size, i) => size === b[i]);

/** Throws unless every axis is a non-negative integer and the element count is exact. */
export function checkShape(op: string, shape: Shape): void {
  if (shape.some((n) => !Number.isInteger(n) || n < 0)) throw new ShapeError(op, "axes must be whole numbers of at least 0", { shape });
  if (!Number.isSafeInteger(sizeOf(shape))) throw new ShapeError(op, "the shape has too many elements", { shape });
}

/** Throws unless `shape` has as many axes as `axes` has letters ("NHWC"). */
export function checkRank(op: string, name: string, shape: Shape, axes: string): void {
  if (shape.length !== axes.length)
    throw new ShapeError(op, `${name} must have ${axes.length} axes (${axes}) but has ${shape.length}`, { [name]: shape });
}

/** The shape to which `a` and `b` broadcast: axes aligned at the end, 1 stretches. */
export function broadcastShape(op: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [m, n] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1];
    if (m !== n && m !== 1 && n !== 1) throw new ShapeError(op, "the shapes do not broadcast (axes are aligned at the end; only 1 stretches)", { a, b });
    return m === 1 ? n : m;
  });
}
