import { fromFunction, get, type NdArray } from "./ndarray.js";

export interface Crop2dOptions {
  top?: number;
  left?: number;
  height: number;
  width: number;
}

export function crop2d({ x }: { x: NdArray }, { top = 0, left = 0, height, width }: Crop2dOptions): NdArray {
  return fromFunction([x.shape[0]!, height, width, x.shape[3]!], ([b, i, j, c]) => get(x, b!, i! + top, j! + left, c!));
}
