import { fromFunction, get, type NdArray } from "./ndarray.js";
import { both, type PairLike } from "./window.js";

export interface ResizeOptions {
  size: PairLike;
  mode?: "bilinear" | "nearest";
  alignCorners?: boolean;
}

/** Input positions and their weights for output `d` of `o`, from `n`. */
function weights(d: number, n: number, o: number, { mode = "bilinear", alignCorners = false }: ResizeOptions): [number, number][] {
  if (mode === "nearest") return [[Math.floor((d * n) / o), 1]];
  const source = alignCorners ? (o === 1 ? 0 : (d * (n - 1)) / (o - 1)) : Math.max(0, ((d + 0.5) * n) / o - 0.5);
  const first = Math.min(Math.floor(source), n - 1);
  return [[first, 1 - (source - first)], [Math.min(first + 1, n - 1), source - first]];
}

export function resize({ x }: { x: NdArray }, o: ResizeOptions): NdArray {
  const [n, h, w, channels] = x.shape as [number, number, number, number];
  const [oh, ow] = both(o.size, 1);
  return fromFunction([n, oh, ow, channels], ([b, i, j, c]) => {
    let sum = 0;
    for (const [y, wy] of weights(i!, h, oh, o)) for (const [column, wx] of weights(j!, w, ow, o)) sum += wy * wx * get(x, b!, y, column, c!);
    return sum;
  });
}
