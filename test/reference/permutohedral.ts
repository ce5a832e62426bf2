import { array, type NdArray } from "./ndarray.js";

/** Splat, blur along every axis in turn, slice; without lists of entries, straight from the corners. */
export function permutohedral({ x, corners, weights, neighbours }: Record<"x" | "corners" | "weights" | "neighbours", NdArray>): NdArray {
  const [rows, channels] = x.shape as [number, number];
  const [axes, vertices] = neighbours.shape as [number, number];
  const row = (lattice: Float64Array, v: number, c: number): number => (v < vertices ? lattice[v * channels + c]! : 0);
  let lattice = new Float64Array(vertices * channels);
  for (let e = 0; e < rows * axes; e++) for (let c = 0; c < channels; c++) lattice[corners.data[e]! * channels + c]! += weights.data[e]! * x.data[Math.floor(e / axes) * channels + c]!;
  for (let axis = 0; axis < axes; axis++) {
    const before = lattice;
    const at = (v: number, side: number): number => neighbours.data[(axis * vertices + v) * 2 + side]!;
    lattice = Float64Array.from({ length: before.length }, (_, i) => {
      const [v, c] = [Math.floor(i / channels), i % channels];
      return before[i]! + 0.5 * (row(before, at(v, 0), c) + row(before, at(v, 1), c));
    });
  }
  const scale = 1 / (1 + 2 ** (1 - axes));
  return array(x.shape, Float64Array.from({ length: rows * channels }, (_, i) => {
    const [r, c] = [Math.floor(i / channels), i % channels];
    let total = 0;
    for (let k = 0; k < axes; k++) total += weights.data[r * axes + k]! * row(lattice, corners.data[r * axes + k]!, c);
    return scale * total;
  }));
}
