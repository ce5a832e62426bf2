import { defineKernel } from "../runtime/kernel.js";
import { tileFor, tileGrid, tileWorkgroups, type Layout } from "./gemm-tiles.js";
import type { Lowering, Operand } from "./lowering.js";
import { lowerTranspose } from "./transpose.js";
import shader from "./wgsl/matmul-tiled.js";
import transposedShader from "./wgsl/matmul-tiled-transposed.js";

const tiled = defineKernel(shader, "tiled");
const transposed = defineKernel(transposedShader, "tiled");

/** One product per batch; which matrices make a batch is said by `axes`, fields of `Params` that lib/batch.wgsl reads. */
export interface Product {
  a: Operand;
  b: Operand;
  transposeA: boolean;
  transposeB: boolean;
  batch: number;
  m: number;
  n: number;
  k: number;
  axes: Record<"d1" | "d2" | "d3" | "a0" | "a1" | "a2" | "a3" | "b0" | "b1" | "b2" | "b3", number>;
  broadcast: boolean;
}

/**
 * A matrix product in tiles; false when these kernels are not wanted or do not apply: rows of both factors as they stand in memory
 * must be whole vec4s (b is transposed first where it has to be), or else matmul.wgsl takes over.
 */
export function tiledMatmul(low: Lowering, { a, b, transposeA, transposeB, batch, m, n, k, axes, broadcast }: Product, out: Operand): boolean {
  if (n % 4 !== 0 || (transposeA ? m : k) % 4 !== 0 || batch * m * n * k === 0) return false;
  const layout: Layout = transposeA ? "columns" : "rows";
  const work = { m, n, k, planes: batch };
  const tile = tileFor(low, () => work, layout);
  if (!tile) return false;
  const grid = tileGrid(work, tile);
  const use = {
    bindings: { a, b: transposeB ? swapped(low, b) : b, out },
    constants: { ...tile.constants, ...(broadcast && { BROADCAST: 1 }) },
    workgroups: tileWorkgroups(grid),
    flops: 2 * batch * m * n * k,
  };
  low.run(transposeA
    ? transposed({ ...use, params: { ...grid, ...axes, m4: m / 4, n4: n / 4, k } })
    : tiled({ ...use, params: { ...grid, ...axes, m, n4: n / 4, k4: k / 4 } }));
  return true;
}

/** A copy with the last two axes swapped. */
function swapped(low: Lowering, b: Operand): Operand {
  const { length } = b.shape;
  const permutation = b.shape.map((_, i) => (i < length - 2 ? i : 2 * length - 3 - i));
  const out = low.temp(permutation.map((axis) => b.shape[axis]!), b.dtype);
  lowerTranspose(low, { x: b }, { out }, { permutation });
  return out;
}
