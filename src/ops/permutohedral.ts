import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerPermutohedral, type LatticeOperands, type PermutohedralParams } from "../kernels/permutohedral.js";
import { ShapeError } from "../runtime/errors.js";
import { requireDType } from "./require.js";

const permutohedralOp = defineOp({
  name: "permutohedral",
  shape: ({ x, corners, weights, starts, entries, neighbours }: LatticeOperands<Spec> & { x: Spec }, _o: PermutohedralParams): Spec => {
    for (const [name, spec] of Object.entries({ x, weights })) requireDType("permutohedral", name, spec, "f32");
    for (const [name, spec] of Object.entries({ corners, starts, entries, neighbours })) requireDType("permutohedral", name, spec, "u32");
    const [rows, channels] = x.shape;
    const [axes, vertices] = neighbours.shape;
    const fits = (spec: Spec, ...shape: (number | undefined)[]): boolean => spec.shape.length === shape.length && shape.every((n, i) => n === spec.shape[i] && n! > 0);
    if (!(fits(x, rows, channels) && fits(corners, rows, axes) && fits(weights, rows, axes) && fits(neighbours, axes, vertices, 2) && fits(starts, vertices! + 1) && fits(entries, rows! * axes!)))
      throw new ShapeError("permutohedral", "the lattice is of other rows", { x: x.shape, corners: corners.shape, weights: weights.shape, starts: starts.shape, entries: entries.shape, neighbours: neighbours.shape });
    return { shape: x.shape, dtype: "f32" };
  },
  gradient: { x: (grad, inputs, { reverse }): Tensor => permutohedralOp({ ...inputs, x: grad }, { reverse: !reverse }), corners: null, starts: null, entries: null, neighbours: null },
  lower: lowerPermutohedral,
});

/**
 * Filters rows by a Gaussian of the distance of their features, approximately and in time that grows with the rows alone, by way
 * of a lattice (Adams, Baek & Davis 2010: Fast high-dimensional filtering using the permutohedral lattice), see
 * `permutohedralLattice`. Values are those of `featureGaussian` times a factor that is about the same for all rows.
 *
 * @param x f32 [rows, channels]
 * @param lattice of the features of the rows, as tensors
 * @returns f32 [rows, channels]
 * @throws ShapeError, DTypeError
 */
export function permutohedral(x: TensorLike<"f32">, { corners, weights, starts, entries, neighbours }: LatticeOperands<TensorLike>): Tensor<"f32"> {
  return permutohedralOp({ x, corners, weights, starts, entries, neighbours }, { reverse: false }) as Tensor<"f32">;
}
