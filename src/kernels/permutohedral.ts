import { defineKernel } from "../runtime/kernel.js";
import type { Lowering, Operand } from "./lowering.js";
import shader from "./wgsl/permutohedral.js";

const splat = defineKernel(shader, "splat");
const blur = defineKernel(shader, "blur");
const slice = defineKernel(shader, "slice");

export interface PermutohedralParams {
  /** Blur along the last axis first: the transposed filter. */
  readonly reverse: boolean;
}

/** The tensors of a lattice: see the shader. */
export type LatticeOperands<T> = Readonly<Record<"corners" | "weights" | "starts" | "entries" | "neighbours", T>>;

export function lowerPermutohedral(low: Lowering, { x, corners, weights, starts, entries, neighbours }: LatticeOperands<Operand> & { x: Operand }, { out }: { out: Operand }, { reverse }: PermutohedralParams): void {
  const [rows, channels] = x.shape as [number, number];
  const [axes, vertices] = neighbours.shape as [number, number];
  const constants = { K: axes };
  const wide = { channels, total: vertices * channels, axis: 0, vertices, scale: 1 };
  let lattice = low.temp([vertices, channels]);
  low.run(splat({ bindings: { x, weights, starts, entries, out: lattice }, params: wide, constants, threads: wide.total }));
  for (let step = 0; step < axes; step++) {
    const next = low.temp([vertices, channels]);
    low.run(blur({ bindings: { lattice, neighbours, out: next }, params: { ...wide, axis: reverse ? axes - 1 - step : step }, threads: wide.total }));
    lattice = next;
  }
  // What a vertex far from all others gives back of what was left there, over all blurs: 1 / (1 + 2^−d).
  const params = { channels, total: rows * channels, axis: 0, vertices, scale: 1 / (1 + 2 ** (1 - axes)) };
  low.run(slice({ bindings: { corners, weights, lattice, out }, params, constants, threads: params.total }));
}
