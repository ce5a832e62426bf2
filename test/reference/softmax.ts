import { zeros, type NdArray } from "./ndarray.js";

/** Applies `f` to every run along the axis. */
export function mapRows(x: NdArray, f: (row: number[]) => number[], { axis = -1 }: { axis?: number } = {}): NdArray {
  const at = axis < 0 ? axis + x.shape.length : axis;
  const classes = x.shape[at]!;
  const step = x.shape.slice(at + 1).reduce((a, b) => a * b, 1);
  const out = zeros(x.shape);
  for (let first = 0; first < x.data.length; first++) {
    if (Math.floor(first / step) % classes !== 0) continue;
    f(Array.from({ length: classes }, (_, c) => x.data[first + c * step]!)).forEach((v, c) => (out.data[first + c * step] = v));
  }
  return out;
}

export function softmaxRow(row: number[]): number[] {
  const largest = Math.max(...row);
  const powers = row.map((v) => Math.exp(v - largest));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((v) => v / total);
}

export function softmax({ x }: { x: NdArray }, options: { axis?: number } = {}): NdArray {
  return mapRows(x, softmaxRow, options);
}
