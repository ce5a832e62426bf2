import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerBatchNormInference, lowerBatchNormInputGradient, lowerBatchNormSums, lowerBatchNormTrain, type BatchNormParams } from "../kernels/batch-norm2d.js";
import { fusedActivations, type Activation } from "../kernels/epilogue.js";
import type { FloatDType } from "../runtime/dtype.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { checkRank, sizeOf } from "../runtime/shape.js";
import { cast } from "./cast.js";
import { add, div, full, mul, neg, rsqrt, sub } from "./pointwise.js";
import { requireDType, requireNormFloats } from "./require.js";
import { unfold } from "./sum.js";

const NAME = "batchNorm2d";

function check(x: Spec, perChannel: { gamma: Spec; beta: Spec } & Partial<Record<"mean" | "variance", Spec>>): void {
  checkRank(NAME, "x", x.shape, "NHWC");
  if (x.shape[3] === 0) throw new ShapeError(NAME, "x has no channels", { x: [x.shape, "NHWC"] });
  const { gamma, beta, ...statistics } = perChannel;
  requireNormFloats(NAME, x, { gamma, beta });
  for (const [name, spec] of Object.entries(statistics)) requireDType(NAME, name, spec, "f32");
  for (const [name, { shape }] of Object.entries(perChannel))
    if (shape.length !== 1 || shape[0] !== x.shape[3]) throw new ShapeError(NAME, `${name} must hold one number for each of the ${x.shape[3]} channels of x`, { x: [x.shape, "NHWC"], [name]: [shape, "C"] });
}

const rowsOf = (x: { shape: readonly number[] }): number => sizeOf(x.shape.slice(0, -1));

/** Activations whose gradient the kernels can tell from x. */
const flattening: readonly Activation[] = ["relu", "relu6"];

const batchNormTrainOp = defineOp({
  name: "batchNormTrain",
  shape: ({ x, gamma, beta }: { x: Spec; gamma: Spec; beta: Spec }): { out: Spec; mean: Spec; variance: Spec } => {
    check(x, { gamma, beta });
    if (rowsOf(x) <= 1)
      throw new ShapeError(NAME, `training needs more than one value per channel, but batch × height × width is ${rowsOf(x)}. Use a larger batch or image, or evaluation mode`, { x: [x.shape, "NHWC"] });
    const channels: Spec = { shape: [x.shape[3]!], dtype: "f32" };
    return { out: { shape: x.shape, dtype: x.dtype }, mean: channels, variance: channels };
  },
  gradient: {
    x: (grad, { x, gamma, beta }, { eps }, { mean, variance }) => {
      const n = rowsOf(x);
      const parts: Tensor[] = [];
      if (grad.out) {
        const { slopes } = batchNormSumsOp({ x, gamma, beta, mean, variance, grad: grad.out }, { eps });
        parts.push(batchNormInputGradientOp({ x, gamma, beta, mean, variance, slopes, grad: grad.out }, { eps }));
      }
      if (grad.mean) parts.push(cast(unfold(mul(grad.mean, 1 / n), x.shape, [0, 1, 2]), x.dtype));
      if (grad.variance) parts.push(cast(mul(sub(cast(x, "f32"), mean), mul(grad.variance, 2 / n)), x.dtype));
      return parts.length > 0 ? parts.reduce(add) : undefined;
    },
    gamma: (grad, { x, gamma, beta }, { eps }, { mean, variance }) => grad.out && cast(batchNormSumsOp({ x, gamma, beta, mean, variance, grad: grad.out }, { eps }).gamma, gamma.dtype),
    beta: (grad, { x, gamma, beta }, { eps }, { mean, variance }) => grad.out && cast(batchNormSumsOp({ x, gamma, beta, mean, variance, grad: grad.out }, { eps }).beta, beta.dtype),
  },
  lower: lowerBatchNormTrain,
  traits: {
    epilogue: { activations: fusedActivations },
    again: ({ x, gamma, beta }, { mean, variance }, o: BatchNormParams) => batchNormInferenceOp({ x: x!, gamma: gamma!, beta: beta!, mean: mean!, variance: variance! }, o),
  },
});

/** The gradients of gamma and beta, in f32, and both in one (beta's first) for the gradient of x; asked for up to three times, and merged into one by common subexpressions. */
const batchNormSumsOp = defineOp({
  name: "batchNormSums",
  shape: ({ mean }: { x: Spec; gamma?: Spec | undefined; beta?: Spec | undefined; mean: Spec; variance: Spec; grad: Spec }, _o: BatchNormParams): { gamma: Spec; beta: Spec; slopes: Spec } => ({
    gamma: { shape: mean.shape, dtype: mean.dtype },
    beta: { shape: mean.shape, dtype: mean.dtype },
    slopes: { shape: [2, ...mean.shape], dtype: mean.dtype },
  }),
  lower: lowerBatchNormSums,
  traits: { flattensGradient: flattening },
});

/** Σ grad · x and Σ grad per channel, in f32. */
export function channelSums(x: Tensor, grad: Tensor): { products: Tensor; plain: Tensor } {
  const c = x.shape.at(-1)!;
  const { gamma, beta } = batchNormSumsOp({ x, mean: full([c], 0), variance: full([c], 1), grad }, { eps: 0 });
  return { products: gamma, plain: beta };
}

const batchNormInputGradientOp = defineOp({
  name: "batchNormInputGradient",
  shape: ({ x }: { x: Spec; gamma: Spec; beta: Spec; mean: Spec; variance: Spec; slopes: Spec; grad: Spec }, _o: BatchNormParams): Spec => ({ shape: x.shape, dtype: x.dtype }),
  lower: lowerBatchNormInputGradient,
  traits: { flattensGradient: flattening },
});

