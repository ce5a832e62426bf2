import { get, set, zeros, type NdArray } from "./ndarray.js";
import { both, pooledSize, type PairLike } from "./window.js";

export interface AvgPool2dOptions {
  kernelSize: PairLike;
  stride?: PairLike;
  padding?: PairLike;
  ceilMode?: boolean;
  countIncludePad?: boolean;
  divisorOverride?: number;
}

/** Adds the positions of every window one by one, and counts those that belong in the divisor. */
export function avgPool2d({ x }: { x: NdArray }, o: AvgPool2dOptions): NdArray {
  const [n, h, w, channels] = x.shape as [number, number, number, number];
  const kernel = both(o.kernelSize, 1);
  const [stride, padding] = [both(o.stride, kernel), both(o.padding, 0)];
  const [oh, ow] = [h, w].map((size, i) => pooledSize(size, kernel[i]!, stride[i]!, padding[i]!, 1, o.ceilMode ?? false)) as [number, number];
  const out = zeros([n, oh, ow, channels]);
  for (let b = 0; b < n; b++)
    for (let i = 0; i < oh; i++)
      for (let j = 0; j < ow; j++)
        for (let c = 0; c < channels; c++) {
          let [sum, inside, padded] = [0, 0, 0];
          for (let ky = 0; ky < kernel[0]; ky++)
            for (let kx = 0; kx < kernel[1]; kx++) {
              const [y, column] = [i * stride[0] - padding[0] + ky, j * stride[1] - padding[1] + kx];
              if (y < h + padding[0] && column < w + padding[1]) padded++;
              if (y < 0 || y >= h || column < 0 || column >= w) continue;
              inside++;
              sum += get(x, b, y, column, c);
            }
          set(out, sum / (o.divisorOverride ?? ((o.countIncludePad ?? true) ? padded : inside)), b, i, j, c);
        }
  return out;
}
