import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerCrossEntropy, lowerCrossEntropyGradient, lowerCrossEntropyPixels, type CrossEntropyParams } from "../kernels/cross-entropy.js";
import type { FloatDType } from "../runtime/dtype.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { sameShape, sizeOf } from "../runtime/shape.js";
import { cast } from "./cast.js";
import { constant } from "./constant.js";
import { checkIgnoreIndex, checkLabels } from "./last-axis.js";
import { logSoftmax } from "./log-softmax.js";
import { add, div, equal, mul, neg, where } from "./pointwise.js";
import { flag, requireFloat, requireTensors } from "./require.js";
import { sum } from "./sum.js";

interface Inputs {
  logits: Spec;
  labels: Spec;
  weight?: Spec | undefined;
  pixelWeight?: Spec | undefined;
}

function check({ logits, labels, weight, pixelWeight }: Inputs, { weights }: CrossEntropyParams): void {
  checkLogits("crossEntropy", logits);
  if (!(isFloat(labels) && sameShape(labels.shape, logits.shape))) checkPixelLabels("crossEntropy", logits, labels);
  checkClassWeights("crossEntropy", logits.shape.at(-1)!, weight, weights);
  checkPixelWeight("crossEntropy", logits, pixelWeight);
}

/** Throws unless `logits` are floats with classes along the last axis. */
export function checkLogits(op: string, logits: Spec): void {
  requireFloat(op, "logits", logits);
  if (!logits.shape.at(-1)) throw new ShapeError(op, "logits needs a last axis (classes) of at least 1", { logits: logits.shape });
}

/** Throws unless `labels` are a class number for each pixel of the logits. */
export function checkPixelLabels(op: string, logits: Spec, labels: Spec): void {
  const fits = sameShape(labels.shape, logits.shape.slice(0, -1));
  if (isFloat(labels) && !fits) throw new ShapeError(op, "labels that are probabilities must have the shape of logits", axes({ logits, labels }));
  checkLabels(op, "labels", labels);
  if (!fits) throw new ShapeError(op, "labels must have the shape of logits without its last axis (classes)", axes({ logits, labels }));
}

/** Throws unless the class weights, a tensor or numbers, are one for each class. */
export function checkClassWeights(op: string, classes: number, weight: Spec | undefined, weights: readonly number[] | undefined): void {
  if (weight && !(weight.shape.length === 1 && weight.shape[0] === classes && isFloat(weight)))
    throw new ShapeError(op, `weight must be f32 (or f16) with one number for each of the ${classes} classes`, { weight: weight.shape });
  if (weights && weights.length !== classes) throw new OptionError(`${op}: weight has ${weights.length} numbers but there are ${classes} classes.`);
}

/** Throws unless a pixel weight fits the logits. */
export function checkPixelWeight(op: string, logits: Spec, pixelWeight: Spec | undefined): void {
  if (pixelWeight && !sameShape(pixelWeight.shape, logits.shape.slice(0, -1)))
    throw new ShapeError(op, "pixelWeight must have the shape of logits without its last axis (classes)", axes({ logits, pixelWeight }));
}

export const isFloat = ({ dtype }: Pick<Spec, "dtype">): boolean => dtype === "f32" || dtype === "f16";

const axes = (specs: Record<string, Spec>): Record<string, [readonly number[], string]> =>
  Object.fromEntries(Object.entries(specs).map(([name, { shape }]) => [name, [shape, shape.length === 4 ? "NHWC" : shape.length === 3 ? "NHW" : ""]]));

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
});

const crossEntropyGradientOp = defineOp({
  name: "crossEntropyGradient",
  shape: ({ logits }: Inputs & { grad: Spec; total?: Spec | undefined }): Spec => ({ shape: logits.shape, dtype: logits.dtype }),
  gradient: { labels: null },
  lower: lowerCrossEntropyGradient,
});

export interface CrossEntropyOptions {
  /** A factor for each class: numbers, or a tensor of shape [classes] (which gets no gradient). Default 1. */
  weight?: readonly number[] | TensorLike<FloatDType> | undefined;
  /** Label of pixels that do not count. Default −100, which u8 and u32 masks never hold; 255 is usual in masks. */
  ignoreIndex?: number | undefined;
  /**
   * How much each pixel counts, of the shape of the labels: a mask of zeros and ones (any dtype), or weights such as U-Net's (f32). It gets no
   * gradient. 0 is the same as ignoring the pixel. Default 1 everywhere.
   */
  pixelWeight?: TensorLike | undefined;
  /** Part of the target, 0 … 1, that is spread over all classes. Default 0. */
  labelSmoothing?: number | undefined;
  /**
   * "mean" divides by the sum of the weights (of class and pixel) of the labels that count, and for probabilities by the number of
   * pixels (the sum of `pixelWeight`); "none" gives the loss of every pixel. Default "mean".
   */
  reduction?: "mean" | "sum" | "none" | undefined;
  /** The mean over no pixel at all is 0 instead of NaN. Default false, as in PyTorch. */
  emptyIsZero?: boolean | undefined;
}

/** Throws unless the options are in range; the class weights apart into numbers and tensor, as the op wants them. */
export function crossEntropyParams(op: string, { weight, ignoreIndex = -100, labelSmoothing = 0, reduction = "mean", emptyIsZero = false }: CrossEntropyOptions): CrossEntropyParams {
  checkIgnoreIndex(op, ignoreIndex);
  flag(op, "emptyIsZero", emptyIsZero, false);
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) throw new OptionError(`${op}: labelSmoothing must be between 0 and 1 but is ${labelSmoothing}.`);
  if (!["mean", "sum", "none"].includes(reduction)) throw new OptionError(`${op}: reduction must be "mean", "sum" or "none" but is "${String(reduction)}".`);
  const numbers = isNumbers(weight) ? [...weight] : undefined;
  if (weight !== undefined && !numbers) requireTensors(op, { weight });
  if (numbers?.some((w) => !(Number.isFinite(w) && w >= 0))) throw new OptionError(`${op}: weight must hold numbers of at least 0 but holds [${numbers.join(", ")}].`);
  return { ignoreIndex, labelSmoothing, reduction, emptyIsZero, ...(numbers ? { weights: numbers } : {}) };
}

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

const isNumbers = (weight: CrossEntropyOptions["weight"]): weight is readonly number[] => Array.isArray(weight);

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
