import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { cumsum } from "../ops/cumsum.js";
import { gather } from "../ops/gather.js";
import { abs, add, div, equal, greater, maximum, mul, relu, sub, where } from "../ops/pointwise.js";
import { reshape } from "../ops/reshape.js";
import { sort } from "../ops/sort.js";
import { sum } from "../ops/sum.js";
import type { FloatDType } from "../runtime/dtype.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { sizeOf } from "../runtime/shape.js";
import { chosenActivation, probabilities, type LossActivation } from "./probabilities.js";
import { checkChoice, checkFlags, checkLoss, perClass, reduceLoss, targets, toF32, type PixelOptions } from "./targets.js";

export interface LovaszHingeLossOptions extends Pick<PixelOptions, "ignoreIndex"> {
  /** A loss for every image, and their mean, instead of one for the batch. Default false. */
  perImage?: boolean | undefined;
}

export interface LovaszSoftmaxLossOptions extends LovaszHingeLossOptions {
  /** Which classes the mean is over: those with a target pixel (in the batch, or the image), or "all". Default "present". */
  classes?: "present" | "all" | undefined;
  /** "softmax" over the classes, a "sigmoid" for each, or "none" for what are probabilities already. Default softmax, and sigmoid for a single logit. */
  activation?: LossActivation | undefined;
}

/**
 * The Lovász extension of the Jaccard loss: Σ of the errors in descending order, each times the loss that Jaccard's index takes by its
 * pixel. Errors below 0 do not count.
 *
 * With F and B pixels of fore- and background up to and with the k-th, and G foreground in all, the index falls at a pixel of the
 * foreground by 1 / U, and at one of the background by I / (U·(U − 1)), U = G + B and I = G − F: the differences of Berman's
 * 1 − I / U without their cancellation.
 *
 * @param errors [groups, pixels, classes]
 * @param y the same shape: 1 in the foreground, else 0; constant
 * @returns `losses` and G, both [groups, classes]
 */
function lovaszExtension(errors: Tensor<"f32">, y: Tensor<"f32">): { losses: Tensor<"f32">; real: Tensor<"f32"> } {
  const { values, indices } = sort(errors, { axis: 1, descending: true });
  const hit = gather(y, indices, { axis: 1 });
  const total = sum(y, { axes: [1], keepDims: true });
  const union = add(total, cumsum(sub(1, hit), { axis: 1 }));
  const left = sub(total, cumsum(hit, { axis: 1 }));
  // U is 1 at a pixel of the background only where there is no foreground: the first one takes all.
  const fall = where(hit, div(1, union), where(equal(union, 1), 1, div(left, mul(union, maximum(sub(union, 1), 1)))));
  return { losses: sum(mul(relu(values), fall), { axes: [1] }), real: reshape(total, [errors.shape[0]!, errors.shape[2]!]) };
}

/** [..., classes] as [groups, pixels, classes], a group being an image or the batch. */
const grouped = (x: Tensor<"f32">, perImage: boolean): Tensor<"f32"> => {
  const pixels = sizeOf(x.shape.slice(perImage ? 1 : 0, -1));
  return reshape(x, [perImage ? x.shape[0]! : 1, pixels, x.shape.at(-1)!]);
};

function check(op: string, logits: TensorLike, labels: TensorLike, { ignoreIndex, perImage = false }: LovaszHingeLossOptions): void {
  checkLoss(op, logits, labels, { ignoreIndex });
  checkFlags(op, { perImage });
  if (perClass(logits, labels) && (labels.dtype === "f32" || labels.dtype === "f16")) throw new OptionError(`${op}: labels must be whole numbers; the loss is not defined for probabilities.`);
  if (perImage && logits.shape.length < 3) throw new ShapeError(op, "perImage needs logits with images along the first axis and pixels between it and the classes", { logits: logits.shape });
}

