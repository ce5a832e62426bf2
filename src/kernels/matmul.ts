import { defineKernel } from "../runtime/kernel.js";
import { sizeOf, type Shape } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import { columnsMatmul } from "./matmul-columns.js";
import { lanesMatmul } from "./matmul-lanes.js";
import { tiledMatmul } from "./matmul-tiled.js";
import { geometry, tuned } from "./tuning.js";
import shader from "./wgsl/matmul.js";

const clear = defineKernel(shader, "clear");
const direct = defineKernel(shader, "direct");

export interface MatmulParams {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** Rows of a register block. */
const TM = 4;

/** Batch axes that the shader can tell apart, after neighbours have been joined. */
const MAX_BATCH_AXES = 4;

/** An axis of the batch: its size, and how far apart the matrices of a and of b stand along it (0: stretched). */
interface BatchAxis {
  readonly size: number;
  readonly a: number;
  readonly b: number;
}

/** The batch axes of two factors, neighbours joined that both hold (or stretch) as one run. */
function batchAxes(a: Shape, b: Shape, out: Shape): BatchAxis[] {
  const strides = (shape: Shape): number[] => {
    let stride = 1;
    return out.map((_, i) => {
      const size = shape[shape.length - 1 - i] ?? 1;
      const own = size === 1 ? 0 : stride;
      stride *= size;
      return own;
    }).reverse();
  };
  const [ofA, ofB] = [strides(a), strides(b)];
  const axes: BatchAxis[] = [];
  out.forEach((size, i) => {
    if (size === 1) return;
    const axis = { size, a: ofA[i]!, b: ofB[i]! };
    const outer = axes.at(-1);
    if (outer && outer.a === axis.a * size && outer.b === axis.b * size) axes[axes.length - 1] = { ...axis, size: outer.size * size };
    else axes.push(axis);
  });
  return axes;
}

/** Whether the kernel can follow how the batches of a and b stretch. */
export const batchFits = (a: Shape, b: Shape, out: Shape): boolean => batchAxes(a, b, out).length <= MAX_BATCH_AXES;

/** Names of the kernels without workgroup memory that a table of measurements may choose: matmul-columns.ts, matmul-lanes.ts, and `direct` of matmul.wgsl. */
const DIRECT = ["direct", "direct:lanes", "rows"] as const;

export function lowerMatmul(given: Lowering, { a, b }: Record<"a" | "b", Operand>, { out }: { out: Operand }, { transposeA, transposeB }: MatmulParams): void {
  const [m, n] = [out.shape.at(-2)!, out.shape.at(-1)!];
  const k = a.shape.at(transposeA ? -2 : -1)!;
  const batch = sizeOf(out.shape.slice(0, -2));
  const low = given.adapter.tuning ? tuned(given, geometry("matmul", [a, b], { transposeA, transposeB }), { m, n, k, planes: batch }, DIRECT) : given;
  const axes = batchAxes(a.shape.slice(0, -2), b.shape.slice(0, -2), out.shape.slice(0, -2));
  const plain = axes.length === 0 || (axes.length === 1 && axes[0]!.a === 1 && axes[0]!.b === 1);
  const at = (i: number): BatchAxis => axes[axes.length - MAX_BATCH_AXES + i] ?? { size: 1, a: 0, b: 0 };
  const strides = {
    d1: at(1).size, d2: at(2).size, d3: at(3).size,
    a0: at(0).a, a1: at(1).a, a2: at(2).a, a3: at(3).a, b0: at(0).b, b1: at(1).b, b2: at(2).b, b3: at(3).b,
  };
  const product = { a, b, transposeA, transposeB, batch, m, n, k, axes: strides, broadcast: !plain };
  if (tiledMatmul(low, product, out) || lanesMatmul(low, product, out) || columnsMatmul(low, product, out)) return;
  const use = {
    params: { batch, m, n, k, ...strides },
    constants: { TRANSPOSE_A: transposeA ? 1 : 0, TRANSPOSE_B: transposeB ? 1 : 0, ...(!plain && { BROADCAST: 1 }) },
    flops: 2 * batch * m * n * k,
  };
  low.run(low.adapter.variant !== "clear" && n % 4 === 0
    ? direct({ bindings: { a, b, out4: out }, ...use, constants: { ...use.constants, TM }, threads: (batch * Math.ceil(m / TM) * n) / 4 })
    : clear({ bindings: { a, b, out }, ...use, threads: batch * m * n }));
}
