import { sides, two, type ConvOptions } from "./conv2d.js";
import { type NdArray, zeros } from "./ndarray.js";

/** Every input spreads its value over the output through the kernel. NHWC, weight [in, kh, kw, out / groups]. */
export function convTranspose2d({ x, weight, bias }: { x: NdArray; weight: NdArray; bias?: NdArray | undefined }, o: Omit<ConvOptions, "paddingMode"> & { outputPadding?: number | readonly [number, number]; outputSize?: number | readonly [number, number] } = {}): NdArray {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const [, kh, kw, og] = weight.shape as [number, number, number, number];
  const groups = o.groups ?? 1;
  const [[sh, sw], [dh, dw], [top, bottom, left, right], [eh, ew]] = [two(o.stride, 1), two(o.dilation, 1), sides(o.padding), two(o.outputPadding, 0)];
  const grown = [(h - 1) * sh - top - bottom + dh * (kh - 1) + eh + 1, (w - 1) * sw - left - right + dw * (kw - 1) + ew + 1] as const;
  const [oh, ow] = two(o.outputSize ?? grown, 0);
  const oc = og * groups;
  const out = zeros([n, oh, ow, oc]);
  if (bias) for (let i = 0; i < out.data.length; i++) out.data[i] = bias.data[i % oc]!;
  for (let b = 0; b < n; b++) for (let i = 0; i < h; i++) for (let j = 0; j < w; j++) for (let k = 0; k < c; k++) {
    const value = x.data[((b * h + i) * w + j) * c + k]!;
    const first = Math.floor(k / (c / groups)) * og;
    for (let r = 0; r < kh; r++) for (let s = 0; s < kw; s++) {
      const [y, z] = [i * sh + r * dh - top, j * sw + s * dw - left];
      if (y < 0 || y >= oh || z < 0 || z >= ow) continue;
      for (let q = 0; q < og; q++) out.data[((b * oh + y) * ow + z) * oc + first + q]! += value * weight.data[((k * kh + r) * kw + s) * og + q]!;
    }
  }
  return out;
}
