import { fromFunction, get, type NdArray } from "./ndarray.js";

export interface GridSampleOptions {
  mode?: "bilinear" | "nearest";
  paddingMode?: "zeros" | "border" | "reflection";
  alignCorners?: boolean;
}

/** `v` mirrored at both ends of low … high until it lies between them. */
function reflect(v: number, low: number, high: number): number {
  if (low === high) return 0;
  const away = Math.abs(v - low);
  const [flips, rest] = [Math.floor(away / (high - low)), away % (high - low)];
  return flips % 2 === 0 ? low + rest : high - rest;
}

function position(g: number, size: number, { paddingMode = "zeros", alignCorners = false }: GridSampleOptions): number {
  let at = alignCorners ? ((g + 1) / 2) * (size - 1) : ((g + 1) * size - 1) / 2;
  if (paddingMode === "zeros") return at;
  if (paddingMode === "reflection") at = alignCorners ? reflect(at, 0, size - 1) : reflect(at, -0.5, size - 0.5);
  return Number.isNaN(at) ? 0 : Math.min(Math.max(at, 0), size - 1);
}

function roundToEven(v: number): number {
  const low = Math.floor(v);
  return v - low === 0.5 ? low + (low % 2 === 0 ? 0 : 1) : Math.round(v);
}

export function gridSample({ x, grid }: { x: NdArray; grid: NdArray }, o: GridSampleOptions): NdArray {
  const [n, h, w, channels] = x.shape as [number, number, number, number];
  const pixel = (b: number, y: number, column: number, c: number): number => (y >= 0 && y < h && column >= 0 && column < w ? get(x, b, y, column, c) : 0);
  return fromFunction([n, grid.shape[1]!, grid.shape[2]!, channels], ([b, i, j, c]) => {
    const [px, py] = [position(get(grid, b!, i!, j!, 0), w, o), position(get(grid, b!, i!, j!, 1), h, o)];
    if (o.mode === "nearest") return pixel(b!, roundToEven(py), roundToEven(px), c!);
    if (!Number.isFinite(px + py)) return NaN;
    const [x0, y0] = [Math.floor(px), Math.floor(py)];
    const row = (y: number): number => pixel(b!, y, x0, c!) * (1 - (px - x0)) + pixel(b!, y, x0 + 1, c!) * (px - x0);
    return row(y0) * (1 - (py - y0)) + row(y0 + 1) * (py - y0);
  });
}
