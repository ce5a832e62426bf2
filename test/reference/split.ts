import { type NdArray } from "./ndarray.js";
import { slice } from "./slice.js";

/** The parts by number: `part0`, `part1`, … */
export function split({ x }: { x: NdArray }, { sizes, axis = -1 }: { sizes: readonly number[]; axis?: number }): Record<string, NdArray> {
  return Object.fromEntries(sizes.map((length, i) => [`part${i}`, slice({ x }, { axis, start: sizes.slice(0, i).reduce((a, b) => a + b, 0), length })]));
}
