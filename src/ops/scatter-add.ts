import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import type { DType } from "../runtime/dtype.js";
import { DTypeError, ShapeError, checkOptions } from "../runtime/errors.js";
import { sameShape } from "../runtime/shape.js";
import { checkAlongAxis, requireIndices, scatterSumOp, type GatherOptions, type IndexDType } from "./gather.js";
import { add } from "./pointwise.js";
import { normalAxis, requireTensors, requireWords } from "./require.js";

/** Throws unless the arguments are tensors, and what is added has the dtype of what it is added to. */
export function checkArguments(op: string, x: TensorLike, indices: TensorLike, source: TensorLike): void {
  requireTensors(op, { x, indices, source });
  requireWords(op, "x", x);
  if (source.dtype !== x.dtype) throw new DTypeError(`${op}: source must be ${x.dtype} as x is, but is ${source.dtype}. Convert with cast(source, "${x.dtype}").`);
  requireIndices(op, indices);
}

/**
 * x with elements of `source` added by index along an axis: out[…, indices[…, k, …], …] += source[…, k, …]. Any number may go
 * to one element: they are sorted by index and summed in chunks, in a fixed order, so that results are the same every time
 * and rounding errors stay small. Indices beyond the axis (negative ones too) are left out.
 *
 * @param x f32, f16, i32 or u32, at least one axis
 * @param indices u32 or i32, the sizes of x except along the axis
 * @param source the shape of the indices, the dtype of x
 * @returns the shape and dtype of x
 * @throws ShapeError for shapes that do not fit, DTypeError for dtypes that do not
 *
 * @pytorch torch.scatter_add (which also takes indices that are smaller than x along other axes)
 * @onnx ScatterElements with reduction "add" (whose negative indices count from the back)
 */
export function scatterAdd<D extends DType>(x: TensorLike<D>, indices: TensorLike<IndexDType>, source: TensorLike<D>, options: GatherOptions = {}): Tensor<D> {
  if (!capturing()) return runEagerly(() => scatterAdd(x, indices, source, options));
  checkOptions("scatterAdd", options, ["axis"]);
  checkArguments("scatterAdd", x, indices, source);
  const axis = normalAxis("scatterAdd", x.shape, options.axis ?? -1);
  checkAlongAxis("scatterAdd", axis, { x: x.shape, indices: indices.shape });
  if (!sameShape(indices.shape, source.shape)) throw new ShapeError("scatterAdd", "indices and source must have the same shape", { indices: indices.shape, source: source.shape });
  return add(x, scatterSumOp({ indices, source }, { axis, size: x.shape[axis]!, rows: false }) as Tensor<D>);
}
