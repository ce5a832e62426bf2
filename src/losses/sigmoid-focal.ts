import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { add, div, exp, maximum, mul, neg, pow, sigmoid, softplus, sub, where, less } from "../ops/pointwise.js";
import { reshape } from "../ops/reshape.js";
import { sum } from "../ops/sum.js";
import type { FloatDType } from "../runtime/dtype.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { checkAtLeast, checkChoice, checkFlags, checkLoss, classNumbers, measured, perClass, reduceLoss, targets, toF32, type LossReduction, type PixelOptions } from "./targets.js";

export interface SigmoidFocalLossOptions extends PixelOptions {
  /** How much easy values lose weight; 0 is binary cross-entropy. Default 2. */
  gamma?: number | undefined;
  /** Weight of foreground, 0 … 1; background has 1 − alpha. null: both 1. Default 0.25, as in the paper and torchvision. */
  alpha?: number | null | undefined;
  /** A factor for each class. Default 1. */
  weight?: readonly number[] | undefined;
  /**
   * Divides by the sum of (1 − p_t)^gamma (Zhang et al. 2019): of each class where labels are class numbers, of all values otherwise. The
   * paper's loss is this with `reduction: "sum"`; smp's mean divides by the number of values once more. Default false.
   */
  normalized?: boolean | undefined;
  /** Values with p_t below this keep their full weight, and the others lose it as ((1 − p_t) / threshold)^gamma (Sergievskiy & Ponamarev 2019). */
  reducedThreshold?: number | undefined;
  /** What p_t is for fractional targets: p·y + (1 − p)(1 − y) in "torchvision", e^(−cross-entropy) in "smp". Equal for 0 and 1. Default "torchvision". */
  dialect?: "torchvision" | "smp" | undefined;
  /** "mean" is over all values [..., classes] of pixels that count; "none" gives every value. Default "mean". */
  reduction?: LossReduction | undefined;
}

/** Kept above 0, where the power of a gamma below 1 has no slope. */
const FLOOR = 1e-7;
/** smp's least normaliser. */
const LEAST = 1e-6;

/**
 * Focal loss of sigmoids, one class against the rest (Lin et al. 2017):
 *
 *     loss = a_t · (1 − p_t)^gamma · −log p_t,   p_t = p where y = 1, else 1 − p;   a_t = alpha where y = 1, else 1 − alpha;   p = σ(x)
 *
 * averaged over all values, so that for c classes the mean of smp's multi-class FocalLoss comes out (with its default alpha: null).
 * With gamma 0 and alpha null that is the mean of c binary cross-entropies, not cross-entropy: the loss with a softmax is `focalLoss`.
 *
 * @param logits f32 or f16 [..., classes]; one class is a single-logit head
 * @param labels u8, u32 or i32 [...], or targets per class [..., classes]: f32 0 … 1, or whole numbers 0 and 1. Labels that are no class
 *   do not count
 * @returns f32, a scalar (shape []), or for `reduction: "none"` the shape of logits
 * @throws ShapeError, DTypeError or OptionError for arguments that do not fit
 *
 * @pytorch torchvision.ops.sigmoid_focal_loss, segmentation_models_pytorch.losses.FocalLoss (alpha null)
 */
export function sigmoidFocalLoss(logits: TensorLike<FloatDType>, labels: TensorLike, options: SigmoidFocalLossOptions = {}): Tensor<"f32"> {
  if (!capturing()) return runEagerly(() => sigmoidFocalLoss(logits, labels, options));
  checkOptions("sigmoidFocalLoss", options, ["gamma", "alpha", "weight", "normalized", "reducedThreshold", "dialect", "ignoreIndex", "pixelWeight", "reduction"]);
  const { gamma = 2, alpha = 0.25, weight, normalized = false, reducedThreshold, dialect = "torchvision", reduction = "mean" } = options;
  checkLoss("sigmoidFocalLoss", logits, labels, options);
  checkAtLeast("sigmoidFocalLoss", "gamma", gamma);
  checkFlags("sigmoidFocalLoss", { normalized });
  checkChoice("sigmoidFocalLoss", "dialect", dialect, ["torchvision", "smp"]);
  for (const [name, value] of Object.entries({ alpha, reducedThreshold }))
    if (typeof value === "number" && !(value >= 0 && value <= 1)) throw new OptionError(`sigmoidFocalLoss: ${name} must be between 0 and 1 but is ${value}.`);
  if (reducedThreshold === 0) throw new OptionError("sigmoidFocalLoss: reducedThreshold must be above 0.");

  const x = toF32(logits);
  const { y, measure } = targets(logits, labels, options);
  const notY = sub(1, y);
  const bce = add(mul(y, softplus(neg(x))), mul(notY, softplus(x)));
  // 1 − p_t; by sigmoids it is exact also where p_t is near 1.
  const doubt = dialect === "smp" ? sub(1, exp(neg(bce))) : add(mul(y, sigmoid(neg(x))), mul(notY, sigmoid(x)));
  const power = pow(maximum(reducedThreshold === undefined ? doubt : div(doubt, reducedThreshold), FLOOR), gamma);
  const term = measured(reducedThreshold === undefined ? power : where(less(sub(1, doubt), reducedThreshold), 1, power), measure);
  const balanced = alpha === null ? bce : mul(bce, add(mul(y, alpha), mul(notY, 1 - alpha)));
  let losses = measured(mul(term, balanced), measure && greaterThanZero(measure));
  if (normalized) {
    const classwise = !perClass(logits, labels);
    const axes = logits.shape.map((_, axis) => axis).slice(0, classwise ? -1 : undefined);
    losses = div(losses, maximum(sum(term, { axes }), LEAST));
  }
  if (weight) losses = mul(losses, classNumbers(weight));
  return reduceLoss(reshape(losses, logits.shape), measure, reduction);
}

/** 1 where a pixel counts at all. */
const greaterThanZero = (measure: Tensor<"f32">): Tensor<"f32"> => where(measure, 1, 0);
