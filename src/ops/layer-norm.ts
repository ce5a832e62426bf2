import type { Tensor, TensorLike } from "../graph/tensor.js";
import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { FloatDType } from "../runtime/dtype.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { sameShape, sizeOf } from "../runtime/shape.js";
import type { NormOptions } from "./group-norm.js";
import { checkEps, recordNorm } from "./group-norm-op.js";
import { full } from "./pointwise.js";
import { requireNormFloats, requireTensors } from "./require.js";

export interface LayerNormOptions extends NormOptions {
  /** How many trailing axes are normalised together. Default 1: the channels of each pixel. */
  axes?: number | undefined;
}

/**
 * Layer normalisation (Ba et al. 2016): the values along the trailing axes are brought to mean 0 and (biased) variance 1, then
 * scaled and shifted element by element: out = (x − mean) / √(variance + eps) · weight + bias.
 *
 * @param x f32 or f16, any shape; statistics are f32
 * @param options weight and bias have the shape of the trailing axes
 * @returns the shape and dtype of x
 * @throws OptionError for a number of axes that x does not have, ShapeError when sizes do not fit
 * @pytorch torch.nn.functional.layer_norm (normalized_shape: the trailing axes, which are in NHWC order here)
 * @onnx LayerNormalization
 */
export function layerNorm<D extends FloatDType = "f32">(x: TensorLike<D>, options: LayerNormOptions = {}): Tensor<D> {
  const op = "layerNorm";
  requireTensors(op, { x });
  checkOptions(op, options, ["axes", "weight", "bias", "eps"]);
  const { axes = 1, weight, bias, eps = 1e-5 } = options;
  requireNormFloats(op, x, { weight, bias });
  checkEps(op, eps);
  if (!Number.isInteger(axes) || axes < 1 || axes > x.shape.length) throw new OptionError(`${op}: axes must be a whole number from 1 to ${x.shape.length}, the axes of x, but is ${String(axes)}.`);
  if (sizeOf(x.shape) === 0) throw new ShapeError(op, "x has no elements", { x: x.shape });
  const inner = x.shape.slice(-axes);
  for (const [name, t] of Object.entries({ weight, bias }))
    if (t && !sameShape(t.shape, inner)) throw new ShapeError(op, `${name} must have the shape [${inner.join(", ")}] of the trailing axes of x`, { x: x.shape, [name]: t.shape });
  const channels = sizeOf(inner);
  const compute = (): Tensor<D> => {
    const [gamma, beta] = [weight ?? full(inner, 1), bias ?? full(inner, 0)];
    return recordNorm(op, { x: x as Tensor, gamma: gamma as Tensor, beta: beta as Tensor }, { images: sizeOf(x.shape) / channels, pixels: 1, channels, width: channels, eps }) as Tensor<D>;
  };
  return capturing() ? compute() : runEagerly(compute);
}
