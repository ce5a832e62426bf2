import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerCrossEntropy, lowerCrossEntropyGradient, lowerCrossEntropyPixels, type CrossEntropyParams } from "../kernels/cross-entropy.js";
import type { FloatDType } from "../runtime/dtype.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { sameShape, sizeOf } from "../runtime/shape.js";
import { cast } from "./cast.js";
import { constant } from "./constant.js";
import { checkClassWeights, checkLogits, checkPixelLabels, checkPixelWeight, crossEntropyParams, isFloat, isNumbers, type CrossEntropyInputs as Inputs, type CrossEntropyOptions } from "./cross-entropy-options.js";
import { logSoftmax } from "./log-softmax.js";
import { add, div, equal, mul, neg, where } from "./pointwise.js";
import { requireTensors } from "./require.js";
import { sum } from "./sum.js";
import { crossEntropyGradientOfResampled, crossEntropyOfResampled } from "./upsampled-cross-entropy.js";

function check({ logits, labels, weight, pixelWeight }: Inputs, { weights }: CrossEntropyParams): void {
  checkLogits("crossEntropy", logits);
  if (!(isFloat(labels) && sameShape(labels.shape, logits.shape))) checkPixelLabels("crossEntropy", logits, labels);
  checkClassWeights("crossEntropy", logits.shape.at(-1)!, weight, weights);
  checkPixelWeight("crossEntropy", logits, pixelWeight);
}

/** The loss of every pixel. */
const crossEntropyPixelsOp = defineOp({
  name: "crossEntropyPixels",
  shape: (inputs: Inputs, o: CrossEntropyParams): Spec => {
    check(inputs, o);
    return { shape: inputs.labels.shape, dtype: "f32" };
  },
  gradient: {
    logits: (grad, { logits, labels, weight, pixelWeight }, o) => crossEntropyGradientOp({ logits, labels, weight, pixelWeight, grad }, o),
    labels: null,
    pixelWeight: null,
  },
  lower: lowerCrossEntropyPixels,
  traits: { absorbResampling: { input: "logits", build: (inputs, o: CrossEntropyParams, resampling) => crossEntropyOfResampled(inputs as never, o, resampling) } },
});

/** Their sum or mean, and the sum of the weights that counted. */
const crossEntropyOp = defineOp({
  name: "crossEntropy",
  shape: (inputs: Inputs, o: CrossEntropyParams): { out: Spec; total: Spec } => {
    check(inputs, o);
    return { out: { shape: [], dtype: "f32" }, total: { shape: [], dtype: "f32" } };
  },
  gradient: {
    logits: (grad, { logits, labels, weight, pixelWeight }, o, { total }) =>
      grad.out && crossEntropyGradientOp({ logits, labels, weight, pixelWeight, grad: grad.out, total: o.reduction === "mean" ? total : undefined }, o),
    labels: null,
    pixelWeight: null,
  },
  lower: lowerCrossEntropy,
  traits: { absorbResampling: { input: "logits", build: (inputs, o: CrossEntropyParams, resampling) => crossEntropyOfResampled(inputs as never, o, resampling) as Record<string, Tensor> | undefined } },
});

const crossEntropyGradientOp = defineOp({
  name: "crossEntropyGradient",
  shape: ({ logits }: Inputs & { grad: Spec; total?: Spec | undefined }): Spec => ({ shape: logits.shape, dtype: logits.dtype }),
  gradient: { labels: null },
  lower: lowerCrossEntropyGradient,
  traits: {
    absorbResampling: {
      input: "logits", transposed: true,
      build: (inputs, o: CrossEntropyParams, resampling) => {
        const out = crossEntropyGradientOfResampled(inputs as never, o, resampling);
        return out && { out };
      },
    },
  },
});

export type { CrossEntropyOptions } from "./cross-entropy-options.js";

