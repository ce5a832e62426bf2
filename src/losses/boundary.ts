import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { distanceTransform } from "../ops/distance-transform.js";
import { abs, add, less, mul, where } from "../ops/pointwise.js";
import type { FloatDType } from "../runtime/dtype.js";
import { ShapeError, checkOptions } from "../runtime/errors.js";
import { foregroundOf, probabilities, type LossActivation } from "./probabilities.js";
import { checkFlags, checkLoss, measured, perClass, reduceLoss, targets, toF32, type LossReduction, type PixelOptions } from "./targets.js";

export interface BoundaryLossOptions extends PixelOptions {
  /** Whether class 0 has a part. Default false, as is usual with this loss; a single logit has no class 0. */
  includeBackground?: boolean | undefined;
  /** "softmax" over the classes, a "sigmoid" for each, or "none" for what are probabilities already. Default softmax, and sigmoid for a single logit. */
  activation?: LossActivation | undefined;
  /** "mean" is over all pixels that count and all classes; "none" gives every value. Default "mean". */
  reduction?: LossReduction | undefined;
}

/** Distances, and their squares, are below this; where there is none they are infinite. */
export const INFINITE = 1e30;

/**
 * The level sets that the boundary loss weighs probabilities with, for every class: outside the class the distance to it, inside minus the distance to
 * what is not it, less one pixel (so that 0 is at the inner boundary; Kervadec's `one_hot2dist`). A class that an image has
 * nowhere, or everywhere, has zeros there: other classes supervise those pixels.
 *
 * @param y f32 [n, h, w, classes]: 1 in the class, else 0
 */
function levelSets(y: Tensor<"f32">): Tensor<"f32"> {
  const signed = distanceTransform(y, { signed: true });
  return where(less(abs(signed), INFINITE), add(signed, y), 0);
}

/**
 * Boundary loss (Kervadec et al. 2019): the mean over pixels and classes of
 *
 *     p · φ
 *
 * where φ is the signed distance to the boundary of the class: negative inside. It can be below 0, and is meant to be added to a region loss such
 * as generalized Dice with a weight that grows from 0.01. The distances are computed on the GPU from the labels; they can also be given, in pixels or
 * any other unit, where a data set has them ready. Ignored pixels belong to no class.
 *
 * @param logits f32 or f16 [n, h, w, classes]; one class is a single-logit head
 * @param labels u8, u32 or i32 [n, h, w]; or whole numbers 0 and 1 [n, h, w, classes]; or f32 [n, h, w, classes]: the signed distances φ
 * @returns f32, a scalar (shape []), or for `reduction: "none"` [n, h, w, classes] (less the background)
 * @throws ShapeError, DTypeError or OptionError for arguments that do not fit
 *
 * @pytorch LIVIAETS/boundary-loss SurfaceLoss
 */
export function boundaryLoss(logits: TensorLike<FloatDType>, labels: TensorLike, options: BoundaryLossOptions = {}): Tensor<"f32"> {
  if (!capturing()) return runEagerly(() => boundaryLoss(logits, labels, options));
  checkOptions("boundaryLoss", options, ["ignoreIndex", "pixelWeight", "includeBackground", "activation", "reduction"]);
  const { reduction = "mean", includeBackground = false } = options;
  checkLoss("boundaryLoss", logits, labels, options);
  if (logits.shape.length !== 4) throw new ShapeError("boundaryLoss", "logits must be [n, height, width, classes]", { logits: logits.shape });
  checkFlags("boundaryLoss", { includeBackground });
  const given = perClass(logits, labels) && (labels.dtype === "f32" || labels.dtype === "f16");
  const { y, measure } = targets(logits, labels, options);
  const phi = given ? y : levelSets(y);
  const p = probabilities("boundaryLoss", toF32(logits), options.activation);
  const losses = foregroundOf(measured(mul(p, phi), measure), includeBackground);
  const counts = measure && measure.shape.at(-1) !== 1 ? foregroundOf(measure, includeBackground) : measure;
  return reduceLoss(losses, counts, reduction);
}
