import { map, reduce, zipWith, type NdArray } from "./ndarray.js";

interface Options {
  axes?: number[];
  keepDims?: boolean;
}

export function logSumExp({ x }: { x: NdArray }, { axes, keepDims = false }: Options): NdArray {
  const largest = map(reduce(x, -Infinity, Math.max, axes, true), (m) => (Number.isFinite(m) ? m : 0));
  const shifted = zipWith((v, m) => Math.exp(v - m), x, largest);
  const result = zipWith((s, m) => Math.log(s) + m, reduce(shifted, 0, (a, b) => a + b, axes, true), largest);
  return keepDims ? result : { shape: reduce(x, 0, (a) => a, axes).shape, data: result.data };
}

export const logSum = ({ x }: { x: NdArray }, { axes, keepDims }: Options): NdArray => map(reduce(x, 0, (a, b) => a + b, axes, keepDims), Math.log);
