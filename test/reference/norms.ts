import { map, reduce, type NdArray } from "./ndarray.js";

interface Options {
  axes?: number[];
  keepDims?: boolean;
}

export const l1Norm = ({ x }: { x: NdArray }, { axes, keepDims }: Options): NdArray => reduce(x, 0, (a, b) => a + Math.abs(b), axes, keepDims);

export const l2Norm = ({ x }: { x: NdArray }, { axes, keepDims }: Options): NdArray => map(reduce(x, 0, (a, b) => a + b * b, axes, keepDims), Math.sqrt);
