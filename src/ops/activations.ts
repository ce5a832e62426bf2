// The activations of the field. Each takes floats of any shape and keeps the shape; a NaN that comes in stays one, and nothing
// overflows on the way. Gradients at kinks are PyTorch's.

import type { Tensor, TensorLike } from "../graph/tensor.js";
import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { DType } from "../runtime/dtype.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { apply, type Operand } from "./pointwise-op.js";
import { requireFloat, requireTensors } from "./require.js";

/**
 * max(x, 0); keeps NaN. Its gradient at 0 is 0. Integers too.
 * @pytorch torch.nn.functional.relu
 * @onnx Relu
 */
export const relu = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("relu", x);
/**
 * min(max(x, 0), 6) (Howard et al. 2017, MobileNets); keeps NaN. Its gradient at 0 and at 6 is 0. Integers too.
 * @pytorch torch.nn.functional.relu6
 * @onnx Clip
 */
export const relu6 = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("relu6", x);
/**
 * 1 / (1 + e⁻ˣ).
 * @pytorch torch.sigmoid
 * @onnx Sigmoid
 */
export const sigmoid = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("sigmoid", x);
/**
 * log(1 / (1 + e⁻ˣ)) = −softplus(−x).
 * @pytorch torch.nn.functional.logsigmoid
 * @onnx none: Neg, Softplus, Neg
 */
export const logSigmoid = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("logSigmoid", x);
/**
 * Hyperbolic tangent.
 * @pytorch torch.tanh
 * @onnx Tanh
 */
export const tanh = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("tanh", x);
/**
 * 1.0507 · x above 0, 1.0507 · 1.6733 · (eˣ − 1) below (Klambauer et al. 2017, with the constants in full).
 * @pytorch torch.nn.functional.selu
 * @onnx Selu
 */
export const selu = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("selu", x);
/**
 * x / (1 + e⁻ˣ), also called Swish (Elfwing et al. 2017).
 * @pytorch torch.nn.functional.silu
 * @onnx none: Sigmoid, then Mul (Swish from opset 24)
 */
export const silu = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("silu", x);
/**
 * x · tanh(log(1 + eˣ)) (Misra 2019).
 * @pytorch torch.nn.functional.mish
 * @onnx Mish
 */
export const mish = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("mish", x);
/**
 * min(max(x + 3, 0), 6) / 6 (Howard et al. 2019, MobileNetV3). Its gradient at −3 and 3 is 0.
 * @pytorch torch.nn.functional.hardsigmoid
 * @onnx HardSigmoid (alpha = 1/6, beta = 0.5)
 */
export const hardSigmoid = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("hardSigmoid", x);
/**
 * x · min(max(x + 3, 0), 6) / 6 (Howard et al. 2019, MobileNetV3). Its gradient is 0 at −3 and 1 at 3.
 * @pytorch torch.nn.functional.hardswish
 * @onnx HardSwish
 */
export const hardSwish = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("hardSwish", x);
/**
 * x / (1 + |x|).
 * @pytorch torch.nn.functional.softsign
 * @onnx Softsign
 */
export const softsign = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("softsign", x);

/**
 * x above 0, negativeSlope · x below (Maas et al. 2013). Its gradient at 0 is the slope.
 *
 * @param options `negativeSlope`, default 0.01
 * @throws OptionError unless the slope is finite
 * @pytorch torch.nn.functional.leaky_relu
 * @onnx LeakyRelu
 */
export function leakyRelu<D extends DType = "f32">(x: TensorLike<D>, options: { negativeSlope?: number | undefined } = {}): Tensor<D> {
  checkOptions("leakyRelu", options, ["negativeSlope"]);
  const { negativeSlope = 0.01 } = options;
  return apply("leakyRelu", x, finite("leakyRelu", "negativeSlope", negativeSlope));
}

