import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import { fill4 } from "./conv2d-pack.js";
import type { Lowering, Operand } from "./lowering.js";
import type { Product } from "./matmul-tiled.js";
import { fits, storable, storeVec4s, withChannels } from "./vec4-maps.js";
import spreadShader from "./wgsl/conv2d-columns.js";
import shader from "./wgsl/matmul-columns.js";

const spread = defineKernel(spreadShader, "spread");
const spread4 = defineKernel(spreadShader, "spread4");
const forward = defineKernel(shader, "forward");

/** Rows of a thread. */
const TP = 16;
/** Multiply-adds, and rows and columns, below which copies of the factors cost more than they save. Estimates. */
const [WORTHWHILE, LEAST] = [2 ** 17, 12];

/** Matrices [.., rows, wide] out of [.., wide, rows] (`turn`) or [.., rows, wide], with zeros up to a multiple of 4. */
export function withLines(low: Lowering, x: Operand, turn: boolean): Operand {
  const [h, w] = x.shape.slice(-2) as [number, number];
  if (!turn) return w % 4 === 0 ? x : withChannels(low, x, fill4(w));
  const row4 = fill4(h) / 4;
  const lines = low.temp([...x.shape.slice(0, -2), w, 4 * row4]);
  const quarter = sizeOf(lines.shape) / 4;
  const params = { h: 1, w: h, oh: 1, ow: h, c: w, cg: w, row4, o4: 0, group4: 0, top: 0, left: 0, out_stride: 0, out_offset: 0, kh: 0, sh: 0, dh: 0, activation: 0 };
  low.run(w % 4 === 0
    ? spread4({ bindings: { x4: x, spread_out: lines }, params: { ...params, total: quarter / 4 }, threads: quarter / 4 })
    : spread({ bindings: { x, spread_out: lines }, params: { ...params, total: quarter }, threads: quarter }));
  return lines;
}

/** Whether a factor whose lines are filled up can be bound. */
export const linesFit = (low: Lowering, x: Operand, turn: boolean): boolean => fits(low, sizeOf(x.shape.slice(0, -2)) * x.shape.at(turn ? -1 : -2)! * fill4(x.shape.at(turn ? -2 : -1)!));

/** The product in blocks of 16 rows; false where these kernels do not apply, on GPUs, and where there is too little to do. */
export function columnsMatmul(low: Lowering, { a, b, transposeA, transposeB, batch, m, n, k, axes, broadcast }: Product, out: Operand): boolean {
  const { software, variant } = low.adapter;
  const worthwhile = software && variant === undefined && Math.min(m, n) >= LEAST && batch * m * n * k >= WORTHWHILE;
  if ((variant !== "direct" && !worthwhile) || batch * m * n * k === 0) return false;
  if (!storable(low, out) || !linesFit(low, a, !transposeA) || !linesFit(low, b, transposeB)) return false;
  const columns = withLines(low, a, !transposeA);
  const rows = withLines(low, b, transposeB);
  const n4 = fill4(n) / 4;
  const total = batch * Math.ceil(m / TP) * n4;
  storeVec4s(low, out, (target) => {
    low.run(forward({
      bindings: { columns, rows, out: target },
      params: { total, m, k, m4: fill4(m) / 4, n4, ...axes },
      constants: { TP, TP4: TP / 4, TQ: 1, TILE: TP, ...(broadcast && { BROADCAST: 1 }) },
      threads: total,
      flops: 2 * batch * m * n * k,
    }));
  });
  return true;
}
