import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor } from "../graph/tensor.js";
import { lowerConstant } from "../kernels/constant.js";
import { ShapeError } from "../runtime/errors.js";

const constantOp = defineOp({
  name: "constant",
  shape: (_: object, { values }: { values: readonly number[] }): Spec => ({ shape: [values.length], dtype: "f32" }),
  lower: lowerConstant,
});

/**
 * A few numbers as a tensor, inside a function being captured: the means of image channels, weights of classes. They are
 * part of the plan, so nobody has to dispose of them.
 *
 * @returns f32 [values.length]
 */
export function constant(values: readonly number[]): Tensor<"f32"> {
  if (values.length === 0) throw new ShapeError("constant", "there must be at least one number");
  return constantOp({}, { values: [...values] }) as Tensor<"f32">;
}
