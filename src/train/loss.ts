import type { Tensor } from "../graph/tensor.js";
import { IGNORED } from "../data/dataset.js";
import { cast } from "../ops/cast.js";
import { crossEntropy } from "../ops/cross-entropy.js";
import { div, equal, maximum, mul, softplus, sub } from "../ops/pointwise.js";
import { reshape } from "../ops/reshape.js";
import { sum } from "../ops/sum.js";

/**
 * From logits f32 `[n, height, width, classes]` and a mask of class numbers u8 `[n, height, width]` (255 = ignored) to one number.
 */
export type LossFunction = (logits: Tensor<"f32">, mask: Tensor<"u8">) => Tensor;

/** Cross-entropy over the classes; for a single logit, that of its sigmoid. A batch without a counting pixel costs 0. */
export const crossEntropyLoss: LossFunction = (logits, mask) =>
  logits.shape.at(-1) === 1 ? binaryCrossEntropy(logits, mask) : crossEntropy(logits, mask, { ignoreIndex: IGNORED, emptyIsZero: true });

/** Mean of log(1 + eˣ) − x·y over the pixels that count. */
function binaryCrossEntropy(logits: Tensor<"f32">, mask: Tensor<"u8">): Tensor {
  const x = reshape(logits, mask.shape);
  const labels = cast(mask, "f32");
  const counts = sub(1, equal(labels, IGNORED));
  const cost = mul(counts, sub(softplus(x), mul(x, labels)));
  return div(sum(cost as Tensor<"f32">), maximum(sum(counts as Tensor<"f32">), 1));
}
