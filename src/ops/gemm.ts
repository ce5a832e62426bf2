import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import type { FloatDType } from "../runtime/dtype.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { matmul, type MatmulOptions } from "./matmul.js";
import { add, mul } from "./pointwise.js";
import { requireFloats, requireTensors } from "./require.js";

export interface GemmOptions extends MatmulOptions {
  /** Factor of the product. Default 1. */
  alpha?: number | undefined;
  /** Factor of c. Default 1; 0 leaves c out. */
  beta?: number | undefined;
}

/**
 * alpha · a · b + beta · c of matrices. In f16 the product a · b is rounded before alpha scales it.
 *
 * @param a f32 or f16 [m, k] ([k, m] with `transposeA`)
 * @param b of the dtype of a, [k, n] ([n, k] with `transposeB`)
 * @param c of the dtype of a, of a shape that stretches to [m, n] (a bias [n], say), or undefined
 * @returns [m, n] of the dtype of a
 * @throws ShapeError when the sizes do not fit, OptionError for factors that are not finite
 * @pytorch torch.addmm
 * @onnx Gemm
 */
export function gemm<D extends FloatDType = "f32">(a: TensorLike<D>, b: TensorLike<D>, c?: TensorLike<D>, options: GemmOptions = {}): Tensor<D> {
  requireTensors("gemm", { a, b, ...(c !== undefined && { c }) });
  checkOptions("gemm", options, ["alpha", "beta", "transposeA", "transposeB"]);
  const { alpha = 1, beta = 1, ...transposes } = options;
  for (const [name, value] of Object.entries({ alpha, beta })) if (!Number.isFinite(value)) throw new OptionError(`gemm: ${name} must be a finite number but is ${value}.`);
  if (a.shape.length !== 2 || b.shape.length !== 2) throw new ShapeError("gemm", "a and b must be matrices. Use matmul for batches", { a: a.shape, b: b.shape });
  requireFloats("gemm", { a, b, c });
  const [m, n] = [a.shape[transposes.transposeA ? 1 : 0]!, b.shape[transposes.transposeB ? 0 : 1]!];
  if (c && (c.shape.length > 2 || !c.shape.every((size, i) => size === 1 || size === [m, n][i + 2 - c.shape.length])))
    throw new ShapeError("gemm", `c must stretch to [${m}, ${n}] (axes are aligned at the end; only 1 stretches)`, { a: a.shape, b: b.shape, c: c.shape });
  const compute = (): Tensor<D> => {
    const product = matmul(a, b, transposes);
    const scaled = alpha === 1 ? product : mul(product, alpha);
    if (!c || beta === 0) return scaled;
    return add(scaled, beta === 1 ? c : mul(c, beta));
  };
  return capturing() ? compute() : runEagerly(compute);
}
