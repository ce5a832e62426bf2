import type { Tensor, TensorLike } from "../graph/tensor.js";
import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { FloatDType } from "../runtime/dtype.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { sizeOf } from "../runtime/shape.js";
import { checkEps, mapSizes, recordNorm } from "./group-norm-op.js";
import { full } from "./pointwise.js";
import { requireNormFloats, requireTensors, requireWhole } from "./require.js";

/** Scale and shift of a norm, and what keeps its root from 0. */
export interface NormOptions {
  /** The scale, f32 or of the dtype of x; 1 when absent. */
  weight?: TensorLike<FloatDType> | undefined;
  /** The shift, f32 or of the dtype of x; 0 when absent. */
  bias?: TensorLike<FloatDType> | undefined;
  /** Added to the variance before the root. Default 1e-5. */
  eps?: number | undefined;
}

export interface GroupNormOptions extends NormOptions {
  /** Number of groups that the channels are divided into; 1 normalises each image as a whole. */
  groups: number;
}

/** Group and instance norm: their checks, and the affine part filled in. */
export function normOfMaps<D extends FloatDType>(op: "groupNorm" | "instanceNorm", x: TensorLike<D>, groups: number, { weight, bias, eps = 1e-5 }: NormOptions): Tensor<D> {
  requireNormFloats(op, x, { weight, bias });
  checkEps(op, eps);
  if (x.shape.length < 2) throw new ShapeError(op, "x needs at least two axes: images and channels, with those of the pixels in between", { x: x.shape });
  const sizes = mapSizes(x.shape);
  if (sizeOf(x.shape) === 0) throw new ShapeError(op, "x has no elements", { x: x.shape });
  for (const [name, t] of Object.entries({ weight, bias }))
    if (t && (t.shape.length !== 1 || t.shape[0] !== sizes.channels)) throw new ShapeError(op, `${name} must hold one number for each of the ${sizes.channels} channels of x`, { x: x.shape, [name]: t.shape });
  const compute = (): Tensor<D> => {
    const [gamma, beta] = [weight ?? full([sizes.channels], 1), bias ?? full([sizes.channels], 0)];
    return recordNorm(op, { x: x as Tensor, gamma: gamma as Tensor, beta: beta as Tensor }, { ...sizes, width: sizes.channels / groups, eps }) as Tensor<D>;
  };
  return capturing() ? compute() : runEagerly(compute);
}

/**
 * Group normalisation (Wu & He 2018): each image's channels are divided into groups of neighbours, and each group is brought
 * to mean 0 and (biased) variance 1 over its channels and all pixels, then scaled and shifted per channel:
 * out = (x − mean) / √(variance + eps) · weight + bias. The same in training and evaluation.
 *
 * @param x f32 or f16 [N, ..., C] (NHWC feature maps, or any number of pixel axes); statistics are f32
 * @returns the shape and dtype of x
 * @throws OptionError when the groups do not divide the channels, ShapeError when sizes do not fit or a group of the whole batch has one value only
 * @pytorch torch.nn.functional.group_norm
 * @onnx GroupNormalization
 */
export function groupNorm<D extends FloatDType = "f32">(x: TensorLike<D>, options: GroupNormOptions): Tensor<D> {
  requireTensors("groupNorm", { x });
  checkOptions("groupNorm", options, ["groups", "weight", "bias", "eps"]);
  const { groups } = options;
  requireWhole("groupNorm", "groups", groups, 1);
  const channels = x.shape.at(-1) ?? 0;
  if (channels % groups !== 0) throw new OptionError(`groupNorm: groups (${groups}) must divide the channels of x (${channels}).`);
  if (sizeOf(x.shape) === groups) throw new ShapeError("groupNorm", "it needs more than one value per group", { x: x.shape });
  return normOfMaps("groupNorm", x, groups, options);
}
