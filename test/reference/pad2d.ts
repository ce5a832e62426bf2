import { fromFunction, get, type NdArray } from "./ndarray.js";

export type PadMode = "constant" | "reflect" | "replicate" | "circular";

export interface Pad2dOptions {
  top?: number;
  bottom?: number;
  left?: number;
  right?: number;
  mode?: PadMode;
  value?: number;
}

/** Where position `at` of a padded axis is taken from, step by step; undefined in a frame of constants. */
export function source(at: number, size: number, mode: PadMode): number | undefined {
  while (at < 0 || at >= size) {
    if (mode === "constant") return undefined;
    if (mode === "replicate") at = at < 0 ? 0 : size - 1;
    else if (mode === "circular") at += at < 0 ? size : -size;
    else at = at < 0 ? -at : 2 * (size - 1) - at;
  }
  return at;
}

export function pad2d({ x }: { x: NdArray }, { top = 0, bottom = 0, left = 0, right = 0, mode = "constant", value = 0 }: Pad2dOptions): NdArray {
  if (mode === "circular" && Math.min(top, bottom, left, right) < 0) {
    const cut = pad2d({ x }, { top: Math.min(top, 0), bottom: Math.min(bottom, 0), left: Math.min(left, 0), right: Math.min(right, 0) });
    return pad2d({ x: cut }, { top: Math.max(top, 0), bottom: Math.max(bottom, 0), left: Math.max(left, 0), right: Math.max(right, 0), mode });
  }
  const [n, h, w, channels] = x.shape as [number, number, number, number];
  return fromFunction([n, top + h + bottom, left + w + right, channels], ([b, i, j, c]) => {
    const [y, column] = [source(i! - top, h, mode), source(j! - left, w, mode)];
    return y === undefined || column === undefined ? value : get(x, b!, y, column, c!);
  });
}
