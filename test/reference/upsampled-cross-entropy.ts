import { crossEntropy, type CrossEntropyOptions } from "./cross-entropy.js";
import { fromFunction, get, type NdArray } from "./ndarray.js";

/** Bilinear resampling to a size, then cross-entropy. */
export function upsampledCrossEntropy({ logits, ...rest }: { logits: NdArray; labels: NdArray; weight?: NdArray; pixelWeight?: NdArray }, { alignCorners = false, ...o }: CrossEntropyOptions & { alignCorners?: boolean }): NdArray {
  const [n, h, w, c] = logits.shape as [number, number, number, number];
  const [, oh, ow] = rest.labels.shape as [number, number, number];
  const place = (d: number, from: number, to: number): [number, number, number] => {
    const f = alignCorners ? (to > 1 ? (d * (from - 1)) / (to - 1) : 0) : Math.max(0, ((d + 0.5) * from) / to - 0.5);
    const a = Math.min(Math.floor(f), from - 1);
    return [a, Math.min(a + 1, from - 1), f - a];
  };
  const big = fromFunction([n, oh, ow, c], ([i, y, x, k]) => {
    const [top, bottom, v] = place(y!, h, oh);
    const [left, right, u] = place(x!, w, ow);
    const row = (r: number): number => (1 - u) * get(logits, i!, r, left, k!) + u * get(logits, i!, r, right, k!);
    return (1 - v) * row(top) + v * row(bottom);
  });
  return crossEntropy({ logits: big, ...rest }, o);
}
