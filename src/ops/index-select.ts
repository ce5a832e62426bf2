import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import type { DType } from "../runtime/dtype.js";
import { checkOptions } from "../runtime/errors.js";
import { sizeOf } from "../runtime/shape.js";
import { gatherOp, requireIndices, type IndexDType } from "./gather.js";
import type { IndexOptions } from "./index-add.js";
import { normalAxis, requireTensors, requireWords } from "./require.js";
import { reshape } from "./reshape.js";

/**
 * Rows of x by index: out[k, …] = x[indices[k], …], or along another axis. Indices may have any shape, which takes the
 * place of the axis. An index beyond it (a negative one too) gives NaN, or 0 in tensors of whole numbers, and passes no
 * gradient. The gradient adds up what goes to one row, in a fixed order.
 *
 * @param x f32, f16, i32 or u32, at least one axis
 * @param indices u32 or i32, any shape
 * @returns the shape of x with that of the indices in place of the axis
 * @throws ShapeError for an axis that does not exist, DTypeError for other dtypes
 *
 * @pytorch torch.index_select (indices [m]); torch.nn.functional.embedding (x [n, C], axis 0)
 * @onnx Gather (whose negative indices count from the back)
 */
export function indexSelect<D extends DType>(x: TensorLike<D>, indices: TensorLike<IndexDType>, options: IndexOptions = {}): Tensor<D> {
  if (!capturing()) return runEagerly(() => indexSelect(x, indices, options));
  checkOptions("indexSelect", options, ["axis"]);
  requireTensors("indexSelect", { x, indices });
  requireWords("indexSelect", "x", x);
  requireIndices("indexSelect", indices);
  const axis = normalAxis("indexSelect", x.shape, options.axis ?? 0);
  const picked = gatherOp({ x, indices: reshape(indices, [sizeOf(indices.shape)]) }, { axis, rows: true, zeros: false }) as Tensor<D>;
  return indices.shape.length === 1 ? picked : reshape(picked, [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)]);
}
