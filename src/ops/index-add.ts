import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import type { DType } from "../runtime/dtype.js";
import { ShapeError, checkOptions } from "../runtime/errors.js";
import { checkAlongAxis, scatterSumOp, type IndexDType } from "./gather.js";
import { add } from "./pointwise.js";
import { normalAxis } from "./require.js";
import { checkArguments } from "./scatter-add.js";

export interface IndexOptions {
  /** The axis that indices point along; negative ones count from the back. Default 0: rows. */
  axis?: number;
}

/**
 * x with rows of `source` added by index: out[indices[k], …] += source[k, …], or along another axis. Deterministic and
 * precise as `scatterAdd`. Indices beyond the axis (negative ones too) are left out.
 *
 * @param x f32, f16, i32 or u32, at least one axis: [n, C], say
 * @param indices u32 or i32, [m]
 * @param source the shape of x with m along the axis, its dtype: [m, C]
 * @returns the shape and dtype of x
 * @throws ShapeError for shapes that do not fit, DTypeError for dtypes that do not
 *
 * @pytorch torch.index_add
 * @onnx none (ScatterND with reduction "add" is more general)
 */
export function indexAdd<D extends DType>(x: TensorLike<D>, indices: TensorLike<IndexDType>, source: TensorLike<D>, options: IndexOptions = {}): Tensor<D> {
  if (!capturing()) return runEagerly(() => indexAdd(x, indices, source, options));
  checkOptions("indexAdd", options, ["axis"]);
  checkArguments("indexAdd", x, indices, source);
  const axis = normalAxis("indexAdd", x.shape, options.axis ?? 0);
  checkAlongAxis("indexAdd", axis, { x: x.shape, source: source.shape });
  if (indices.shape.length !== 1 || indices.shape[0] !== source.shape[axis])
    throw new ShapeError("indexAdd", `there must be one index per position of source along axis ${axis}`, { indices: indices.shape, source: source.shape });
  return add(x, sumByIndex(indices, source, x.shape[axis]!, axis));
}

/**
 * The rows of `source` that share an index, summed: out[d, …] = Σ source[k, …] over the k with indices[k] = d; zeros where no
 * index says d. What `indexAdd` adds, for gradients that go to places known only on the GPU.
 *
 * @param indices u32 or i32 [m]; those of `size` and above (negative ones too) are left out
 * @param source [m, …], or m along `axis`
 * @returns the shape of source with `size` along the axis
 */
export function sumByIndex<D extends DType>(indices: TensorLike<IndexDType>, source: TensorLike<D>, size: number, axis = 0): Tensor<D> {
  return scatterSumOp({ indices, source }, { axis, size, rows: true }) as Tensor<D>;
}
