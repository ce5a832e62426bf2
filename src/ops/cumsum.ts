import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerCumsum, type CumsumParams } from "../kernels/cumsum.js";
import type { DType } from "../runtime/dtype.js";
import { checkOptions } from "../runtime/errors.js";
import { flag, normalAxis, requireTensors, requireWords } from "./require.js";

export interface CumsumOptions {
  /** The axis along which elements are summed up; negative ones count from the back. Default -1. */
  axis?: number;
  /** Leave each element out of its own sum: the first is 0. Default false. */
  exclusive?: boolean;
  /** Sum from the end of the axis towards its beginning. Default false. */
  reverse?: boolean;
}

const cumsumOp = defineOp({
  name: "cumsum",
  shape: ({ x }: { x: Spec }, _options: CumsumParams): Spec => {
    requireWords("cumsum", "x", x);
    return { shape: x.shape, dtype: x.dtype };
  },
  // Element j goes into the sums at k ≥ j, so its gradient is the sum of theirs.
  gradient: { x: (grad, _inputs, o): Tensor => cumsumOp({ x: grad }, { ...o, reverse: !o.reverse }) },
  lower: lowerCumsum,
});

/**
 * Running sums along an axis: out[j] = x[0] + … + x[j]. Long axes are summed in chunks, in a fixed order, so that rounding
 * errors stay small. Sums of i32 and u32 keep their dtype and wrap (PyTorch widens them to 64 bits).
 *
 * @param x f32, f16 (summed in f32), i32 or u32, at least one axis
 * @returns the shape and dtype of x
 * @throws ShapeError for an axis that does not exist, DTypeError for u8 (cast first)
 *
 * @pytorch torch.cumsum
 * @onnx CumSum
 */
export function cumsum<D extends DType>(x: TensorLike<D>, options: CumsumOptions = {}): Tensor<D> {
  checkOptions("cumsum", options, ["axis", "exclusive", "reverse"]);
  requireTensors("cumsum", { x });
  const axis = normalAxis("cumsum", x.shape, options.axis ?? -1);
  return cumsumOp({ x }, { axis, exclusive: flag("cumsum", "exclusive", options.exclusive, false), reverse: flag("cumsum", "reverse", options.reverse, false) }) as Tensor<D>;
}
