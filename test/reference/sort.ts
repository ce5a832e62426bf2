import { unravel, zeros, type NdArray } from "./ndarray.js";

/** Calls `f` with the flat positions of every line of `shape` along `axis`. */
export function lines(shape: readonly number[], axis: number, f: (positions: number[]) => void): void {
  const at = axis < 0 ? axis + shape.length : axis;
  const inner = shape.slice(at + 1).reduce((a, b) => a * b, 1);
  const size = shape.reduce((a, b) => a * b, 1);
  for (let flat = 0; flat < size; flat++) if (unravel(shape, flat)[at] === 0) f(Array.from({ length: shape[at]! }, (_, k) => flat + k * inner));
}

/** Numbers in order, NaN last, −0 as 0. */
const compare = (a: number, b: number): number => (Number.isNaN(a) || Number.isNaN(b) ? Number(Number.isNaN(a)) - Number(Number.isNaN(b)) : a < b ? -1 : a > b ? 1 : 0);

export interface SortOptions {
  axis?: number;
  descending?: boolean;
}

/** The first `count` elements of each line in order (all by default), equal ones in the order they came. */
export function sort({ x }: { x: NdArray }, { axis = -1, descending = false }: SortOptions, count?: number): { values: NdArray; indices: NdArray } {
  const at = axis < 0 ? axis + x.shape.length : axis;
  const shape = x.shape.with(at, count ?? x.shape[at]!);
  const [values, indices] = [zeros(shape), zeros(shape)];
  const targets: number[][] = [];
  lines(shape, axis, (positions) => targets.push(positions));
  let line = 0;
  lines(x.shape, axis, (positions) => {
    const order = positions.map((_, k) => k).sort((a, b) => compare(x.data[positions[a]!]!, x.data[positions[b]!]!) * (descending ? -1 : 1) || a - b);
    targets[line++]!.forEach((target, j) => {
      indices.data[target] = order[j]!;
      values.data[target] = x.data[positions[order[j]!]!]!;
    });
  });
  return { values, indices };
}
