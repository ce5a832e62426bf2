import { reduce, type NdArray } from "./ndarray.js";

export function prod({ x }: { x: NdArray }, { axes, keepDims }: { axes?: number[]; keepDims?: boolean }): NdArray {
  return reduce(x, 1, (a, b) => a * b, axes, keepDims);
}
