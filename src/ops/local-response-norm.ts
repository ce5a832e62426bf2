import type { Tensor, TensorLike } from "../graph/tensor.js";
import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import { defineOp, type Spec } from "../graph/op.js";
import { lowerChannelSums, type ChannelWindow } from "../kernels/local-response-norm.js";
import type { FloatDType } from "../runtime/dtype.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { checkRank } from "../runtime/shape.js";
import { cast } from "./cast.js";
import { add, mul, pow, square } from "./pointwise.js";
import { requireFloat, requireWhole } from "./require.js";

export interface LocalResponseNormOptions {
  /** Channels of a window, centred on the channel; of an even number the extra one comes before it. */
  size: number;
  /** Default 1e-4. */
  alpha?: number;
  /** Default 0.75. */
  beta?: number;
  /** Default 1. */
  k?: number;
}

/** Σ over a window of channels around each. A channel is in the windows of those whose windows it would hold mirrored. */
const channelSumsOp = defineOp({
  name: "channelWindowSums",
  shape: ({ x }: { x: Spec }, _o: ChannelWindow): Spec => ({ shape: x.shape, dtype: x.dtype }),
  gradient: { x: (grad, _inputs, { before, after }): Tensor => channelSumsOp({ x: grad }, { before: after, after: before }) },
  lower: lowerChannelSums,
});

/**
 * Local response normalisation across channels (Krizhevsky et al. 2012), with PyTorch's and Caffe's division of alpha by the size:
 *
 *     out[c] = x[c] / (k + alpha / size · Σ over the window around c of x²) ^ beta
 *
 * @param x f32 or f16 [N, H, W, C]
 * @returns the same shape
 * @throws OptionError for options that are not finite, or a size below 1
 *
 * @pytorch torch.nn.functional.local_response_norm
 * @onnx LRN
 */
export function localResponseNorm<D extends FloatDType = "f32">(x: TensorLike<D>, options: LocalResponseNormOptions): Tensor<D> {
  if (!capturing()) return runEagerly(() => localResponseNorm(x, options));
  checkOptions("localResponseNorm", options, ["size", "alpha", "beta", "k"]);
  const { size, alpha = 1e-4, beta = 0.75, k = 1 } = options;
  requireWhole("localResponseNorm", "size", size, 1);
  for (const [name, value] of Object.entries({ alpha, beta, k })) if (!Number.isFinite(value)) throw new OptionError(`localResponseNorm: ${name} must be a finite number but is ${value}.`);
  requireFloat("localResponseNorm", "x", x);
  checkRank("localResponseNorm", "x", x.shape, "NHWC");
  const before = Math.floor(size / 2);
  const wide = cast(x, "f32"); // squares soon leave the range of f16
  const sums = channelSumsOp({ x: square(wide) }, { before, after: size - 1 - before });
  return cast(mul(wide, pow(add(mul(sums, alpha / size), k), -beta)), x.dtype);
}