/**
 * Lovász-softmax loss (Berman et al. 2018), a convex extension of 1 − IoU of each class, averaged over classes: errors |y − p| are sorted on the GPU,
 * and each counts with the loss of intersection over union that its pixel brings. The order is constant to the gradient. Ignored pixels are
 * left out; where none is left, or no class present, the loss is 0. Counts are exact up to 2²⁴ pixels a group.
 *
 * @param logits f32 or f16 [..., classes]; one class is a single-logit head
 * @param labels u8, u32 or i32 [...], or whole numbers 0 and 1 [..., classes] (with activation "sigmoid")
 * @returns f32, a scalar (shape [])
 * @throws ShapeError, DTypeError or OptionError for arguments that do not fit
 *
 * @pytorch bermanmaxim/LovaszSoftmax lovasz_softmax, segmentation_models_pytorch.losses.LovaszLoss
 */
export function lovaszSoftmaxLoss(logits: TensorLike<FloatDType>, labels: TensorLike, options: LovaszSoftmaxLossOptions = {}): Tensor<"f32"> {
  if (!capturing()) return runEagerly(() => lovaszSoftmaxLoss(logits, labels, options));
  checkOptions("lovaszSoftmaxLoss", options, ["classes", "perImage", "ignoreIndex", "activation"]);
  const { classes = "present", perImage = false } = options;
  check("lovaszSoftmaxLoss", logits, labels, options);
  checkChoice("lovaszSoftmaxLoss", "classes", classes, ["present", "all"]);
  const activation = chosenActivation("lovaszSoftmaxLoss", logits.shape.at(-1)!, options.activation);
  if (activation === "softmax" && perClass(logits, labels)) throw new OptionError('lovaszSoftmaxLoss: several labels a pixel (whole numbers of the shape of logits) need activation "sigmoid". For a softmax give one class number per pixel.');
  const p = probabilities("lovaszSoftmaxLoss", toF32(logits), activation);
  const { y, measure } = targets(logits, labels, options);
  const errors = where(measure!, abs(sub(y, p)), -1);
  const { losses, real } = lovaszExtension(grouped(errors, perImage), grouped(y, perImage));
  if (classes === "all") return reduceLoss(losses, undefined, "mean");
  const present = greater(real, 0);
  const count = maximum(sum(present, { axes: [-1] }), 1);
  return reduceLoss(div(sum(mul(losses, present), { axes: [-1] }), count), undefined, "mean");
}

/**
 * Lovász hinge loss (Berman et al. 2018; Yu & Blaschko 2015) of single logits: as `lovaszSoftmaxLoss`, with the hinge errors max(0, 1 − x·s), s = 1 in the
 * foreground and −1 in the background. Several channels are independent, and averaged. Berman's default is a loss per image.
 *
 * @param logits f32 or f16 [..., channels]
 * @param labels u8, u32 or i32 [...] for one channel, or [..., channels]: 1 foreground, 0 background; what is neither does not count
 * @returns f32, a scalar (shape [])
 * @throws ShapeError, DTypeError or OptionError for arguments that do not fit
 *
 * @pytorch bermanmaxim/LovaszSoftmax lovasz_hinge, segmentation_models_pytorch.losses.LovaszLoss("binary")
 */
export function lovaszHingeLoss(logits: TensorLike<FloatDType>, labels: TensorLike, options: LovaszHingeLossOptions = {}): Tensor<"f32"> {
  if (!capturing()) return runEagerly(() => lovaszHingeLoss(logits, labels, options));
  checkOptions("lovaszHingeLoss", options, ["perImage", "ignoreIndex"]);
  const { perImage = false } = options;
  check("lovaszHingeLoss", logits, labels, options);
  if (logits.shape.at(-1) !== 1 && !perClass(logits, labels))
    throw new ShapeError("lovaszHingeLoss", "logits must have one channel; use lovaszSoftmaxLoss for several classes, or labels of the shape of logits for several a pixel", { logits: logits.shape });
  const { y, measure } = targets(logits, labels, options);
  const errors = where(measure!, sub(1, mul(toF32(logits), sub(mul(y, 2), 1))), -1);
  return reduceLoss(lovaszExtension(grouped(errors, perImage), grouped(y, perImage)).losses, undefined, "mean");
}
