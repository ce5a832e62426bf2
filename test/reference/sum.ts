import { reduce, type NdArray } from "./ndarray.js";

export function sum({ x }: { x: NdArray }, { axes, keepDims }: { axes?: number[]; keepDims?: boolean }): NdArray {
  return reduce(x, 0, (a, b) => a + b, axes, keepDims);
}
