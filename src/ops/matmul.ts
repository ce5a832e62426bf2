import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { batchFits, lowerMatmul, type MatmulParams } from "../kernels/matmul.js";
import type { FloatDType } from "../runtime/dtype.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { broadcastShape, sizeOf, type Shape } from "../runtime/shape.js";
import { flag, requireFloats, requireTensors } from "./require.js";
import { reshape } from "./reshape.js";
import { sumTo } from "./sum.js";

/** Axis names for messages: "k" for a vector, "bmk" for a batch of matrices, and a "b" for each batch axis more. */
const axesOf = ({ shape }: Pick<Spec, "shape">, matrix: string): string => (shape.length === 1 ? "k" : "b".repeat(Math.max(0, shape.length - 2)) + matrix);

type Factors = Record<"a" | "b", Pick<Spec, "shape" | "dtype">>;

/** Throws unless a and b (vectors too) are floats with equally many terms in their sums. Returns how messages show them. */
function requireTerms({ a, b }: Factors, { transposeA, transposeB }: MatmulParams): Record<"a" | "b", readonly [Shape, string]> {
  requireFloats("matmul", { a, b });
  const shown = { a: [a.shape, axesOf(a, transposeA ? "km" : "mk")], b: [b.shape, axesOf(b, transposeB ? "nk" : "kn")] } as const;
  const k = a.shape.at(transposeA ? -2 : -1)!;
  const inner = b.shape.at(transposeB || b.shape.length === 1 ? -1 : -2)!;
  if (k !== inner) throw new ShapeError("matmul", `a has ${k} columns${transposeA ? " (transposed)" : ""} but b has ${inner} rows${transposeB ? " (transposed)" : ""}`, shown);
  return shown;
}

const matmulOp = defineOp({
  name: "matmul",
  shape: ({ a, b }: { a: Spec; b: Spec }, { transposeA, transposeB }: MatmulParams): Spec => {
    const shown = requireTerms({ a, b }, { transposeA, transposeB });
    const [m, n] = [a.shape.at(transposeA ? -1 : -2)!, b.shape.at(transposeB ? -2 : -1)!];
    const [batchA, batchB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
    const batch = broadcastBatch(batchA, batchB, shown);
    if (!batchFits(batchA, batchB, batch)) throw new ShapeError("matmul", "the batches stretch along too many axes by turns. Use broadcastTo on one of them first", shown);
    return { shape: [...batch, m, n], dtype: a.dtype };
  },
  gradient: {
    a: (grad, { a, b }, { transposeA, transposeB }): Tensor =>
      sumTo(transposeA ? matmulOp({ a: b, b: grad }, { transposeA: transposeB, transposeB: true }) : matmulOp({ a: grad, b }, { transposeA: false, transposeB: !transposeB }), a.shape),
    b: (grad, { a, b }, { transposeA, transposeB }): Tensor =>
      sumTo(transposeB ? matmulOp({ a: grad, b: a }, { transposeA: true, transposeB: transposeA }) : matmulOp({ a, b: grad }, { transposeA: !transposeA, transposeB: false }), b.shape),
  },
  lower: lowerMatmul,
});

function broadcastBatch(a: Shape, b: Shape, shown: Record<"a" | "b", readonly [Shape, string]>): Shape {
  try {
    return broadcastShape("matmul", a, b);
  } catch {
    throw new ShapeError("matmul", "the batch axes do not broadcast (they are aligned at the end; only 1 stretches)", shown);
  }
}

export interface MatmulOptions {
  /** Use a with its last two axes exchanged. Default false. */
  transposeA?: boolean | undefined;
  /** Use b with its last two axes exchanged. Default false. */
  transposeB?: boolean | undefined;
}

/**
 * Matrix product a · b over the last two axes; the axes before them are batches, which broadcast. A vector stands for a row as
 * a and for a column as b, and its axis is gone from the result. Sums are f32, in order of k.
 *
 * @param a f32 or f16 [..., m, k] ([..., k, m] with `transposeA`), or [k]
 * @param b of the dtype of a, [..., k, n] ([..., n, k] with `transposeB`), or [k]
 * @returns [..., m, n] of the dtype of a
 * @throws ShapeError when the sizes do not fit, OptionError for transposing a vector
 * @pytorch torch.matmul
 * @onnx MatMul
 */
export function matmul<D extends FloatDType = "f32">(a: TensorLike<D>, b: TensorLike<D>, options: MatmulOptions = {}): Tensor<D> {
  requireTensors("matmul", { a, b });
  checkOptions("matmul", options, ["transposeA", "transposeB"]);
  const transposeA = flag("matmul", "transposeA", options.transposeA, false);
  const transposeB = flag("matmul", "transposeB", options.transposeB, false);
  for (const [name, t, transposed] of [["a", a, transposeA], ["b", b, transposeB]] as const) {
    if (t.shape.length === 0) throw new ShapeError("matmul", `${name} must have at least one axis`, { a: a.shape, b: b.shape });
    if (transposed && t.shape.length === 1) throw new OptionError(`matmul: ${name} is a vector, which cannot be transposed.`);
  }
  const [rankA, rankB] = [a.shape.length, b.shape.length];
  // Without vectors and shared factors it is the plain operation.
  if (rankA > 1 && rankB > 1 && (rankA === 2 || rankB > 2 || transposeA)) return matmulOp({ a, b }, { transposeA, transposeB }) as Tensor<D>;
  requireTerms({ a, b }, { transposeA, transposeB }); // before shapes change that a message would show
  if (!capturing()) return runEagerly(() => matmul(a, b, options));
  const left = rankA === 1 ? reshape(a, [1, a.shape[0]!]) : a;
  const right = rankB === 1 ? reshape(b, [b.shape[0]!, 1]) : b;
  // One matrix for a whole batch: the rows of all of it are one long matrix, and the gradient of b one product.
  const flat = left.shape.length > 2 && right.shape.length === 2 && !transposeA;
  const k = left.shape.at(-1)!;
  const rows = flat ? reshape(left, [sizeOf(left.shape.slice(0, -1)), k]) : left;
  const product = matmulOp({ a: rows, b: right }, { transposeA, transposeB });
  const shape = [...(flat ? left.shape.slice(0, -2) : product.shape.slice(0, -2)), ...(rankA === 1 ? [] : [flat ? left.shape.at(-2)! : product.shape.at(-2)!]), ...(rankB === 1 ? [] : [product.shape.at(-1)!])];
  return reshape(product, shape) as Tensor<D>;
}
