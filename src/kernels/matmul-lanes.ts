import { fill4 } from "./conv2d-pack.js";
import { LANE_TILE, lanesConstants, lanesFor } from "./lanes.js";
import type { Lowering, Operand } from "./lowering.js";
import { linesFit, withLines } from "./matmul-columns.js";
import type { Product } from "./matmul-tiled.js";
import { storable, storeVec4s, workgroup } from "./vec4-maps.js";

/** Multiply-adds, and rows and columns, below which teams would be idle for the most part. Estimates. */
const [WORTHWHILE, LEAST] = [2 ** 15, 12];

/** The product in blocks of 16 rows by lanes that load for one another; false where these kernels do not apply, and where there is too little to do. */
export function lanesMatmul(low: Lowering, { a, b, transposeA, transposeB, batch, m, n, k, axes, broadcast }: Product, out: Operand): boolean {
  const n4 = fill4(n) / 4;
  const team = lanesFor(low, n4);
  const worthwhile = low.adapter.variant !== undefined || (Math.min(m, n) >= LEAST && batch * m * n * k >= WORTHWHILE);
  if (!team || !worthwhile || batch * m * n * k === 0 || !storable(low, out) || !linesFit(low, b, transposeB)) return false;
  const { lanes, kernels } = team;
  const rows = withLines(low, b, transposeB);
  const total = batch * Math.ceil(m / LANE_TILE) * Math.ceil(n4 / lanes) * lanes;
  storeVec4s(low, out, (target) => {
    low.run(kernels.matmul({
      bindings: { a, rows, out: target },
      params: { total, m, k, n4, ...(transposeA ? { row: 1, step: m } : { row: k, step: 1 }), ...axes },
      constants: { WG: workgroup(low), ...lanesConstants(lanes), ...(broadcast && { BROADCAST: 1 }) },
      threads: total,
      flops: 2 * batch * m * n * k,
    }));
  });
  return true;
}