/**
 * Cross-entropy of logits and class labels, with the formula, weights, smoothing and ignored pixels of PyTorch's
 * `torch.nn.functional.cross_entropy`:
 *
 *     nll[c] = log Σ exp(x) − x[c]
 *     loss   = (1 − s) · w[y] · nll[y] + s / C · Σ over c of w[c] · nll[c]
 *     loss   = Σ over c of w[c] · ((1 − s) · y[c] + s / C) · nll[c]            for probabilities y
 *
 * Softmax, logarithm, choice and sum are one kernel, and so is the gradient. A label that is neither a class nor
 * `ignoreIndex` makes the loss NaN, so that training stops instead of learning from a broken mask; data sets check their masks earlier.
 * Probabilities that depend on parameters (of a teacher, say) get a gradient, too.
 *
 * @param logits f32 or f16 [..., classes]: NHWC feature maps, or [m, classes]
 * @param labels u8, u32 or i32 [...]: a class number per pixel; or f32 or f16 [..., classes]: probabilities
 * @returns f32, a scalar (shape []), or [...] for `reduction: "none"`, where ignored pixels are 0
 * @throws ShapeError, DTypeError or OptionError for arguments that do not fit
 *
 * @pytorch torch.nn.functional.cross_entropy; smp SoftCrossEntropyLoss (whose mean counts ignored pixels)
 */
export function crossEntropy(logits: TensorLike<FloatDType>, labels: TensorLike, options: CrossEntropyOptions = {}): Tensor<"f32"> {
  checkOptions("crossEntropy", options, ["weight", "ignoreIndex", "pixelWeight", "labelSmoothing", "reduction", "emptyIsZero"]);
  const { weight, pixelWeight } = options;
  requireTensors("crossEntropy", { logits, labels, ...(pixelWeight && { pixelWeight }) });
  const params = crossEntropyParams("crossEntropy", options);
  const inputs = { logits, labels, weight: isNumbers(weight) ? undefined : weight, pixelWeight };
  check(inputs, params);
  if (isFloat(labels) && options.ignoreIndex !== undefined)
    throw new OptionError("crossEntropy: ignoreIndex goes with labels that are class numbers; for probabilities use pixelWeight, with 0 where pixels do not count.");
  if (!capturing() && (isFloat(labels) || [logits, inputs.weight, pixelWeight].some((x) => x && x.dtype !== "f32"))) return runEagerly(() => crossEntropy(logits, labels, options));
  if (isFloat(labels)) return ofProbabilities(inputs, params);
  // Nothing is cast eagerly here: what needs it runs as a plan of its own.
  const single = { ...inputs, logits: inF32(logits), weight: inputs.weight && inF32(inputs.weight), pixelWeight: pixelWeight && inF32(pixelWeight) };
  return (params.reduction === "none" ? crossEntropyPixelsOp(single, params) : crossEntropyOp(single, params).out) as Tensor<"f32">;
}

const inF32 = (x: TensorLike): TensorLike<"f32"> => (x.dtype === "f32" ? (x as TensorLike<"f32">) : cast(x, "f32"));

interface Given {
  logits: TensorLike<FloatDType>;
  labels: TensorLike;
  weight: TensorLike<FloatDType> | undefined;
  pixelWeight: TensorLike | undefined;
}

/** Cross-entropy with a probability for each class. */
function ofProbabilities({ logits, labels, weight, pixelWeight }: Given, { labelSmoothing: s, weights, reduction, emptyIsZero }: CrossEntropyParams): Tensor<"f32"> {
  const classes = logits.shape.at(-1)!;
  const y = cast(labels, "f32");
  const smooth = s === 0 ? y : add(mul(y, 1 - s), s / classes);
  const factors = weights ? constant(weights) : weight && cast(weight, "f32");
  const terms = mul(factors ? mul(smooth, factors) : smooth, neg(logSoftmax(cast(logits, "f32"))));
  const v = pixelWeight && cast(pixelWeight, "f32");
  const pixels = sum(terms, { axes: [-1] });
  const losses = v ? where(v, mul(v, pixels), 0) : pixels;
  if (reduction === "none") return losses;
  const total = sum(losses);
  if (reduction === "sum") return total;
  const count = sizeOf(labels.shape) / classes;
  // Not divided by a literal 0, of which lavapipe makes 0.
  if (!v) return count > 0 ? div(total, count) : emptyIsZero ? total : mul(total, NaN);
  return emptyIsZero ? div(total, add(sum(v), equal(sum(v), 0))) : div(total, sum(v));
}
