import { reduce, type NdArray } from "./ndarray.js";

export function max({ x }: { x: NdArray }, { axes, keepDims }: { axes?: number[]; keepDims?: boolean }): NdArray {
  return reduce(x, -Infinity, Math.max, axes, keepDims);
}

export function min({ x }: { x: NdArray }, { axes, keepDims }: { axes?: number[]; keepDims?: boolean }): NdArray {
  return reduce(x, Infinity, Math.min, axes, keepDims);
}
