import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import shader from "./wgsl/matmul.js";

const clear = defineKernel(shader, "clear");
const direct = defineKernel(shader, "direct");

export interface MatmulParams {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** Rows of a register block. */
const TM = 4;

export function lowerMatmul(low: Lowering, { a, b }: Record<"a" | "b", Operand>, { out }: { out: Operand }, { transposeA, transposeB }: MatmulParams): void {
  const [m, n] = [out.shape.at(-2)!, out.shape.at(-1)!];
  const k = a.shape.at(transposeA ? -2 : -1)!;
  const batch = sizeOf(out.shape.slice(0, -2));
  const use = {
    params: { batch, m, n, k },
    constants: { TRANSPOSE_A: transposeA ? 1 : 0, TRANSPOSE_B: transposeB ? 1 : 0 },
    flops: 2 * batch * m * n * k,
  };
  low.run(low.adapter.variant !== "clear" && n % 4 === 0
    ? direct({ bindings: { a, b, out4: out }, ...use, constants: { ...use.constants, TM }, threads: (batch * Math.ceil(m / TM) * n) / 4 })
    : clear({ bindings: { a, b, out }, ...use, threads: batch * m * n }));
}
