import { ELASTIC_GRID } from "./augment.js";

/** Displacement, in pixels, of the pixel at x, y of a window. */
export interface Displacements {
  x(x: number, y: number): number;
  y(x: number, y: number): number;
}

/** Catmull and Rom's cubic weights of the four points around a place `t` (0 … 1) between the inner two. */
const cubic = (t: number): [number, number, number, number] => [
  ((-t + 2) * t - 1) * t * 0.5, ((3 * t - 5) * t * t + 2) * 0.5, ((-3 * t + 4) * t + 1) * t * 0.5, (t - 1) * t * t * 0.5,
];

/** Weights of the grid's points for every pixel of a side, `[length, ELASTIC_GRID]`; beyond the ends, the outer points stand again. */
function weights(length: number): Float64Array {
  const last = ELASTIC_GRID - 1;
  const out = new Float64Array(length * ELASTIC_GRID);
  for (let i = 0; i < length; i++) {
    const place = length > 1 ? (i * last) / (length - 1) : 0;
    const cell = Math.min(last - 1, Math.floor(place));
    cubic(place - cell).forEach((weight, k) => (out[i * ELASTIC_GRID + Math.min(last, Math.max(0, cell + k - 1))]! += weight));
  }
  return out;
}

/**
 * Smooth displacements over a window: those of a 3×3 grid whose outer points are the window's outer pixels, interpolated bicubically.
 *
 * @param grid x and y in pixels for each point, rows first
 */
export function displacements(grid: readonly number[], width: number, height: number): Displacements {
  const [across, down] = [weights(width), weights(height)];
  const at = (channel: 0 | 1) => (x: number, y: number): number => {
    let sum = 0;
    for (let j = 0; j < ELASTIC_GRID; j++)
      for (let i = 0; i < ELASTIC_GRID; i++) sum += down[y * ELASTIC_GRID + j]! * across[x * ELASTIC_GRID + i]! * grid[(j * ELASTIC_GRID + i) * 2 + channel]!;
    return sum;
  };
  return { x: at(0), y: at(1) };
}