/**
 * x above 0, weight · x below, with a learned slope (He et al. 2015). The gradient at 0 is the slope.
 *
 * @param x f32 or f16, [..., C] (NHWC feature maps: a slope for each channel)
 * @param weight of the dtype of x, [C], or [1] for one slope everywhere
 * @throws ShapeError when weight has another size
 * @pytorch torch.nn.functional.prelu
 * @onnx PRelu
 */
export function prelu<D extends DType = "f32">(x: TensorLike<D>, weight: TensorLike<D>): Tensor<D> {
  requireTensors("prelu", { x, weight });
  const channels = x.shape.at(-1) ?? 1;
  if (weight.shape.length !== 1 || (weight.shape[0] !== 1 && weight.shape[0] !== channels))
    throw new ShapeError("prelu", `weight must hold one number, or one for each of the ${channels} channels (the last axis) of x`, { x: x.shape, weight: weight.shape });
  return apply("prelu", x, weight);
}

/**
 * x above 0, alpha · (eˣ − 1) below (Clevert et al. 2015). Its gradient at 0 is alpha.
 *
 * @param options `alpha`, default 1
 * @throws OptionError unless alpha is finite
 * @pytorch torch.nn.functional.elu
 * @onnx Elu
 */
export function elu<D extends DType = "f32">(x: TensorLike<D>, options: { alpha?: number | undefined } = {}): Tensor<D> {
  checkOptions("elu", options, ["alpha"]);
  const { alpha = 1 } = options;
  return apply("elu", x, finite("elu", "alpha", alpha));
}

/**
 * x · Φ(x), Φ the distribution function of the normal distribution (Hendrycks & Gimpel 2016).
 *
 * @param options `approximate`: "none" (default), Φ(x) = (1 + erf(x / √2)) / 2, or "tanh", (1 + tanh(√(2/π) · (x + 0.044715 · x³))) / 2
 * @throws OptionError for another name
 * @pytorch torch.nn.functional.gelu
 * @onnx Gelu
 */
export function gelu<D extends DType = "f32">(x: TensorLike<D>, options: { approximate?: "none" | "tanh" | undefined } = {}): Tensor<D> {
  checkOptions("gelu", options, ["approximate"]);
  const { approximate = "none" } = options;
  if (approximate !== "none" && approximate !== "tanh") throw new OptionError(`gelu: approximate must be "none" or "tanh" but is "${String(approximate)}".`);
  return apply(approximate === "tanh" ? "geluTanh" : "gelu", x);
}

/** Options of `softplus`. */
export interface SoftplusOptions {
  /** Sharpness; not 0. Default 1. */
  beta?: number | undefined;
  /** Where beta · x is above this, the result is x. Default 20, from where on f32 does not tell the two apart. */
  threshold?: number | undefined;
}

/**
 * log(1 + e^(beta · x)) / beta, a smooth ReLU.
 *
 * @throws OptionError unless both options are finite and beta is not 0
 * @pytorch torch.nn.functional.softplus
 * @onnx Softplus (beta = 1)
 */
export function softplus<D extends DType = "f32">(x: Operand<D>, options: SoftplusOptions = {}): Tensor<D> {
  checkOptions("softplus", options, ["beta", "threshold"]);
  const { beta = 1, threshold = 20 } = options;
  for (const [name, value] of Object.entries({ beta, threshold })) finite("softplus", name, value);
  if (beta === 0) throw new OptionError("softplus: beta must not be 0.");
  if (beta === 1 && threshold >= 20) return apply("softplus", x);
  if (typeof x !== "number") {
    requireTensors("softplus", { x });
    requireFloat("softplus", "x", x);
  }
  if (!capturing()) return runEagerly(() => softplus(x, options));
  const smooth = apply<D>("div", apply<D>("softplus", apply<D>("mul", x, beta)), beta);
  return apply<D>("where", apply<D>(beta > 0 ? "greater" : "less", x, threshold / beta), x, smooth);
}

function finite(op: string, name: string, value: number): number {
  if (!Number.isFinite(value)) throw new OptionError(`${op}: ${name} must be a finite number but is ${value}.`);
  return value;
}
