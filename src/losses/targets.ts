import type { Tensor, TensorLike } from "../graph/tensor.js";
import { cast } from "../ops/cast.js";
import { constant } from "../ops/constant.js";
import { checkLogits, checkPixelLabels, checkPixelWeight, isFloat } from "../ops/cross-entropy-options.js";
import { checkIgnoreIndex } from "../ops/last-axis.js";
import { oneHot } from "../ops/one-hot.js";
import { add, div, equal, greater, less, mul, sub, where } from "../ops/pointwise.js";
import { flag, requireTensors } from "../ops/require.js";
import { reshape } from "../ops/reshape.js";
import { sum } from "../ops/sum.js";
import type { DType } from "../runtime/dtype.js";
import { OptionError } from "../runtime/errors.js";
import { sameShape, type Shape } from "../runtime/shape.js";

/** What all losses ask of their pixels. */
export interface PixelOptions {
  /** Label of pixels that do not count. Default −100, which u8 and u32 masks never hold; 255 is usual in masks. */
  ignoreIndex?: number | undefined;
  /**
   * How much each pixel counts, of the shape of the labels: a mask of zeros and ones (any dtype), or weights such as U-Net's (f32). It gets no
   * gradient in the cross-entropies of labels. 0 is the same as ignoring the pixel. Default 1 everywhere.
   */
  pixelWeight?: TensorLike | undefined;
}

/** How the losses of pixels (or classes) become a result. */
export type LossReduction = "mean" | "sum" | "none";

interface Spec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Whether the targets are given per class (probabilities, or several labels a pixel) and not as one class number per pixel. */
export const perClass = (logits: Spec, labels: Spec): boolean => sameShape(labels.shape, logits.shape);

/** Throws unless `logits` are floats with classes along the last axis and `labels` fit them, and the options that most losses have are in range. */
export function checkLoss(op: string, logits: TensorLike, labels: TensorLike, { ignoreIndex, pixelWeight, weight, reduction }: PixelOptions & { weight?: readonly number[] | undefined; reduction?: LossReduction | undefined }): void {
  requireTensors(op, { logits, labels, ...(pixelWeight && { pixelWeight }) });
  checkLogits(op, logits);
  if (!perClass(logits, labels)) checkPixelLabels(op, logits, labels);
  else if (isFloat(labels) && ignoreIndex !== undefined)
    throw new OptionError(`${op}: ignoreIndex goes with labels that are whole numbers; for probabilities use pixelWeight, with 0 where pixels do not count.`);
  if (ignoreIndex !== undefined) checkIgnoreIndex(op, ignoreIndex);
  checkPixelWeight(op, logits, pixelWeight);
  if (weight) checkNumbers(op, "weight", weight, logits.shape.at(-1)!);
  if (reduction !== undefined) checkChoice(op, "reduction", reduction, ["mean", "sum", "none"]);
}

/** Throws unless `values` holds a number of at least 0 for each class. */
export function checkNumbers(op: string, name: string, values: readonly number[], classes: number): void {
  if (!Array.isArray(values)) throw new OptionError(`${op}: ${name} must be an array of ${classes} number${classes === 1 ? "" : "s"}, one for each class.`);
  if (values.length !== classes || !values.every((w) => Number.isFinite(w) && w >= 0))
    throw new OptionError(`${op}: ${name} must hold ${classes} number${classes === 1 ? "" : "s"} of at least 0, one for each class, but holds [${values.join(", ")}].`);
}

/** Throws unless `value` is finite and at least `least`. */
export function checkAtLeast(op: string, name: string, value: number, least = 0): void {
  if (!(value >= least && Number.isFinite(value))) throw new OptionError(`${op}: ${name} must be a number of at least ${least} but is ${value}.`);
}

/** Throws unless `value` is one of `allowed`. */
export function checkChoice(op: string, name: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) throw new OptionError(`${op}: ${name} must be ${allowed.slice(0, -1).map((a) => `"${a}"`).join(", ")} or "${allowed.at(-1)!}" but is "${String(value)}".`);
}

