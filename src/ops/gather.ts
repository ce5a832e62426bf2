import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerGather, lowerScatterUnique, type GatherParams } from "../kernels/gather.js";
import { lowerScatterSum, type ScatterSumParams } from "../kernels/scatter-add.js";
import type { DType } from "../runtime/dtype.js";
import { ShapeError, checkOptions } from "../runtime/errors.js";
import type { Shape } from "../runtime/shape.js";
import { normalAxis, requireDType, requireTensors, requireWords } from "./require.js";

export interface GatherOptions {
  /** The axis that indices point along; negative ones count from the back. Default -1. */
  axis?: number;
}

export type IndexDType = "u32" | "i32";

/** Throws unless the indices are whole numbers of 32 bits. */
export function requireIndices(op: string, indices: Pick<Spec, "dtype">): void {
  requireDType(op, "indices", indices, "i32", "u32");
}

/** Throws unless the shapes agree on all axes but one. */
export function checkAlongAxis(op: string, axis: number, named: Record<string, Shape>): void {
  const [[, x], [name, other]] = Object.entries(named) as [[string, Shape], [string, Shape]];
  if (x.length !== other.length || x.some((size, i) => i !== axis && size !== other[i]))
    throw new ShapeError(op, `${name} must have the sizes of ${Object.keys(named)[0]!} except along axis ${axis}`, named);
}

/**
 * Elements or rows by index. The plain gradient sums (`scatterSumOp`), so an index may come more than once.
 * Indices of rows are [m], those of elements have the shape of the result.
 */
export const gatherOp = defineOp({
  name: "gather",
  shape: ({ x, indices }: { x: Spec; indices: Spec }, { axis, rows }: GatherParams): Spec => {
    requireWords("gather", "x", x);
    requireIndices("gather", indices);
    return { shape: rows ? x.shape.with(axis, indices.shape[0]!) : indices.shape, dtype: x.dtype };
  },
  gradient: {
    x: (grad, { x, indices }, { axis, rows }): Tensor => scatterSumOp({ indices, source: grad }, { axis, rows, size: x.shape[axis]! }),
    indices: null,
  },
  lower: lowerGather,
});

/** Sums of elements or rows that share an index, zeros where nothing has it: what `scatterAdd` adds. */
export const scatterSumOp = defineOp({
  name: "scatterSum",
  shape: ({ indices, source }: { indices: Spec; source: Spec }, { axis, size }: ScatterSumParams): Spec => {
    requireWords("scatterSum", "source", source);
    requireIndices("scatterSum", indices);
    return { shape: source.shape.with(axis, size), dtype: source.dtype };
  },
  gradient: {
    source: (grad, { indices }, { axis, rows }): Tensor => gatherOp({ x: grad, indices }, { axis, rows, zeros: true }),
    indices: null,
  },
  lower: lowerScatterSum,
});

/** `gatherOp` of elements by indices that name each of them at most once (a permutation, say): its gradient need not sum. */
export const gatherUniqueOp = defineOp({
  name: "gatherUnique",
  shape: ({ x, indices }: { x: Spec; indices: Spec }, _options: { readonly axis: number }): Spec => ({ shape: indices.shape, dtype: x.dtype }),
  gradient: {
    x: (grad, { x, indices }, { axis }): Tensor => scatterUniqueOp({ grad, indices }, { axis, size: x.shape[axis]! }),
    indices: null,
  },
  lower: (low, inputs, outputs, { axis }) => lowerGather(low, inputs, outputs, { axis, rows: false, zeros: true }),
});

const scatterUniqueOp = defineOp({
  name: "scatterUnique",
  shape: ({ grad }: { grad: Spec; indices: Spec }, { axis, size }: { readonly axis: number; readonly size: number }): Spec => ({ shape: grad.shape.with(axis, size), dtype: grad.dtype }),
  gradient: { grad: (grad, { indices }, { axis }): Tensor => gatherUniqueOp({ x: grad, indices }, { axis }), indices: null },
  lower: lowerScatterUnique,
});

/**
 * Elements by index along an axis: out[…, k, …] = x[…, indices[…, k, …], …]. An index beyond the axis (a negative one too)
 * gives NaN, or 0 in tensors of whole numbers, and passes no gradient: indices are on the GPU, so they cannot be refused.
 * The gradient adds up what goes to one element, in a fixed order.
 *
 * @param x f32, f16, i32 or u32, at least one axis
 * @param indices u32 or i32, the sizes of x except along the axis
 * @returns the shape of the indices, the dtype of x
 * @throws ShapeError when another axis differs (slice x first), DTypeError for other dtypes
 *
 * @pytorch torch.gather (which also takes indices that are smaller than x along other axes)
 * @onnx GatherElements (whose negative indices count from the back)
 */
export function gather<D extends DType>(x: TensorLike<D>, indices: TensorLike<IndexDType>, options: GatherOptions = {}): Tensor<D> {
  checkOptions("gather", options, ["axis"]);
  requireTensors("gather", { x, indices });
  const axis = normalAxis("gather", x.shape, options.axis ?? -1);
  checkAlongAxis("gather", axis, { x: x.shape, indices: indices.shape });
  return gatherOp({ x, indices }, { axis, rows: false, zeros: false }) as Tensor<D>;
}
