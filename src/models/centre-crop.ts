import type { Tensor } from "../graph/tensor.js";
import { crop2d } from "../ops/crop2d.js";

/**
 * The middle of x at the size of another map (⌊surplus / 2⌋ rows and columns go above and left of it), x itself where it has that size
 * already: how upsampled maps are brought to the odd sizes that they were pooled from.
 *
 * @param x [N, H, W, C], no smaller than `like`
 * @param like [N, height, width, …]
 */
export function centreCrop(x: Tensor<"f32">, like: Tensor): Tensor<"f32"> {
  const [, h, w] = x.shape as [number, number, number, number];
  const [, height, width] = like.shape as [number, number, number, number];
  if (h === height && w === width) return x;
  return crop2d(x, { top: Math.floor((h - height) / 2), left: Math.floor((w - width) / 2), height, width });
}
