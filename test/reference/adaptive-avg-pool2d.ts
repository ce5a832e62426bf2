import { get, set, zeros, type NdArray } from "./ndarray.js";

/** Bins along both directions; null keeps the size. */
export const bins = (size: number | readonly [number | null, number | null], h: number, w: number): readonly [number, number] =>
  typeof size === "number" ? [size, size] : [size[0] ?? h, size[1] ?? w];

export function adaptiveAvgPool2d({ x }: { x: NdArray }, o: { outputSize: number | readonly [number | null, number | null] }): NdArray {
  const [n, h, w, channels] = x.shape as [number, number, number, number];
  const [oh, ow] = bins(o.outputSize, h, w);
  const bin = (i: number, size: number, bins: number): [number, number] => [Math.floor((i * size) / bins), Math.ceil(((i + 1) * size) / bins)];
  const out = zeros([n, oh, ow, channels]);
  for (let b = 0; b < n; b++)
    for (let i = 0; i < oh; i++)
      for (let j = 0; j < ow; j++)
        for (let c = 0; c < channels; c++) {
          const [[top, bottom], [left, right]] = [bin(i, h, oh), bin(j, w, ow)];
          let sum = 0;
          for (let y = top; y < bottom; y++) for (let column = left; column < right; column++) sum += get(x, b, y, column, c);
          set(out, sum / ((bottom - top) * (right - left)), b, i, j, c);
        }
  return out;
}
