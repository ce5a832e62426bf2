import { fromFunction, get, type NdArray } from "./ndarray.js";

export function pixelShuffle({ x }: { x: NdArray }, { upscaleFactor: r }: { upscaleFactor: number }): NdArray {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  return fromFunction([n, h * r, w * r, c / r ** 2], ([b, y, column, k]) =>
    get(x, b!, Math.floor(y! / r), Math.floor(column! / r), k! * r ** 2 + (y! % r) * r + (column! % r)));
}

export function pixelUnshuffle({ x }: { x: NdArray }, { downscaleFactor: r }: { downscaleFactor: number }): NdArray {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  return fromFunction([n, h / r, w / r, c * r ** 2], ([b, y, column, k]) =>
    get(x, b!, y! * r + Math.floor((k! % r ** 2) / r), column! * r + (k! % r), Math.floor(k! / r ** 2)));
}
