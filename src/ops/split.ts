import type { Tensor, TensorLike } from "../graph/tensor.js";
import type { DType } from "../runtime/dtype.js";
import { ShapeError, checkOptions } from "../runtime/errors.js";
import { normalAxis, requireWhole } from "./require.js";
import { slice } from "./slice.js";

export interface SplitOptions {
  /** The axis that is cut; negative ones count from the back. Default -1. */
  axis?: number;
}

/**
 * Cuts an axis into parts of the given sizes, in order: what `concat` joined.
 *
 * @param x any shape: f32, f16, i32 or u32
 * @param sizes whole numbers of at least 1 that add up to the axis
 * @throws ShapeError when they do not
 *
 * @pytorch torch.split
 * @onnx Split
 */
export function split<D extends DType>(x: TensorLike<D>, sizes: readonly number[], options: SplitOptions = {}): Tensor<D>[] {
  checkOptions("split", options, ["axis"]);
  const axis = normalAxis("split", x.shape, options.axis ?? -1);
  for (const size of sizes) requireWhole("split", "every size", size, 1);
  const total = sizes.reduce((a, b) => a + b, 0);
  if (total !== x.shape[axis]) throw new ShapeError("split", `the sizes [${sizes.join(", ")}] add up to ${total} but axis ${axis} has ${x.shape[axis]}`, { x: x.shape });
  let start = 0;
  return sizes.map((length) => {
    const part = slice(x, { axis, start, length });
    start += length;
    return part;
  });
}
