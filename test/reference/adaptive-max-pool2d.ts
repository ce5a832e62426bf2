import { bins } from "./adaptive-avg-pool2d.js";
import { get, set, zeros, type NdArray } from "./ndarray.js";

/** Every bin, position by position; the first of equal values wins, NaN wins over numbers. */
export function adaptiveMaxPool2dWithIndices({ x }: { x: NdArray }, o: { outputSize: number | readonly [number | null, number | null] }): { out: NdArray; indices: NdArray } {
  const [n, h, w, channels] = x.shape as [number, number, number, number];
  const [oh, ow] = bins(o.outputSize, h, w);
  const bin = (i: number, size: number, count: number): [number, number] => [Math.floor((i * size) / count), Math.ceil(((i + 1) * size) / count)];
  const out = zeros([n, oh, ow, channels]);
  const indices = zeros(out.shape);
  for (let b = 0; b < n; b++)
    for (let i = 0; i < oh; i++)
      for (let j = 0; j < ow; j++)
        for (let c = 0; c < channels; c++) {
          const [[top, bottom], [left, right]] = [bin(i, h, oh), bin(j, w, ow)];
          let [best, at] = [get(x, b, top, left, c), top * w + left];
          for (let y = top; y < bottom; y++)
            for (let column = left; column < right; column++) {
              const v = get(x, b, y, column, c);
              if (v > best || Number.isNaN(v)) [best, at] = [v, y * w + column];
            }
          set(out, best, b, i, j, c);
          set(indices, at, b, i, j, c);
        }
  return { out, indices };
}
