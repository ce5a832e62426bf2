import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerBatchNormInference, lowerBatchNormInputGradient, lowerBatchNormSums, lowerBatchNormTrain, type BatchNormParams } from "../kernels/batch-norm2d.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { checkRank, sizeOf } from "../runtime/shape.js";
import { add, div, mul, neg, rsqrt, sub } from "./pointwise.js";
import { requireDType } from "./require.js";
import { unfold } from "./sum.js";

const NAME = "batchNorm2d";

function check(x: Spec, perChannel: Record<string, Spec>): void {
  checkRank(NAME, "x", x.shape, "NHWC");
  for (const [name, spec] of Object.entries({ x, ...perChannel })) requireDType(NAME, name, spec, "f32");
  for (const [name, { shape }] of Object.entries(perChannel))
    if (shape.length !== 1 || shape[0] !== x.shape[3]) throw new ShapeError(NAME, `${name} must hold one number for each of the ${x.shape[3]} channels of x`, { x: [x.shape, "NHWC"], [name]: [shape, "C"] });
}

const rowsOf = (x: { shape: readonly number[] }): number => sizeOf(x.shape.slice(0, -1));

const batchNormTrainOp = defineOp({
  name: "batchNormTrain",
  shape: ({ x, gamma, beta }: { x: Spec; gamma: Spec; beta: Spec }): { out: Spec; mean: Spec; variance: Spec } => {
    check(x, { gamma, beta });
    if (rowsOf(x) <= 1)
      throw new ShapeError(NAME, "training needs more than one value per channel, but batch × height × width is 1. Use a larger batch or image, or evaluation mode", { x: [x.shape, "NHWC"] });
    const channels: Spec = { shape: [x.shape[3]!], dtype: x.dtype };
    return { out: { shape: x.shape, dtype: x.dtype }, mean: channels, variance: channels };
  },
  gradient: {
    x: (grad, { x, gamma }, { eps }, { mean, variance }) => {
      const n = rowsOf(x);
      const parts: Tensor[] = [];
      if (grad.out) {
        const { gamma: dgamma, beta: dbeta } = batchNormSumsOp({ x, mean, variance, grad: grad.out }, { eps });
        parts.push(batchNormInputGradientOp({ x, gamma, mean, variance, dgamma, dbeta, grad: grad.out }, { eps }));
      }
      if (grad.mean) parts.push(unfold(mul(grad.mean, 1 / n), x.shape, [0, 1, 2]));
      if (grad.variance) parts.push(mul(sub(x, mean), mul(grad.variance, 2 / n)));
      return parts.length > 0 ? parts.reduce(add) : undefined;
    },
    gamma: (grad, { x }, { eps }, { mean, variance }) => grad.out && batchNormSumsOp({ x, mean, variance, grad: grad.out }, { eps }).gamma,
    beta: (grad, { x }, { eps }, { mean, variance }) => grad.out && batchNormSumsOp({ x, mean, variance, grad: grad.out }, { eps }).beta,
  },
  lower: lowerBatchNormTrain,
});

/** The gradients of gamma and beta; asked for up to three times, and merged into one by common subexpressions. */
const batchNormSumsOp = defineOp({
  name: "batchNormSums",
  shape: ({ mean }: { x: Spec; mean: Spec; variance: Spec; grad: Spec }): { gamma: Spec; beta: Spec } => ({
    gamma: { shape: mean.shape, dtype: mean.dtype },
    beta: { shape: mean.shape, dtype: mean.dtype },
  }),
  lower: lowerBatchNormSums,
});

const batchNormInputGradientOp = defineOp({
  name: "batchNormInputGradient",
  shape: ({ x }: { x: Spec; gamma: Spec; mean: Spec; variance: Spec; dgamma: Spec; dbeta: Spec; grad: Spec }): Spec => ({ shape: x.shape, dtype: x.dtype }),
  lower: lowerBatchNormInputGradient,
});

interface Fixed<T> {
  gamma: T;
  beta: T;
  mean: T;
  variance: T;
}

/** Batch norm with fixed statistics as one factor and one addend per channel: out = x · scale + shift. */
export function batchNormAffine({ gamma, beta, mean, variance }: Fixed<TensorLike>, { eps }: BatchNormParams): { scale: Tensor; shift: Tensor } {
  const scale = mul(gamma, rsqrt(add(variance, eps)));
  return { scale, shift: sub(beta, mul(mean, scale)) };
}

const batchNormInferenceOp = defineOp({
  name: "batchNormInference",
  shape: ({ x, ...perChannel }: { x: Spec } & Fixed<Spec>): Spec => {
    check(x, perChannel);
    return { shape: x.shape, dtype: x.dtype };
  },
  gradient: {
    x: (grad, { x: _x, ...fixed }, o) => mul(grad, batchNormAffine(fixed, o).scale),
    gamma: (grad, { x, mean, variance }, o) => batchNormSumsOp({ x, mean, variance, grad }, o).gamma,
    beta: (grad, { x, mean, variance }, o) => batchNormSumsOp({ x, mean, variance, grad }, o).beta,
    mean: (grad, { x, ...fixed }, o) => neg(mul(batchNormSumsOp({ x, mean: fixed.mean, variance: fixed.variance, grad }, o).beta, batchNormAffine(fixed, o).scale)),
    variance: (grad, { x, gamma, mean, variance }, o) => mul(mul(batchNormSumsOp({ x, mean, variance, grad }, o).gamma, gamma), div(-0.5, add(variance, o.eps))),
  },
  lower: lowerBatchNormInference,
  traits: { affine: (inputs, options) => batchNormAffine(inputs as unknown as Fixed<Tensor>, options) },
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
 * @param x f32 NHWC
 * @param gamma f32 [C], the scale
 * @param beta f32 [C], the shift
 * @throws ShapeError when a channel has only one value, or sizes do not fit
 */
export function batchNormTrain(x: TensorLike<"f32">, gamma: TensorLike<"f32">, beta: TensorLike<"f32">, options: BatchNormOptions = {}): Record<"out" | "mean" | "variance", Tensor<"f32">> {
  return batchNormTrainOp({ x, gamma, beta }, epsOf(options)) as Record<"out" | "mean" | "variance", Tensor<"f32">>;
}

/**
 * Batch normalisation with given statistics (evaluation, and frozen batch norm in training):
 * out = (x − mean) / √(variance + eps) · gamma + beta. It has gradients for all five tensors. A plan folds it into the convolution
 * before it where it can.
 *
 * @param x f32 NHWC; gamma, beta, mean, variance f32 [C]
 * @throws ShapeError or DTypeError for tensors that do not fit
 */
export function batchNormInference(
  x: TensorLike<"f32">, gamma: TensorLike<"f32">, beta: TensorLike<"f32">, mean: TensorLike<"f32">, variance: TensorLike<"f32">, options: BatchNormOptions = {},
): Tensor<"f32"> {
  return batchNormInferenceOp({ x, gamma, beta, mean, variance }, epsOf(options)) as Tensor<"f32">;
}
