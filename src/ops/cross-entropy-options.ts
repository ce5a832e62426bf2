import type { Spec } from "../graph/op.js";
import type { TensorLike } from "../graph/tensor.js";
import type { CrossEntropyParams } from "../kernels/cross-entropy.js";
import type { FloatDType } from "../runtime/dtype.js";
import { OptionError, ShapeError } from "../runtime/errors.js";
import { sameShape } from "../runtime/shape.js";
import { checkIgnoreIndex, checkLabels } from "./last-axis.js";
import { flag, requireFloat, requireTensors } from "./require.js";

/** What `crossEntropy` and `upsampledCrossEntropy` are given. */
export interface CrossEntropyInputs {
  logits: Spec;
  labels: Spec;
  weight?: Spec | undefined;
  pixelWeight?: Spec | undefined;
}

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

export const isNumbers = (weight: CrossEntropyOptions["weight"]): weight is readonly number[] => Array.isArray(weight);

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
