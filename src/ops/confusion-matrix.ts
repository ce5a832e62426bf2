import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerAccumulateCounts, lowerConfusionMatrix, type ConfusionMatrixParams } from "../kernels/confusion-matrix.js";
import { DTypeError, ShapeError, checkOptions } from "../runtime/errors.js";
import { sameShape } from "../runtime/shape.js";
import { checkIgnoreIndex, checkLabels } from "./last-axis.js";
import { requireWhole } from "./require.js";

const NAME = "confusionMatrix";

const confusionMatrixOp = defineOp({
  name: NAME,
  shape: ({ predicted, labels }: { predicted: Spec; labels: Spec }, { classes, predictedClasses, perImage }: ConfusionMatrixParams): Spec => {
    checkLabels(NAME, "predicted", predicted);
    checkLabels(NAME, "labels", labels);
    if (!sameShape(predicted.shape, labels.shape)) throw new ShapeError(NAME, "predicted and labels must have the same shape", { predicted: predicted.shape, labels: labels.shape });
    if (perImage && labels.shape.length === 0) throw new ShapeError(NAME, "perImage needs a first axis (images)", { labels: labels.shape });
    return { shape: [...(perImage ? [labels.shape[0]!] : []), classes, predictedClasses], dtype: "u32" };
  },
  gradient: { predicted: null, labels: null },
  lower: lowerConfusionMatrix,
});

const accumulateCountsOp = defineOp({
  name: "accumulateCounts",
  shape: ({ total, counts }: { total: Spec; counts: Spec }): Spec => {
    if (total.dtype !== "u32" || counts.dtype !== "u32") throw new DTypeError(`accumulateCounts: total and counts must be u32 but are ${total.dtype} and ${counts.dtype}.`);
    if (!sameShape(total.shape, [2, ...counts.shape])) throw new ShapeError("accumulateCounts", "total must have the shape of counts with an axis of 2 (low and high words) in front", { total: total.shape, counts: counts.shape });
    return { shape: total.shape, dtype: "u32" };
  },
  gradient: { total: null, counts: null },
  lower: lowerAccumulateCounts,
});

export interface ConfusionMatrixOptions {
  /** Number of classes, at least 1. */
  classes: number;
  /** Label of pixels that do not count. Default −100, which u8 and u32 masks never hold. */
  ignoreIndex?: number | undefined;
  /** How many values `predicted` takes (the columns), when it is no class: bins of a probability, say. Default `classes`. */
  predictedClasses?: number | undefined;
  /** One matrix for each image (the first axis) instead of one for all. Default false. */
  perImage?: boolean | undefined;
}

/**
 * Counts how often each true class was predicted as each class, in exact whole numbers.
 * Pixels whose label is `ignoreIndex` are skipped, and so are pixels whose label or prediction is not a class.
 *
 * @param predicted class numbers, u8, u32 or i32, any shape
 * @param labels the truth, of the same shape
 * @returns u32 [classes, predictedClasses], or [images, classes, predictedClasses]: a row per true class, a column per predicted class
 * @throws ShapeError, DTypeError or OptionError for arguments that do not fit
 * @pytorch torchmetrics.functional.confusion_matrix
 * @onnx none
 */
export function confusionMatrix(predicted: TensorLike, labels: TensorLike, options: ConfusionMatrixOptions): Tensor<"u32"> {
  checkOptions(NAME, options, ["classes", "ignoreIndex", "predictedClasses", "perImage"]);
  const { classes, ignoreIndex = -100, predictedClasses = classes, perImage = false } = options;
  requireWhole(NAME, "classes", classes, 1);
  requireWhole(NAME, "predictedClasses", predictedClasses, 1);
  checkIgnoreIndex(NAME, ignoreIndex);
  return confusionMatrixOp({ predicted, labels }, { classes, predictedClasses, ignoreIndex, perImage }) as Tensor as Tensor<"u32">;
}

/**
 * Adds counts to a running total of 64-bit numbers, which no data set overflows. A total is kept as u32 [2, ...]: low words,
 * then high words. `total64` reads it.
 *
 * @param total u32 [2, ...]
 * @param counts u32 [...]
 * @returns the new total, u32 [2, ...]
 * @pytorch none: int64 counts
 * @onnx none
 */
export function accumulateCounts(total: TensorLike<"u32">, counts: TensorLike<"u32">): Tensor<"u32"> {
  return accumulateCountsOp({ total, counts }, {}) as Tensor as Tensor<"u32">;
}

/**
 * The numbers of a total made by `accumulateCounts`, exact up to 2⁵³.
 *
 * @pytorch none: int64 counts
 */
export function total64(words: Uint32Array): number[] {
  const size = words.length / 2;
  return Array.from({ length: size }, (_, i) => words[i]! + words[size + i]! * 2 ** 32);
}
