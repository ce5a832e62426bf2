import { get, set, zeros, type NdArray } from "./ndarray.js";
import { both, pooledSize, type PairLike } from "./window.js";

export interface LpPool2dOptions {
  normType: number;
  kernelSize: PairLike;
  stride?: PairLike;
  ceilMode?: boolean;
}

/** The mean of the powers inside x, times the size of the whole window, and the root of that. */
export function lpPool2d({ x }: { x: NdArray }, o: LpPool2dOptions): NdArray {
  const [n, h, w, channels] = x.shape as [number, number, number, number];
  const kernel = both(o.kernelSize, 1);
  const stride = both(o.stride, kernel);
  const [oh, ow] = [h, w].map((size, i) => pooledSize(size, kernel[i]!, stride[i]!, 0, 1, o.ceilMode ?? false)) as [number, number];
  const out = zeros([n, oh, ow, channels]);
  for (let b = 0; b < n; b++)
    for (let i = 0; i < oh; i++)
      for (let j = 0; j < ow; j++)
        for (let c = 0; c < channels; c++) {
          const values: number[] = [];
          for (let y = i * stride[0]; y < Math.min(h, i * stride[0] + kernel[0]); y++)
            for (let column = j * stride[1]; column < Math.min(w, j * stride[1] + kernel[1]); column++) values.push(get(x, b, y, column, c));
          const mean = values.reduce((sum, v) => sum + v ** o.normType, 0) / values.length;
          set(out, o.normType === Infinity ? Math.max(...values.map(Math.abs)) : (mean * kernel[0] * kernel[1]) ** (1 / o.normType), b, i, j, c);
        }
  return out;
}
