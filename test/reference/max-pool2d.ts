import { get, set, zeros, type NdArray } from "./ndarray.js";
import { both, pooledSize, type PairLike } from "./window.js";

export interface MaxPool2dOptions {
  kernelSize: PairLike;
  stride?: PairLike;
  padding?: PairLike;
  dilation?: PairLike;
  ceilMode?: boolean;
}

/** Every window of every plane, position by position; the first of equal values wins, NaN wins over numbers. */
export function maxPool2dWithIndices({ x }: { x: NdArray }, o: MaxPool2dOptions): { out: NdArray; indices: NdArray } {
  const [n, h, w, channels] = x.shape as [number, number, number, number];
  const kernel = both(o.kernelSize, 1);
  const [stride, padding, dilation] = [both(o.stride, kernel), both(o.padding, 0), both(o.dilation, 1)];
  const [oh, ow] = [h, w].map((size, i) => pooledSize(size, kernel[i]!, stride[i]!, padding[i]!, dilation[i]!, o.ceilMode ?? false)) as [number, number];
  const out = zeros([n, oh, ow, channels]);
  const indices = zeros(out.shape);
  for (let b = 0; b < n; b++)
    for (let i = 0; i < oh; i++)
      for (let j = 0; j < ow; j++)
        for (let c = 0; c < channels; c++) {
          let best = -Infinity;
          let at = -1;
          for (let ky = 0; ky < kernel[0]; ky++)
            for (let kx = 0; kx < kernel[1]; kx++) {
              const [y, column] = [i * stride[0] - padding[0] + ky * dilation[0], j * stride[1] - padding[1] + kx * dilation[1]];
              if (y < 0 || y >= h || column < 0 || column >= w) continue;
              const v = get(x, b, y, column, c);
              if (at < 0 || v > best || Number.isNaN(v)) [best, at] = [v, y * w + column];
            }
          set(out, best, b, i, j, c);
          set(indices, at, b, i, j, c);
        }
  return { out, indices };
}

export const maxPool2d = (inputs: { x: NdArray }, o: MaxPool2dOptions): NdArray => maxPool2dWithIndices(inputs, o).out;
