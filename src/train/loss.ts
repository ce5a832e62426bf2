import type { Tensor } from "../graph/tensor.js";
import { IGNORED } from "../data/dataset.js";
import { binaryCrossEntropy } from "../losses/binary-cross-entropy.js";
import { crossEntropy } from "../ops/cross-entropy.js";

/**
 * From logits f32 `[n, height, width, classes]` and a mask of class numbers u8 `[n, height, width]` (255 = ignored) to one number.
 */
export type LossFunction = (logits: Tensor<"f32">, mask: Tensor<"u8">) => Tensor<"f32">;

/** Cross-entropy over the classes; for a single logit, that of its sigmoid. A batch without a counting pixel costs 0. */
export const crossEntropyLoss = (logits: Tensor<"f32">, mask: Tensor<"u8">): Tensor<"f32"> =>
  logits.shape.at(-1) === 1 ? binaryCrossEntropy(logits, mask, { ignoreIndex: IGNORED }) : crossEntropy(logits, mask, { ignoreIndex: IGNORED, emptyIsZero: true });
