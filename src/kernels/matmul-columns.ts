import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import { fits, storable, storeVec4s, withChannels } from "./conv2d-direct.js";
import { fill4 } from "./conv2d-pack.js";
import type { Lowering, Operand } from "./lowering.js";
import type { Product } from "./matmul-tiled.js";
import spreadShader from "./wgsl/conv2d-columns.js";
import shader from "./wgsl/matmul-columns.js";

const spread = defineKernel(spreadShader, "spread");
const forward = defineKernel(shader, "forward");
const panels = defineKernel(shader, "panels");
const panelsTurned = defineKernel(shader, "panels_turned");

/** Rows of a thread. */
const TP = 16;
/** Multiply-adds, and rows and columns, below which copies of the factors cost more than they save. Estimates. */
const [WORTHWHILE, LEAST] = [2 ** 17, 12];

/** What copies have no use for. */
const noBatch = { d1: 1, d2: 1, d3: 1, a0: 0, a1: 0, a2: 0, a3: 0, b0: 0, b1: 0, b2: 0, b3: 0 };
/** Vec4s of a panel of B: what the lanes of a CPU's vector read side by side. */
const PANEL = 8;
/** Steps of a product from which B is copied into panels. An estimate. */
const DEEP = Number(globalThis.process?.env["DEEP"] ?? 128);

/** One factor, its lines (rows of A, columns of B) side by side and filled up to a multiple of 4. */
interface Lines {
  of: Operand;
  /** Vec4s side by side; all of a line when the matrix is one panel. */
  panel: number;
}

/** Lines out of [.., k, lines], or of [.., lines, k] (`turn`), in panels where that is worth a copy and sizes are whole vec4s. */
function linesOf(low: Lowering, x: Operand, turn: boolean, panel: number): Lines {
  const [h, w] = x.shape.slice(-2) as [number, number];
  const [k, lines] = turn ? [w, h] : [h, w];
  const all = fill4(lines) / 4;
  if (!turn && w % 4 === 0 && (all <= panel || k < DEEP)) return { of: x, panel: all };
  if (!turn && w % 4 !== 0) return { of: withChannels(low, x, fill4(w)), panel: all };
  const of = low.temp([...x.shape.slice(0, -2), k, 4 * all]);
  const quarter = sizeOf(of.shape) / 4;
  if (turn && w % 4 !== 0) {
    const params = { total: quarter, h: 1, w: h, oh: 1, ow: h, c: w, cg: w, row4: all, o4: 0, group4: 0, top: 0, left: 0, out_stride: 0, out_offset: 0, kh: 0, sh: 0, dh: 0, relu: 0 };
    low.run(spread({ bindings: { x, spread_out: of }, params, threads: quarter }));
    return { of, panel: all };
  }
  const params = { m: lines, k, m4: all, n4: all, ...noBatch, panel_a: panel, panel_b: panel };
  low.run(turn
    ? panelsTurned({ bindings: { source: x, out: of }, params: { ...params, total: quarter / 4 }, threads: quarter / 4 })
    : panels({ bindings: { source: x, out: of }, params: { ...params, total: quarter }, threads: quarter }));
  return { of, panel };
}

/** Values of a factor whose lines are filled up. */
const filled = (x: Operand, turned: boolean): number => (sizeOf(x.shape.slice(0, -2)) * x.shape.at(turned ? -1 : -2)!) * fill4(x.shape.at(turned ? -2 : -1)!);

/** The product in blocks of 16 rows; false where these kernels do not apply, on GPUs, and where there is too little to do. */
export function columnsMatmul(low: Lowering, { a, b, transposeA, transposeB, batch, m, n, k, axes, broadcast }: Product, out: Operand): boolean {
  const { software, variant } = low.adapter;
  const worthwhile = software && variant === undefined && Math.min(m, n) >= LEAST && batch * m * n * k >= WORTHWHILE;
  if ((variant !== "direct" && !worthwhile) || batch * m * n * k === 0) return false;
  if (!storable(low, out) || !fits(low, filled(a, !transposeA)) || !fits(low, filled(b, transposeB))) return false;
  const columns = linesOf(low, a, !transposeA, TP / 4);
  const rows = linesOf(low, b, transposeB, PANEL);
  const n4 = fill4(n) / 4;
  const total = batch * Math.ceil(m / TP) * n4;
  storeVec4s(low, out, (target) => {
    low.run(forward({
      bindings: { columns: columns.of, rows: rows.of, out: target },
      params: { total, m, k, m4: fill4(m) / 4, n4, ...axes, panel_a: columns.panel, panel_b: rows.panel },
      constants: { TP, TP4: TP / 4, TQ: 1, TILE: TP, ...(broadcast && { BROADCAST: 1 }) },
      threads: total,
      flops: 2 * batch * m * n * k,
    }));
  });
  return true;
}
