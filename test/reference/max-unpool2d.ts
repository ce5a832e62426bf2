import { get, set, zeros, type NdArray } from "./ndarray.js";
import { both, type PairLike } from "./window.js";

export interface MaxUnpool2dOptions {
  kernelSize: PairLike;
  stride?: PairLike;
  padding?: PairLike;
  dilation?: PairLike;
  outputSize?: readonly [number, number];
}

/** Zeros, then every window writes in row-major order, so that the last one wins. */
export function maxUnpool2d({ x, indices }: { x: NdArray; indices: NdArray }, o: MaxUnpool2dOptions): NdArray {
  const [n, ih, iw, channels] = x.shape as [number, number, number, number];
  const kernel = both(o.kernelSize, 1);
  const [stride, padding, dilation] = [both(o.stride, kernel), both(o.padding, 0), both(o.dilation, 1)];
  const [h, w] = o.outputSize ?? ([ih, iw].map((size, i) => (size - 1) * stride[i]! - 2 * padding[i]! + dilation[i]! * (kernel[i]! - 1) + 1) as [number, number]);
  const out = zeros([n, h, w, channels]);
  for (let b = 0; b < n; b++)
    for (let i = 0; i < ih; i++)
      for (let j = 0; j < iw; j++)
        for (let c = 0; c < channels; c++) {
          const at = get(indices, b, i, j, c);
          set(out, get(x, b, i, j, c), b, Math.floor(at / w), at % w, c);
        }
  return out;
}
