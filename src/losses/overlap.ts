import type { Tensor, TensorLike } from "../graph/tensor.js";
import { add, div, greater, log, maximum, minimum, mul, neg, square, sub } from "../ops/pointwise.js";
import { sum } from "../ops/sum.js";
import { OptionError, ShapeError } from "../runtime/errors.js";
import { chosenActivation, foregroundOf, probabilities, type LossActivation } from "./probabilities.js";
import { checkFlags, checkLoss, classNumbers, measured, perClass, reduceLoss, targets, toF32, type LossReduction, type PixelOptions } from "./targets.js";

/** Options of the losses that compare regions by sums over their pixels. */
export interface RegionLossOptions extends PixelOptions {
  /** Whether class 0 has a part in the mean. Default true; a single logit has no class 0. */
  includeBackground?: boolean | undefined;
  /** A factor for each class. Default 1. */
  weight?: readonly number[] | undefined;
  /** A loss for every image, instead of one for the batch. Default false, and true in the dialect "monai". */
  perImage?: boolean | undefined;
  /** "mean" over classes (and images), weighted by `weight` (0 for a batch of no images); "none" gives [classes], or [n, classes] where `perImage`. Default "mean". */
  reduction?: LossReduction | undefined;
  /** "softmax" over the classes, a "sigmoid" for each, or "none" for what are probabilities already. Default softmax, and sigmoid for a single logit. */
  activation?: LossActivation | undefined;
}

/** Names of `RegionLossOptions`, for `checkOptions`. */
export const regionOptions = ["ignoreIndex", "pixelWeight", "includeBackground", "weight", "perImage", "reduction", "activation"] as const;

/** Probabilities and targets of the pixels [..., classes]. */
export interface Region {
  readonly p: Tensor<"f32">;
  readonly y: Tensor<"f32">;
  /** Σ over the pixels of the batch, or of each image, each as much as it counts; the classes stay: [classes] or [n, classes]. */
  total(x: Tensor<"f32">): Tensor<"f32">;
}

/** Checks the arguments of a region loss and makes its probabilities and targets. */
export function region(op: string, logits: TensorLike, labels: TensorLike, o: RegionLossOptions, perImage: boolean): Region {
  checkLoss(op, logits, labels, o);
  checkFlags(op, { includeBackground: o.includeBackground, perImage });
  const activation = chosenActivation(op, logits.shape.at(-1)!, o.activation);
  if (activation === "softmax" && perClass(logits, labels) && labels.dtype !== "f32" && labels.dtype !== "f16")
    throw new OptionError(`${op}: several labels a pixel (whole numbers of the shape of logits) need activation "sigmoid". For probabilities convert with cast(labels, "f32").`);
  if (perImage && logits.shape.length < 3) throw new ShapeError(op, "perImage needs logits with images along the first axis and pixels between it and the classes", { logits: logits.shape });
  const { y, measure } = targets(logits, labels, o);
  const p = probabilities(op, toF32(logits), activation);
  const axes = logits.shape.slice(0, -1).map((_, axis) => axis).slice(perImage ? 1 : 0);
  return { p, y, total: (t) => sum(measured(t, measure), { axes }) };
}

/** What a dialect of a region loss settles. */
export interface RegionRule {
  /** Weight of false positives and of false negatives beside the overlap. */
  readonly alpha: number;
  readonly beta: number;
  /** The overlap counts this often above and below the fraction line, where `smooth` is added once. */
  readonly scale: number;
  readonly smooth: number;
  /** Squares of p and y below the line. */
  readonly squared: boolean;
  /** Σ p·y, or Σ min(p, y), which is 1 − loss = 1 for p = y also where y is a fraction. */
  readonly overlap: "product" | "minimum";
  readonly log: boolean;
  /** A class without a target pixel: its loss counts as it is, or is set to 0. */
  readonly absent: "counts" | "zero";
  /** The mean divides by the sum of the class weights, or by the number of classes. */
  readonly divide: "weights" | "classes";
  /** All classes are one region. */
  readonly pooled: boolean;
  readonly perImage: boolean;
}

/** The libraries whose conventions have names; "plain" is the formula as published. */
export type RegionDialect = "plain" | "smp" | "monai";

/** Where the libraries differ. */
export function dialectRule(dialect: string): Pick<RegionRule, "smooth" | "overlap" | "absent" | "divide" | "pooled" | "perImage"> {
  const plain = { smooth: 0, overlap: "product", absent: "counts", divide: "weights", pooled: false, perImage: false } as const;
  if (dialect === "smp") return { ...plain, overlap: "minimum", absent: "zero" };
  if (dialect === "monai") return { ...plain, smooth: 1e-5, divide: "classes", perImage: true };
  if (dialect === "milesial") return { ...plain, smooth: 1e-6, pooled: true };
  return plain;
}

/** Fractions are kept from a denominator, and logarithms from an argument, below this (smp's eps). */
const EPSILON = 1e-7;

/**
 * The loss of every class (and image) by Tversky's index, of which Dice (α = β = ½) and Jaccard (α = β = 1) are cases:
 *
 *     1 − (k·I + smooth) / (k·(I + α·(P − I) + β·(Y − I)) + smooth),   I = Σ p·y, P = Σ p, Y = Σ y, k = scale
 */
export function tverskyLosses({ p, y, total }: Region, rule: RegionRule): Tensor<"f32"> {
  const pool = (x: Tensor<"f32">): Tensor<"f32"> => (rule.pooled ? sum(total(x), { axes: [-1], keepDims: true }) : total(x));
  const hits = pool(rule.overlap === "minimum" && !rule.squared ? minimum(p, y) : mul(p, y));
  const predicted = pool(rule.squared ? square(p) : p);
  const real = pool(rule.squared ? square(y) : y);
  const { alpha, beta, scale, smooth } = rule;
  // I cancels for Dice: left out, it cannot round.
  const missed = add(mul(predicted, scale * alpha), mul(real, scale * beta));
  const rest = scale * (1 - alpha - beta);
  const size = rest === 0 ? missed : add(missed, mul(hits, rest));
  const score = div(add(mul(hits, scale), smooth), maximum(add(size, smooth), EPSILON));
  const losses = rule.log ? neg(log(maximum(score, EPSILON))) : sub(1, score);
  return rule.absent === "zero" ? mul(losses, greater(real, 0)) : losses;
}

/** The losses of classes [..., classes] as asked for: without the background, weighted, averaged. */
export function averageClasses(losses: Tensor<"f32">, { includeBackground = true, weight, reduction = "mean" }: RegionLossOptions, divide: RegionRule["divide"] = "weights"): Tensor<"f32"> {
  const kept = foregroundOf(losses, includeBackground);
  const classes = kept.shape.at(-1)!;
  const factors = weight?.slice(-classes);
  const weighted = factors ? mul(kept, classNumbers(factors)) : kept;
  if (reduction !== "mean" || !factors || divide === "classes") return reduceLoss(weighted, undefined, reduction);
  const total = factors.reduce((a, b) => a + b, 0) * (kept.size / classes);
  return div(sum(weighted), total === 0 ? 1 : total);
}
