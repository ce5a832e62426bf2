import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerAvgPool2d, lowerAvgPool2dGradient, type AvgPool2dParams } from "../kernels/avg-pool2d.js";
import { checkOptions } from "../runtime/errors.js";
import { requireDType, requireWhole } from "./require.js";
import { checkPoolPadding, pair, pooledShape, type Pair, type PairLike } from "./window.js";

export interface AvgPool2dOptions {
  /** Height and width of the window, in positions of x. */
  kernelSize: PairLike;
  /** Distance of neighbouring windows. Default: kernelSize. */
  stride?: PairLike;
  /** Rows and columns of zeros around x, at most half of kernelSize. Default 0. */
  padding?: PairLike;
  /** Round the output size up, so that the last rows and columns are never left out. Default false. */
  ceilMode?: boolean;
  /** Whether padding counts in the divisor (what ceil mode adds beyond it never does). Default true. */
  countIncludePad?: boolean;
  /** Divide by this instead of the count: a whole number of at least 1. */
  divisorOverride?: number;
}

interface Params extends AvgPool2dParams {
  readonly ceilMode: boolean;
}

const avgPool2dOp = defineOp({
  name: "avgPool2d",
  shape: ({ x }: { x: Spec }, o: Params) => {
    requireDType("avgPool2d", "x", x, "f32");
    return { shape: pooledShape("avgPool2d", x.shape, o), dtype: "f32" };
  },
  gradient: { x: (grad, { x }, o): Tensor => avgPool2dGradientOp({ grad }, { ...o, size: [x.shape[1]!, x.shape[2]!] }) },
  lower: lowerAvgPool2d,
});

/** Spreads the gradient of every window evenly over its positions. */
const avgPool2dGradientOp = defineOp({
  name: "avgPool2dGradient",
  shape: ({ grad }: { grad: Spec }, { size }: Params & { readonly size: Pair }) => {
    requireDType("avgPool2dGradient", "grad", grad, "f32");
    return { shape: [grad.shape[0]!, ...size, grad.shape[3]!], dtype: "f32" };
  },
  gradient: { grad: (grad, _inputs, { size: _size, ...o }): Tensor => avgPool2dOp({ x: grad }, o) },
  lower: lowerAvgPool2dGradient,
});

/**
 * The mean of each window, with PyTorch's divisors.
 *
 *   size of an axis = floor (ceilMode: ceil) of (n + 2 padding − kernelSize) / stride, plus 1,
 *   where ceil mode drops a last window that would begin beyond x and its first padding
 *
 * @param x [N, H, W, C], f32
 * @returns [N, height, width, C]
 * @throws OptionError for padding above half of kernelSize, ShapeError when no window fits
 */
export function avgPool2d(x: TensorLike, options: AvgPool2dOptions): Tensor<"f32"> {
  const op = "avgPool2d";
  checkOptions(op, options, ["kernelSize", "stride", "padding", "ceilMode", "countIncludePad", "divisorOverride"]);
  const kernelSize = pair(op, "kernelSize", options.kernelSize, 1);
  const padding = pair(op, "padding", options.padding ?? 0, 0);
  checkPoolPadding(op, kernelSize, padding);
  if (options.divisorOverride !== undefined) requireWhole(op, "divisorOverride", options.divisorOverride, 1);
  return avgPool2dOp({ x }, {
    kernelSize,
    stride: pair(op, "stride", options.stride ?? kernelSize, 1),
    padding,
    ceilMode: options.ceilMode ?? false,
    countIncludePad: options.countIncludePad ?? true,
    divisorOverride: options.divisorOverride ?? 0,
  }) as Tensor<"f32">;
}
