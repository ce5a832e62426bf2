import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerMatmul, type MatmulParams } from "../kernels/matmul.js";
import { ShapeError, checkOptions } from "../runtime/errors.js";
import { requireDType } from "./require.js";

const matmulOp = defineOp({
  name: "matmul",
  shape: ({ a, b }: { a: Spec; b: Spec }, { transposeA, transposeB }: MatmulParams): Spec => {
    const shown = { a: [a.shape, axesOf(a, transposeA ? "km" : "mk")], b: [b.shape, axesOf(b, transposeB ? "nk" : "kn")] } as const;
    requireDType("matmul", "a", a, "f32");
    requireDType("matmul", "b", b, "f32");
    const rank = a.shape.length;
    if ((rank !== 2 && rank !== 3) || b.shape.length !== rank) throw new ShapeError("matmul", "a and b must both be matrices, or both be batches of matrices (3 axes)", shown);
    if (rank === 3 && a.shape[0] !== b.shape[0]) throw new ShapeError("matmul", "the batches differ in size", shown);
    const [m, k] = [a.shape.at(transposeA ? -1 : -2)!, a.shape.at(transposeA ? -2 : -1)!];
    const [inner, n] = [b.shape.at(transposeB ? -1 : -2)!, b.shape.at(transposeB ? -2 : -1)!];
    if (k !== inner) throw new ShapeError("matmul", `a has ${k} columns${transposeA ? " (transposed)" : ""} but b has ${inner} rows${transposeB ? " (transposed)" : ""}`, shown);
    return { shape: [...a.shape.slice(0, -2), m, n], dtype: a.dtype };
  },
  gradient: {
    a: (grad, { b }, { transposeA, transposeB }): Tensor =>
      transposeA ? matmulOp({ a: b, b: grad }, { transposeA: transposeB, transposeB: true }) : matmulOp({ a: grad, b }, { transposeA: false, transposeB: !transposeB }),
    b: (grad, { a }, { transposeA, transposeB }): Tensor =>
      transposeB ? matmulOp({ a: grad, b: a }, { transposeA: true, transposeB: transposeA }) : matmulOp({ a, b: grad }, { transposeA: !transposeA, transposeB: false }),
  },
  lower: lowerMatmul,
});

const axesOf = ({ shape }: Spec, matrix: string): string => (shape.length === 3 ? `b${matrix}` : matrix);

export interface MatmulOptions {
  /** Use a with its last two axes exchanged. Default false. */
  transposeA?: boolean | undefined;
  /** Use b with its last two axes exchanged. Default false. */
  transposeB?: boolean | undefined;
}

/**
 * Matrix product a · b, of two matrices or of each pair of two batches.
 *
 * @param a f32 [m, k] or [batch, m, k] ([k, m] with `transposeA`)
 * @param b f32 [k, n] or [batch, k, n] ([n, k] with `transposeB`)
 * @returns [m, n] or [batch, m, n]
 * @throws ShapeError when the sizes do not fit; batches do not broadcast
 */
export function matmul(a: TensorLike<"f32">, b: TensorLike<"f32">, options: MatmulOptions = {}): Tensor<"f32"> {
  checkOptions("matmul", options, ["transposeA", "transposeB"]);
  return matmulOp({ a, b }, { transposeA: options.transposeA ?? false, transposeB: options.transposeB ?? false }) as Tensor<"f32">;
}
