import type { Tensor, TensorLike } from "../graph/tensor.js";
import type { FloatDType } from "../runtime/dtype.js";
import { ShapeError, checkOptions } from "../runtime/errors.js";
import { normOfMaps, type NormOptions } from "./group-norm.js";
import { mapSizes } from "./group-norm-op.js";
import { requireTensors } from "./require.js";

/**
 * Instance normalisation (Ulyanov et al. 2016): each channel of each image is brought to mean 0 and (biased) variance 1 over
 * its pixels, then scaled and shifted: out = (x − mean) / √(variance + eps) · weight + bias. Running statistics are not kept: it is the same in
 * training and evaluation.
 *
 * @param x f32 or f16 [N, ..., C] (NHWC feature maps, or any number of pixel axes); statistics are f32
 * @returns the shape and dtype of x
 * @throws ShapeError when sizes do not fit, or there is one pixel only
 * @pytorch torch.nn.functional.instance_norm
 * @onnx InstanceNormalization
 */
export function instanceNorm<D extends FloatDType = "f32">(x: TensorLike<D>, options: NormOptions = {}): Tensor<D> {
  requireTensors("instanceNorm", { x });
  checkOptions("instanceNorm", options, ["weight", "bias", "eps"]);
  const { pixels, channels } = mapSizes(x.shape);
  if (pixels === 1 && x.shape.length > 1) throw new ShapeError("instanceNorm", "it needs more than one pixel", { x: x.shape });
  return normOfMaps("instanceNorm", x, channels, options);
}
