import { fromFunction, get, type NdArray } from "./ndarray.js";
import { both, type PairLike } from "./window.js";

export interface ResizeOptions {
  size?: PairLike;
  scaleFactor?: PairLike;
  mode?: "bilinear" | "nearest" | "nearest-exact" | "bicubic" | "area";
  alignCorners?: boolean;
  antialias?: boolean;
  recomputeScaleFactor?: boolean;
}

const triangle = (t: number): number => Math.max(0, 1 - Math.abs(t));

/** Keys' cubic convolution kernel. */
function keys(t: number, a: number): number {
  const d = Math.abs(t);
  if (d <= 1) return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
  return d < 2 ? a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a : 0;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** Input positions and their weights for output `d` of `o`, from `n`, `step` apart. */
function weights(d: number, n: number, o: number, scale: number | undefined, options: ResizeOptions): [number, number][] {
  const { mode = "bilinear", alignCorners = false, antialias = false } = options;
  const edge = (i: number): number => Math.min(Math.max(i, 0), n - 1);
  if (mode === "area") {
    const [begin, end] = [Math.floor((d * n) / o), Math.ceil(((d + 1) * n) / o)];
    return range(begin, end).map((i) => [i, 1 / (end - begin)]);
  }
  let step = scale === undefined || options.recomputeScaleFactor ? n / o : 1 / scale;
  // Indices of copied pixels come from single precision.
  if (mode === "nearest-exact") return [[edge(Math.floor(Math.fround((d + 0.5) * Math.fround(step)))), 1]];
  if (mode === "nearest") return [[n === o ? d : 2 * n === o ? d >> 1 : edge(Math.floor(Math.fround(d * Math.fround(step)))), 1]];
  if (alignCorners) step = o === 1 ? 0 : (n - 1) / (o - 1);
  if (n === o && (mode === "bilinear" || antialias)) return [[d, 1]];
  if (antialias) {
    const filter = mode === "bicubic" ? (t: number) => keys(t, -0.5) : triangle;
    const all = range(0, n).map((i): [number, number] => [i, filter((i + 0.5 - (d + 0.5) * step) / Math.max(1, step))]);
    const total = all.reduce((sum, [, w]) => sum + w, 0);
    return all.filter(([, w]) => w !== 0).map(([i, w]) => [i, w / total]);
  }
  const source = alignCorners ? d * step : (d + 0.5) * step - 0.5;
  if (mode === "bicubic") return range(-1, 3).map((k) => [edge(Math.floor(source) + k), keys(source - Math.floor(source) - k, -0.75)]);
  const from = Math.max(0, source);
  const first = edge(Math.floor(from));
  return [[first, 1 - (from - first)], [edge(first + 1), from - first]];
}

export function resize({ x }: { x: NdArray }, o: ResizeOptions): NdArray {
  const [n, h, w, channels] = x.shape as [number, number, number, number];
  const scale = o.scaleFactor === undefined ? undefined : both(o.scaleFactor, 1);
  const [oh, ow] = scale ? [Math.floor(h * scale[0]), Math.floor(w * scale[1])] : both(o.size, 1);
  const rows = range(0, oh).map((d) => weights(d, h, oh, scale?.[0], o));
  const columns = range(0, ow).map((d) => weights(d, w, ow, scale?.[1], o));
  return fromFunction([n, oh, ow, channels], ([b, i, j, c]) => {
    let sum = 0;
    for (const [y, wy] of rows[i!]!) for (const [column, wx] of columns[j!]!) sum += wy * wx * get(x, b!, y, column, c!);
    return sum;
  });
}