/** Throws unless these options are switches. */
export function checkFlags(op: string, options: Readonly<Record<string, boolean | undefined>>): void {
  for (const [name, value] of Object.entries(options)) flag(op, name, value, false);
}

/** Floats as f32: losses are computed in single precision whatever the network stores, as under PyTorch's autocast. */
export const toF32 = (x: TensorLike): Tensor<"f32"> => cast(x, "f32");

/** Labels as the losses use them. */
export interface Targets {
  /** f32 [..., classes]: 1 at the label's class, or what was given per class; zeros for pixels that do not count. */
  readonly y: Tensor<"f32">;
  /** f32 [..., 1], or [..., classes] for labels given per class: how much the pixel counts, 0 where it is ignored. */
  readonly measure: Tensor<"f32"> | undefined;
}

/**
 * Targets per class and the measure of the pixels. A pixel labelled `ignoreIndex`, or with what is no class, does not count. A
 * single logit has the classes 0 and 1, and y says whether the label is 1. No measure: every pixel counts 1.
 */
export function targets(logits: Spec, labels: TensorLike, { ignoreIndex = -100, pixelWeight }: PixelOptions): Targets {
  const classes = logits.shape.at(-1)!;
  const column = [...logits.shape.slice(0, -1), 1];
  const weight = pixelWeight && reshape(toF32(pixelWeight), column);
  if (isFloat(labels)) return { y: toF32(labels), measure: weight };
  const several = perClass(logits, labels) && classes > 1;
  const v = reshape(toF32(labels), several ? labels.shape : column);
  const last = several || classes === 1 ? 1 : classes - 1;
  const inside = mul(greater(v, -0.5), less(v, last + 0.5));
  const counted = ignoreIndex >= 0 && ignoreIndex <= last ? mul(inside, sub(1, equal(v, ignoreIndex))) : inside;
  const hot = several || classes === 1 ? equal(v, 1) : oneHot(labels, classes);
  return { y: mul(hot, counted), measure: weight ? mul(counted, weight) : counted };
}

/**
 * 1 where a class number is `ignoreIndex`, else 0. The kernels of cross-entropy compare the bits of 32-bit words, so −1 also stands for the
 * 2³² − 1 that a Uint32Array makes of it.
 */
export function isIgnored(labels: TensorLike, ignoreIndex: number): Tensor<"f32"> {
  const same = labels.dtype === "u32" && ignoreIndex < 0 ? ignoreIndex + 2 ** 32 : labels.dtype === "i32" && ignoreIndex >= 2 ** 31 ? ignoreIndex - 2 ** 32 : ignoreIndex;
  return equal(toF32(labels), same);
}

/** x · measure, and 0 where the measure is 0 whatever x is there. */
export const measured = (x: Tensor<"f32">, measure: Tensor<"f32"> | undefined): Tensor<"f32"> => (measure ? where(measure, mul(x, measure), 0) : x);

/**
 * Losses as one number, or as they are. The mean divides by the sum of `counts` (0 for an empty sum), which stretches to the shape
 * of the losses; without counts it is over all of them.
 */
export function reduceLoss(losses: Tensor<"f32">, counts: Tensor<"f32"> | undefined, reduction: LossReduction): Tensor<"f32"> {
  if (reduction === "none") return losses;
  const total = sum(losses);
  if (reduction === "sum") return total;
  if (!counts) return div(total, Math.max(1, losses.size));
  const repeats = losses.size / Math.max(1, counts.size);
  const count = repeats === 1 ? sum(counts) : mul(sum(counts), repeats);
  // An empty sum is exactly 0: then the losses are, too.
  return div(total, add(count, equal(count, 0)));
}

/** A number for each class, as a tensor of the function being captured. */
export const classNumbers = (values: readonly number[]): Tensor<"f32"> => constant(values);

