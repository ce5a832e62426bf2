import type { NdArray } from "./ndarray.js";
import { mapRows } from "./softmax.js";

export function logSoftmaxRow(row: number[]): number[] {
  const largest = Math.max(...row);
  const shift = Math.log(row.reduce((sum, v) => sum + Math.exp(v - largest), 0));
  return row.map((v) => v - largest - shift);
}

export function logSoftmax({ x }: { x: NdArray }, options: { axis?: number } = {}): NdArray {
  return mapRows(x, logSoftmaxRow, options);
}
