import { fromFunction, get, type NdArray } from "./ndarray.js";

export interface Pad2dOptions {
  top?: number;
  bottom?: number;
  left?: number;
  right?: number;
  value?: number;
}

export function pad2d({ x }: { x: NdArray }, { top = 0, bottom = 0, left = 0, right = 0, value = 0 }: Pad2dOptions): NdArray {
  const [n, h, w, channels] = x.shape as [number, number, number, number];
  return fromFunction([n, top + h + bottom, left + w + right, channels], ([b, i, j, c]) => {
    const [y, column] = [i! - top, j! - left];
    return y >= 0 && y < h && column >= 0 && column < w ? get(x, b!, y, column, c!) : value;
  });
}
