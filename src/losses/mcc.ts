import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { add, mul, rsqrt, sub } from "../ops/pointwise.js";
import type { FloatDType } from "../runtime/dtype.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { averageClasses, region, regionOptions, type RegionLossOptions } from "./overlap.js";

export interface MccLossOptions extends RegionLossOptions {
  /** Added to each of TP, TN, FP and FN. Default 1e-5. */
  eps?: number | undefined;
}

/**
 * Loss by Matthews' correlation coefficient (Abhishek & Hamarneh 2021), the mean over classes of
 *
 *     1 − (TP·TN − FP·FN) / √((TP + FP)(TP + FN)(TN + FP)(TN + FN))
 *
 * of soft counts: TP = Σ p·y + eps, FP = Σ p·(1 − y) + eps, FN = Σ (1 − p)·y + eps, TN = Σ (1 − p)·(1 − y) + eps. It is 0 for a perfect
 * segmentation, 1 where prediction and target have nothing to do with each other, 2 for the exact opposite; where a class fills
 * the images or is absent it is near 1. smp has it for single logits, whose probabilities it takes: `activation: "none"`.
 *
 * @param logits f32 or f16 [..., classes]; one class is a single-logit head
 * @param labels u8, u32 or i32 [...], or targets per class [..., classes]: f32 probabilities, or whole numbers 0 and 1
 * @returns f32, a scalar (shape []), or for `reduction: "none"` [classes] or [n, classes]
 * @throws ShapeError, DTypeError or OptionError for arguments that do not fit
 *
 * @pytorch segmentation_models_pytorch.losses.MCCLoss
 */
export function mccLoss(logits: TensorLike<FloatDType>, labels: TensorLike, options: MccLossOptions = {}): Tensor<"f32"> {
  if (!capturing()) return runEagerly(() => mccLoss(logits, labels, options));
  checkOptions("mccLoss", options, ["eps", ...regionOptions]);
  const { eps = 1e-5, perImage = false } = options;
  if (!(eps > 0 && Number.isFinite(eps))) throw new OptionError(`mccLoss: eps must be a number above 0 but is ${eps}.`);
  const { p, y, total } = region("mccLoss", logits, labels, options, perImage);
  const [notP, notY] = [sub(1, p), sub(1, y)];
  const count = (a: Tensor<"f32">, b: Tensor<"f32">): Tensor<"f32"> => add(total(mul(a, b)), eps);
  const [tp, fp, fn, tn] = [count(p, y), count(p, notY), count(notP, y), count(notP, notY)];
  const scale = mul(mul(rsqrt(add(tp, fp)), rsqrt(add(tp, fn))), mul(rsqrt(add(tn, fp)), rsqrt(add(tn, fn))));
  return averageClasses(sub(1, mul(sub(mul(tp, tn), mul(fp, fn)), scale)), options);
}
