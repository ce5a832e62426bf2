import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerOneHot } from "../kernels/one-hot.js";
import { OptionError } from "../runtime/errors.js";
import { checkLabels } from "./last-axis.js";

const oneHotOp = defineOp({
  name: "oneHot",
  shape: ({ labels }: { labels: Spec }, { classes }: { classes: number }): Spec => {
    checkLabels("oneHot", "labels", labels);
    if (!Number.isInteger(classes) || classes < 1) throw new OptionError(`oneHot: classes must be a whole number of at least 1 but is ${classes}.`);
    return { shape: [...labels.shape, classes], dtype: "f32" };
  },
  gradient: { labels: null },
  lower: lowerOneHot,
});

/**
 * Class numbers as rows with a single 1: out[..., c] = 1 where labels[...] = c. Labels outside 0 … classes − 1 (ignored ones,
 * say) give rows of zeros.
 *
 * @param labels u8, u32 or i32, any shape
 * @returns f32 [..., classes]
 * @throws DTypeError for f32 labels, OptionError for a bad number of classes
 *
 * @pytorch torch.nn.functional.one_hot
 * @onnx OneHot
 */
export function oneHot(labels: TensorLike, classes: number): Tensor<"f32"> {
  return oneHotOp({ labels }, { classes }) as Tensor<"f32">;
}
