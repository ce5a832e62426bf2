import { describe, expect, test } from "vitest";
import { permutohedralLattice } from "../../src/models/permutohedral-lattice.js";
import { permutohedral } from "../../src/ops/permutohedral.js";
import * as gaussian from "../reference/feature-gaussian.js";
import { array, type NdArray } from "../reference/ndarray.js";
import * as reference from "../reference/permutohedral.js";
import { random } from "../support/random.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

function draw(rows: number, d: number, spread: number): Float32Array {
  const rng = random(`features ${rows} ${d} ${spread}`);
  return Float32Array.from({ length: rows * d }, () => spread * rng.normal());
}

/** A lattice of random features, as inputs of the op. */
function inputs(rows: number, channels: number, d: number, spread = 1) {
  const { axes, vertices, corners, weights, starts, entries, neighbours } = permutohedralLattice(draw(rows, d, spread), d);
  const whole = (values: ArrayLike<number>, ...shape: number[]) => ({ shape, values, dtype: "u32" }) as const;
  return {
    x: [rows, channels], weights: { shape: [rows, axes], values: weights, gradient: false }, corners: whole(corners, rows, axes),
    starts: whole(starts, vertices + 1), entries: whole(entries, rows * axes), neighbours: whole(neighbours, axes, vertices, 2),
  } as const;
}

type Inputs = Record<"x" | "corners" | "weights" | "starts" | "entries" | "neighbours", NdArray>;

testOp("permutohedral", ({ x, ...lattice }) => permutohedral(x, lattice), (given: Inputs) => reference.permutohedral(given), [
  inputs(9, 2, 2),
  inputs(50, 3, 5),
  inputs(40, 21, 5, 5),
  inputs(100, 1, 1),
  inputs(1, 1, 5),
  inputs(200, 4, 2, 0.05),
  inputs(33, 2, 3, 10),
  inputs(17, 5, 7),
  inputs(64, 6, 4, 0.5),
  { ...inputs(30, 2, 2), name: "few rows in the plane" },
], { noHalf: "it filters f32 only" });

const six = inputs(6, 2, 1);
testErrors("permutohedral", [
  ["other rows than the lattice's", { ...six, x: [5, 2] }, ({ x, corners, weights, starts, entries, neighbours }) => permutohedral(x!, { corners: corners!, weights: weights!, starts: starts!, entries: entries!, neighbours: neighbours! }),
    `permutohedral: the lattice is of other rows.\n  x           [5, 2]\n  corners     [6, 2]\n  weights     [6, 2]\n  starts      [${six.starts.shape[0]}]\n  entries     [12]\n  neighbours  [2, ${six.neighbours.shape[1]}, 2]`],
]);

describe("permutohedralLattice", () => {
  test.each([[1, 1], [2, 1], [3, 4], [5, 1], [5, 20], [5, 0.01], [8, 2]])("puts rows of %d features (spread %d) into the simplex around them", (d, spread) => {
    const [rows, features] = [60, draw(60, d, spread)];
    const { axes, vertices, corners, weights, starts, entries, neighbours } = permutohedralLattice(features, d);
    expect(axes).toBe(d + 1);
    for (let row = 0; row < rows; row++) {
      const own = weights.subarray(row * axes, (row + 1) * axes);
      expect(own.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
      expect(Math.min(...own)).toBeGreaterThan(-1e-5);
      expect(new Set(corners.subarray(row * axes, (row + 1) * axes)).size).toBe(axes);
    }
    // Every vertex lists its elements, in order.
    for (let v = 0; v < vertices; v++) {
      const list = Array.from(entries.subarray(starts[v]!, starts[v + 1]!));
      expect(list).toEqual(list.toSorted((a, b) => a - b));
      for (const element of list) expect(corners[element]).toBe(v);
    }
    expect(starts[vertices]).toBe(rows * axes);
    // Whoever is a neighbour on one side has this one on the other.
    for (let at = 0; at < neighbours.length; at++) {
      if (neighbours[at] === 0xffffffff) continue;
      const [axis, v, side] = [Math.floor(at / 2 / vertices), Math.floor(at / 2) % vertices, at % 2];
      expect(neighbours[(axis * vertices + neighbours[at]!) * 2 + 1 - side]).toBe(v);
    }
  });

  test.each([[2, 0.02], [5, 0.05]])("filters rows of %d features, once normalised, nearly as all pairs do: means of values in 0 … 1 are %d off on average", (d, tolerance) => {
    const rows = 400;
    const features = draw(rows, d, d === 2 ? 3 : 0.8);
    const { axes, vertices, corners, weights, neighbours } = permutohedralLattice(features, d);
    const rng = random("values");
    const x = array([rows, 2], Float64Array.from({ length: rows * 2 }, (_, i) => (i % 2 === 0 ? 1 : rng.uniform())));
    const near = reference.permutohedral({ x, corners: array([rows, axes], corners), weights: array([rows, axes], weights), neighbours: array([axes, vertices, 2], neighbours) });
    const exact = gaussian.featureGaussian({ x, features: array([rows, d], features) });
    const mean = ({ data }: { data: Float64Array }, row: number): number => data[2 * row + 1]! / data[2 * row]!;
    const errors = Array.from({ length: rows }, (_, row) => Math.abs(mean(near, row) - mean(exact, row)));
    expect(errors.reduce((a, b) => a + b) / rows).toBeLessThan(tolerance);
  });
});
