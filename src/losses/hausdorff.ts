import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { distanceTransform } from "../ops/distance-transform.js";
import { abs, add, less, mul, pow, square, sub, where } from "../ops/pointwise.js";
import type { FloatDType } from "../runtime/dtype.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { INFINITE, type BoundaryLossOptions } from "./boundary.js";
import { foregroundOf, probabilities } from "./probabilities.js";
import { checkFlags, checkLoss, measured, reduceLoss, targets, toF32 } from "./targets.js";

export interface HausdorffLossOptions extends BoundaryLossOptions {
  /** The power of the distances, above 0. Default 2. */
  alpha?: number | undefined;
}

/** Distances to the boundary from both sides, to the power alpha; 0 where a class is nowhere, or everywhere. */
function field(mask: Tensor<"f32">, alpha: number): Tensor<"f32"> {
  const squares = abs(distanceTransform(mask, { signed: true, squared: true }));
  const known = where(less(squares, INFINITE), squares, 0);
  return alpha === 2 ? known : pow(known, alpha / 2);
}

/**
 * Loss that bounds the Hausdorff distance from above (Karimi & Salcudean 2019, by distance transforms), the mean over pixels and classes of
 *
 *     (p − y)² · (d_p^alpha + d_y^alpha)
 *
 * where d_y is the distance to the boundary of the class, and d_p that to the boundary of the prediction p > ½, which is taken as constant.
 * Both are 0 for a class that fills an image or is not in it (MONAI's rule). Ignored pixels belong to no class. Its size grows with that of
 * the images; MONAI's LogHausdorffDTLoss is log(1 + loss). Distances are computed on the GPU.
 *
 * @param logits f32 or f16 [n, h, w, classes]; one class is a single-logit head
 * @param labels u8, u32 or i32 [n, h, w]; or targets per class [n, h, w, classes]: f32 probabilities (foreground above ½), or whole numbers 0 and 1
 * @returns f32, a scalar (shape []), or for `reduction: "none"` [n, h, w, classes] (less the background)
 * @throws ShapeError, DTypeError or OptionError for arguments that do not fit
 *
 * @pytorch monai.losses.HausdorffDTLoss (whose "none" gives the mean of each image and class)
 */
export function hausdorffLoss(logits: TensorLike<FloatDType>, labels: TensorLike, options: HausdorffLossOptions = {}): Tensor<"f32"> {
  if (!capturing()) return runEagerly(() => hausdorffLoss(logits, labels, options));
  checkOptions("hausdorffLoss", options, ["alpha", "ignoreIndex", "pixelWeight", "includeBackground", "activation", "reduction"]);
  const { reduction = "mean", includeBackground = false, alpha = 2 } = options;
  if (!(alpha > 0 && Number.isFinite(alpha))) throw new OptionError(`hausdorffLoss: alpha must be a number above 0 but is ${alpha}.`);
  checkLoss("hausdorffLoss", logits, labels, options);
  if (logits.shape.length !== 4) throw new ShapeError("hausdorffLoss", "logits must be [n, height, width, classes]", { logits: logits.shape });
  checkFlags("hausdorffLoss", { includeBackground });
  const { y, measure } = targets(logits, labels, options);
  const p = probabilities("hausdorffLoss", toF32(logits), options.activation);
  const seen = measure ? where(measure, p, 0) : p;
  const losses = measured(mul(square(sub(p, y)), add(field(seen, alpha), field(y, alpha))), measure);
  const counts = measure && measure.shape.at(-1) !== 1 ? foregroundOf(measure, includeBackground) : measure;
  return reduceLoss(foregroundOf(losses, includeBackground), counts, reduction);
}
