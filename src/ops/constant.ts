import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor } from "../graph/tensor.js";
import { lowerConstant } from "../kernels/constant.js";
import type { FloatDType } from "../runtime/dtype.js";
import { ShapeError } from "../runtime/errors.js";
import { requireFloatResult } from "./require.js";

const constantOp = defineOp({
  name: "constant",
  shape: (_: object, { values, dtype }: { values: readonly number[]; dtype: FloatDType }): Spec => ({ shape: [values.length], dtype }),
  lower: lowerConstant,
});

/**
 * A few numbers as a tensor, inside a function being captured: the means of image channels, weights of classes. They are
 * part of the plan, so nobody has to dispose of them.
 *
 * @param options `dtype`: "f32" (default) or "f16"
 * @returns [values.length]
 * @throws ShapeError for no numbers
 *
 * @pytorch torch.tensor
 * @onnx Constant
 */
export function constant<D extends FloatDType = "f32">(values: readonly number[], { dtype = "f32" as D }: { dtype?: D } = {}): Tensor<D> {
  requireFloatResult("constant", dtype);
  if (values.length === 0) throw new ShapeError("constant", "there must be at least one number");
  return constantOp({}, { values: [...values], dtype }) as Tensor as Tensor<D>;
}
