import { reduce, type NdArray } from "./ndarray.js";

export function max({ x }: { x: NdArray }, { axes, keepDims }: { axes?: number[]; keepDims?: boolean }): NdArray {
  return reduce(x, -Infinity, Math.max, axes, keepDims);
}
