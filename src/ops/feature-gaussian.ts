import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerFeatureGaussian } from "../kernels/feature-gaussian.js";
import { ShapeError } from "../runtime/errors.js";
import { pad } from "./pad.js";
import { requireDType, requireTensors } from "./require.js";

const featureGaussianOp = defineOp({
  name: "featureGaussian",
  shape: ({ x, features }: { x: Spec; features: Spec }): Spec => {
    requireDType("featureGaussian", "x", x, "f32");
    requireDType("featureGaussian", "features", features, "f32");
    return { shape: x.shape, dtype: "f32" };
  },
  // Every pair of rows weighs alike in both directions.
  gradient: { x: (grad, { features }): Tensor => featureGaussianOp({ x: grad, features }, {}) },
  lower: lowerFeatureGaussian,
});

/**
 * Filters rows by a Gaussian of the distance of their features, each row with all rows (itself too), exactly:
 * out[i] = Σ over j of exp(−½ |features[i] − features[j]|²) x[j]. The work grows with the square of the rows. It has no gradient
 * with respect to the features.
 *
 * @param x f32 [rows, channels]
 * @param features f32 [rows, D]: positions, colours, each divided by its standard deviation
 * @returns f32 [rows, channels]
 * @throws ShapeError, DTypeError
 */
export function featureGaussian(x: TensorLike<"f32">, features: TensorLike<"f32">): Tensor<"f32"> {
  requireTensors("featureGaussian", { x, features });
  if (x.shape.length !== 2 || features.shape.length !== 2 || x.shape[0] !== features.shape[0] || x.shape.includes(0) || features.shape[1] === 0)
    throw new ShapeError("featureGaussian", "x and features must be [rows, channels] and [rows, features] with equally many rows, at least one of each", { x: x.shape, features: features.shape });
  if (!capturing()) return runEagerly(() => featureGaussian(x, features));
  const missing = (4 - (features.shape[1]! % 4)) % 4; // the kernel reads features by four
  const whole = missing > 0 ? pad(features, [0, [0, missing]]) : features;
  return featureGaussianOp({ x, features: whole }, {}) as Tensor<"f32">;
}
