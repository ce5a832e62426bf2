import { offset, unravel, type NdArray } from "../reference/ndarray.js";
import type { Random } from "./random.js";

export interface SampledGradient {
  /** Flat positions that were differentiated. */
  positions: number[];
  values: number[];
  /** The positions as indices, for messages. */
  labels: string[];
}

/**
 * Central differences of `loss` with respect to elements of `x`, in double precision: all elements of a small input,
 * `samples` random ones (corners among them) of a large one. The step 1e-5 · max(1, |x|) leaves an error near 1e-10.
 */
export function numericGradient(loss: () => number, x: NdArray, rng: Random, samples: number): SampledGradient {
  const positions = choose(x, rng, samples);
  const values = positions.map((i) => {
    const value = x.data[i]!;
    const step = 1e-5 * Math.max(1, Math.abs(value));
    x.data[i] = value + step;
    const above = loss();
    x.data[i] = value - step;
    const below = loss();
    x.data[i] = value;
    return (above - below) / (2 * step);
  });
  return { positions, values, labels: positions.map((i) => `[${unravel(x.shape, i).join(", ")}]`) };
}

function choose(x: NdArray, rng: Random, samples: number): number[] {
  const count = x.data.length;
  if (count <= samples) return Array.from({ length: count }, (_, i) => i);
  const chosen = new Set([0, count - 1, offset(x.shape, x.shape.map((n) => n >> 1))]);
  while (chosen.size < samples) chosen.add(rng.integer(count));
  return [...chosen].sort((a, b) => a - b);
}