interface Fixed<T> {
  gamma: T;
  beta: T;
  mean: T;
  variance: T;
}

/** The factor per channel, in f32. */
const scaleOf = ({ gamma, variance }: Pick<Fixed<TensorLike>, "gamma" | "variance">, { eps }: BatchNormParams): Tensor => mul(widened(gamma), rsqrt(add(variance, eps)));

/** Reading a parameter costs nothing; casting one copies it. */
const widened = (x: TensorLike): TensorLike => (x.dtype === "f32" ? x : cast(x, "f32"));

/** Batch norm with fixed statistics as one factor and one addend per channel, of the dtype of x (that of gamma, by default): out = x · scale + shift. */
export function batchNormAffine({ gamma, beta, mean, variance }: Fixed<TensorLike>, o: BatchNormParams, dtype = gamma.dtype): { scale: Tensor; shift: Tensor } {
  const scale = scaleOf({ gamma, variance }, o);
  const shift = sub(widened(beta), mul(mean, scale));
  return dtype === "f32" ? { scale, shift } : { scale: cast(scale, dtype), shift: cast(shift, dtype) };
}

const batchNormInferenceOp = defineOp({
  name: "batchNormInference",
  shape: ({ x, ...perChannel }: { x: Spec } & Fixed<Spec>): Spec => {
    check(x, perChannel);
    return { shape: x.shape, dtype: x.dtype };
  },
  gradient: {
    x: (grad, { x, gamma, variance }, o) => mul(grad, cast(scaleOf({ gamma, variance }, o), x.dtype)),
    gamma: (grad, { x, gamma, mean, variance }, o) => cast(batchNormSumsOp({ x, mean, variance, grad }, o).gamma, gamma.dtype),
    beta: (grad, { x, beta, mean, variance }, o) => cast(batchNormSumsOp({ x, mean, variance, grad }, o).beta, beta.dtype),
    mean: (grad, { x, gamma, mean, variance }, o) => neg(mul(batchNormSumsOp({ x, mean, variance, grad }, o).beta, scaleOf({ gamma, variance }, o))),
    variance: (grad, { x, gamma, mean, variance }, o) => mul(mul(batchNormSumsOp({ x, mean, variance, grad }, o).gamma, widened(gamma)), div(-0.5, add(variance, o.eps))),
  },
  lower: lowerBatchNormInference,
  traits: {
    cheap: true,
    epilogue: { activations: fusedActivations },
    affine: (inputs, options) => batchNormAffine(inputs as unknown as Fixed<Tensor>, options, inputs["x"]!.dtype),
  },
});

export interface BatchNormOptions {
  /** Added to the variance before the root. Default 1e-5. */
  eps?: number | undefined;
}

function epsOf(options: BatchNormOptions): BatchNormParams {
  checkOptions(NAME, options, ["eps"]);
  const { eps = 1e-5 } = options;
  if (!(eps >= 0 && Number.isFinite(eps))) throw new OptionError(`${NAME}: eps must be a number of at least 0 but is ${eps}.`);
  return { eps };
}

/**
 * Batch normalisation with the statistics of the batch (training): out = (x − mean) / √(variance + eps) · gamma + beta for each
 * channel, over batch, height and width. `mean` and `variance` come back for running averages; the variance is biased
 * (divided by n), so multiply by n / (n − 1) for PyTorch's running variance. Gradients of all three outputs exist.
 *
 * @param x f32 or f16 NHWC
 * @param gamma f32 or of the dtype of x, [C], the scale
 * @param beta f32 or of the dtype of x, [C], the shift
 * @returns out of the shape and dtype of x; mean and variance f32 [C]
 * @throws ShapeError when a channel has only one value, or sizes do not fit
 * @pytorch torch.nn.functional.batch_norm (training=True, which also updates running statistics)
 * @onnx BatchNormalization (training_mode = 1)
 */
export function batchNormTrain<D extends FloatDType = "f32">(x: TensorLike<D>, gamma: TensorLike<FloatDType>, beta: TensorLike<FloatDType>, options: BatchNormOptions = {}): { out: Tensor<D>; mean: Tensor<"f32">; variance: Tensor<"f32"> } {
  return batchNormTrainOp({ x, gamma, beta }, epsOf(options)) as { out: Tensor<D>; mean: Tensor<"f32">; variance: Tensor<"f32"> };
}

/**
 * Batch normalisation with given statistics (evaluation, and frozen batch norm in training):
 * out = (x − mean) / √(variance + eps) · gamma + beta. It has gradients for all five tensors. A plan folds it into the convolution
 * before it where it can.
 *
 * @param x f32 or f16 NHWC; gamma, beta f32 or of its dtype, [C]; mean, variance f32 [C]
 * @returns the shape and dtype of x
 * @throws ShapeError or DTypeError for tensors that do not fit
 * @pytorch torch.nn.functional.batch_norm (training=False)
 * @onnx BatchNormalization
 */
export function batchNormInference<D extends FloatDType = "f32">(
  x: TensorLike<D>, gamma: TensorLike<FloatDType>, beta: TensorLike<FloatDType>, mean: TensorLike<"f32">, variance: TensorLike<"f32">, options: BatchNormOptions = {},
): Tensor<D> {
  return batchNormInferenceOp({ x, gamma, beta, mean, variance }, epsOf(options)) as Tensor<D>;
}
