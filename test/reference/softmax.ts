import { zeros, type NdArray } from "./ndarray.js";

/** Applies `f` to every run along the last axis. */
export function mapRows(x: NdArray, f: (row: number[]) => number[]): NdArray {
  const classes = x.shape.at(-1)!;
  const out = zeros(x.shape);
  for (let at = 0; at < x.data.length; at += classes) out.data.set(f(Array.from(x.data.subarray(at, at + classes))), at);
  return out;
}

export function softmaxRow(row: number[]): number[] {
  const largest = Math.max(...row);
  const powers = row.map((v) => Math.exp(v - largest));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((v) => v / total);
}

export function softmax({ x }: { x: NdArray }): NdArray {
  return mapRows(x, softmaxRow);
}
