import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerCrossEntropy, lowerCrossEntropyGradient, lowerCrossEntropyPixels, type CrossEntropyParams } from "../kernels/cross-entropy.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { sameShape } from "../runtime/shape.js";
import { checkClasses, checkLabels } from "./last-axis.js";

interface Inputs {
  logits: Spec;
  labels: Spec;
  weight?: Spec | undefined;
}

function check({ logits, labels, weight }: Inputs, { weights }: CrossEntropyParams): void {
  checkClasses("crossEntropy", "logits", logits);
  checkLabels("crossEntropy", "labels", labels);
  if (!sameShape(labels.shape, logits.shape.slice(0, -1)))
    throw new ShapeError("crossEntropy", "labels must have the shape of logits without its last axis (classes)", axes(logits, labels));
  const classes = logits.shape.at(-1)!;
  if (weight && !(weight.shape.length === 1 && weight.shape[0] === classes && weight.dtype === "f32"))
    throw new ShapeError("crossEntropy", `weight must be f32 with one number for each of the ${classes} classes`, { weight: weight.shape });
  if (weights && weights.length !== classes) throw new OptionError(`crossEntropy: weight has ${weights.length} numbers but there are ${classes} classes.`);
}

const axes = (logits: Spec, labels: Spec): Record<string, [readonly number[], string]> => ({
  logits: [logits.shape, logits.shape.length === 4 ? "NHWC" : ""],
  labels: [labels.shape, labels.shape.length === 3 ? "NHW" : ""],
});

/** The loss of every pixel. */
const crossEntropyPixelsOp = defineOp({
  name: "crossEntropyPixels",
  shape: (inputs: Inputs, o: CrossEntropyParams): Spec => {
    check(inputs, o);
    return { shape: inputs.labels.shape, dtype: "f32" };
  },
  gradient: {
    logits: (grad, { logits, labels, weight }, o) => crossEntropyGradientOp({ logits, labels, weight, grad }, o),
    labels: null,
  },
  lower: lowerCrossEntropyPixels,
});

/** Their sum or mean, and the sum of the weights that counted. */
const crossEntropyOp = defineOp({
  name: "crossEntropy",
  shape: (inputs: Inputs, o: CrossEntropyParams): { out: Spec; total: Spec } => {
    check(inputs, o);
    return { out: { shape: [], dtype: "f32" }, total: { shape: [], dtype: "f32" } };
  },
  gradient: {
    logits: (grad, { logits, labels, weight }, o, { total }) =>
      grad.out && crossEntropyGradientOp({ logits, labels, weight, grad: grad.out, total: o.reduction === "mean" ? total : undefined }, o),
    labels: null,
  },
  lower: lowerCrossEntropy,
});

const crossEntropyGradientOp = defineOp({
  name: "crossEntropyGradient",
  shape: ({ logits }: Inputs & { grad: Spec; total?: Spec | undefined }): Spec => ({ shape: logits.shape, dtype: logits.dtype }),
  gradient: { labels: null },
  lower: lowerCrossEntropyGradient,
});

export interface CrossEntropyOptions {
  /** A factor for each class: numbers, or a tensor of shape [classes] (which gets no gradient). Default 1. */
  weight?: readonly number[] | TensorLike<"f32"> | undefined;
  /** Label of pixels that do not count. Default −100, which u8 and u32 masks never hold; 255 is usual in masks. */
  ignoreIndex?: number | undefined;
  /** Part of the target, 0 … 1, that is spread over all classes. Default 0. */
  labelSmoothing?: number | undefined;
  /** "mean" divides by the sum of the weights of the labels that count; "none" gives the loss of every pixel. Default "mean". */
  reduction?: "mean" | "sum" | "none" | undefined;
  /** The mean over no pixel at all is 0 instead of NaN. Default false, as in PyTorch. */
  emptyIsZero?: boolean | undefined;
}

/**
 * Cross-entropy of logits and class labels, with the formula, weights, smoothing and ignored pixels of PyTorch's
 * `torch.nn.functional.cross_entropy`:
 *
 *     nll[c] = log Σ exp(x) − x[c]
 *     loss   = (1 − s) · w[y] · nll[y] + s / C · Σ over c of w[c] · nll[c]
 *
 * Softmax, logarithm, choice and sum are one kernel, and so is the gradient. A label that is neither a class nor
 * `ignoreIndex` makes the loss NaN, so that training stops instead of learning from a broken mask; data sets check their masks earlier.
 *
 * @param logits f32 [..., classes]: NHWC feature maps, or [m, classes]
 * @param labels u8, u32 or i32 [...]: a class number per pixel
 * @returns a scalar (shape []), or [...] for `reduction: "none"`, where ignored pixels are 0
 * @throws ShapeError, DTypeError or OptionError for arguments that do not fit
 */
export function crossEntropy(logits: TensorLike<"f32">, labels: TensorLike, options: CrossEntropyOptions = {}): Tensor<"f32"> {
  checkOptions("crossEntropy", options, ["weight", "ignoreIndex", "labelSmoothing", "reduction", "emptyIsZero"]);
  const { weight, ignoreIndex = -100, labelSmoothing = 0, reduction = "mean", emptyIsZero = false } = options;
  if (!Number.isInteger(ignoreIndex)) throw new OptionError(`crossEntropy: ignoreIndex must be a whole number but is ${ignoreIndex}.`);
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) throw new OptionError(`crossEntropy: labelSmoothing must be between 0 and 1 but is ${labelSmoothing}.`);
  if (!["mean", "sum", "none"].includes(reduction)) throw new OptionError(`crossEntropy: reduction must be "mean", "sum" or "none" but is "${String(reduction)}".`);
  const numbers = isNumbers(weight) ? [...weight] : undefined;
  if (numbers?.some((w) => !(Number.isFinite(w) && w >= 0))) throw new OptionError(`crossEntropy: weight must hold numbers of at least 0 but holds [${numbers.join(", ")}].`);
  const inputs = { logits, labels, weight: isNumbers(weight) ? undefined : weight };
  const params: CrossEntropyParams = { ignoreIndex, labelSmoothing, reduction, emptyIsZero, ...(numbers ? { weights: numbers } : {}) };
  return (reduction === "none" ? crossEntropyPixelsOp(inputs, params) : crossEntropyOp(inputs, params).out) as Tensor<"f32">;
}

const isNumbers = (weight: CrossEntropyOptions["weight"]): weight is readonly number[] => Array.isArray(weight);
