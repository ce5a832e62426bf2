import { map, reduce, zipWith, type NdArray } from "./ndarray.js";

interface Options {
  axes?: number[];
  keepDims?: boolean;
  correction?: 0 | 1;
}

export function variance({ x }: { x: NdArray }, { axes, keepDims = false, correction = 1 }: Options): NdArray {
  const sums = reduce(x, 0, (a, b) => a + b, axes, true);
  const count = x.data.length / sums.data.length;
  const squares = zipWith((v, s) => (v - s / count) ** 2, x, sums);
  return map(reduce(squares, 0, (a, b) => a + b, axes, keepDims), (v) => v / (count - correction));
}

export const std = (inputs: { x: NdArray }, options: Options): NdArray => map(variance(inputs, options), Math.sqrt);
