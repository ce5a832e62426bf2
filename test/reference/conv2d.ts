import { type NdArray, zeros } from "./ndarray.js";
import { pad2d } from "./pad2d.js";

type Pair = number | readonly [number, number];
export interface ConvOptions {
  stride?: Pair;
  padding?: Pair | { top?: number; bottom?: number; left?: number; right?: number } | "valid" | "same" | "same-tensorflow";
  paddingMode?: "zeros" | "reflect" | "replicate" | "circular";
  dilation?: Pair;
  groups?: number;
}

export const two = (value: Pair | undefined, otherwise: number): [number, number] => (value === undefined ? [otherwise, otherwise] : typeof value === "number" ? [value, value] : [...value]);

/** PyTorch's "same" is TensorFlow's at stride 1: the size divided by the stride, rounded up; what is missing is shared, an odd rest at the end. */
export function sides(padding: ConvOptions["padding"], [h, w]: readonly number[] = [], [kh, kw]: readonly number[] = [], o: ConvOptions = {}): [top: number, bottom: number, left: number, right: number] {
  if (padding === "valid") return [0, 0, 0, 0];
  if (padding === "same" || padding === "same-tensorflow") {
    const share = (n: number, k: number, s: number, d: number): [number, number] => {
      const missing = Math.max((Math.ceil(n / s) - 1) * s + d * (k - 1) + 1 - n, 0);
      return [Math.floor(missing / 2), Math.ceil(missing / 2)];
    };
    const [[sh, sw], [dh, dw]] = [two(o.stride, 1), two(o.dilation, 1)];
    return [...share(h!, kh!, sh, dh), ...share(w!, kw!, sw, dw)];
  }
  if (typeof padding === "object" && !Array.isArray(padding)) {
    const p = padding as { top?: number; bottom?: number; left?: number; right?: number };
    return [p.top ?? 0, p.bottom ?? 0, p.left ?? 0, p.right ?? 0];
  }
  const [v, h2] = two(padding as Pair | undefined, 0);
  return [v, v, h2, h2];
}

/** Straight from the definition: every output is a sum over taps and channels. NHWC, weight OHWI. */
export function conv2d({ x: given, weight, bias }: { x: NdArray; weight: NdArray; bias?: NdArray | undefined }, o: ConvOptions = {}): NdArray {
  const asked = sides(o.padding, given.shape.slice(1, 3), weight.shape.slice(1, 3), o);
  const framed = o.paddingMode !== undefined && o.paddingMode !== "zeros";
  const x = framed ? pad2d({ x: given }, { top: asked[0], bottom: asked[1], left: asked[2], right: asked[3], mode: o.paddingMode as "reflect" }) : given;
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const [oc, kh, kw, cg] = weight.shape as [number, number, number, number];
  const [[sh, sw], [dh, dw], [top, bottom, left, right]] = [two(o.stride, 1), two(o.dilation, 1), framed ? [0, 0, 0, 0] : asked];
  const oh = Math.floor((h + top + bottom - dh * (kh - 1) - 1) / sh) + 1;
  const ow = Math.floor((w + left + right - dw * (kw - 1) - 1) / sw) + 1;
  const out = zeros([n, oh, ow, oc]);
  const perGroup = oc / (o.groups ?? 1);
  let at = 0;
  for (let b = 0; b < n; b++) for (let i = 0; i < oh; i++) for (let j = 0; j < ow; j++) for (let k = 0; k < oc; k++) {
    let sum = bias?.data[k] ?? 0;
    const first = Math.floor(k / perGroup) * cg;
    for (let r = 0; r < kh; r++) for (let s = 0; s < kw; s++) {
      const [y, z] = [i * sh + r * dh - top, j * sw + s * dw - left];
      if (y < 0 || y >= h || z < 0 || z >= w) continue;
      for (let q = 0; q < cg; q++) sum += x.data[((b * h + y) * w + z) * c + first + q]! * weight.data[((k * kh + r) * kw + s) * cg + q]!;
    }
    out.data[at++] = sum;
  }
  return out;
}
