import { map, normalAxes, reduce, type NdArray } from "./ndarray.js";

export function mean({ x }: { x: NdArray }, { axes, keepDims }: { axes?: number[]; keepDims?: boolean }): NdArray {
  const count = normalAxes(x.shape.length, axes).reduce((n, axis) => n * x.shape[axis]!, 1);
  return map(reduce(x, 0, (a, b) => a + b, axes, keepDims), (total) => total / count);
}
