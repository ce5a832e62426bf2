import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerAvgPool2d, lowerAvgPool2dGradient, type AvgPool2dParams } from "../kernels/avg-pool2d.js";
import type { FloatDType } from "../runtime/dtype.js";
import { checkOptions } from "../runtime/errors.js";
import { flag, requireFloat, requireWhole } from "./require.js";
import { pooledShape, poolWindow, type Pair, type PairLike } from "./window.js";

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
    requireFloat("avgPool2d", "x", x);
    return { shape: pooledShape("avgPool2d", x.shape, o), dtype: x.dtype };
  },
  gradient: { x: (grad, { x }, o): Tensor => avgPool2dGradientOp({ grad }, { ...o, size: [x.shape[1]!, x.shape[2]!] }) },
  lower: lowerAvgPool2d,
});

/** Spreads the gradient of every window evenly over its positions. */
const avgPool2dGradientOp = defineOp({
  name: "avgPool2dGradient",
  shape: ({ grad }: { grad: Spec }, { size }: Params & { readonly size: Pair }) => {
    requireFloat("avgPool2dGradient", "grad", grad);
    return { shape: [grad.shape[0]!, ...size, grad.shape[3]!], dtype: grad.dtype };
  },
  gradient: { grad: (grad, _inputs, { size: _size, ...o }): Tensor => avgPool2dOp({ x: grad }, o) },
  lower: lowerAvgPool2dGradient,
});

/** The options of average pooling, checked and complete; `op` is named in the errors. */
export function avgPoolParams(op: string, options: AvgPool2dOptions): Params {
  checkOptions(op, options, ["kernelSize", "stride", "padding", "ceilMode", "countIncludePad", "divisorOverride"]);
  const window = poolWindow(op, options);
  if (options.divisorOverride !== undefined) requireWhole(op, "divisorOverride", options.divisorOverride, 1);
  return { ...window, countIncludePad: flag(op, "countIncludePad", options.countIncludePad, true), divisorOverride: options.divisorOverride ?? 0 };
}

/**
 * The mean of each window, with PyTorch's divisors.
 *
 *   size of an axis = floor (ceilMode: ceil) of (n + 2 padding − kernelSize) / stride, plus 1,
 *   where ceil mode drops a last window that would begin beyond x and its first padding
 *   divisor = the positions of the window within x and its padding (countIncludePad) or within x alone, or divisorOverride
 *
 * @param x [N, H, W, C], f32 or f16
 * @returns [N, height, width, C], the dtype of x
 * @throws OptionError for padding above half of kernelSize and a divisor below 1, ShapeError when no window fits
 * @pytorch torch.nn.functional.avg_pool2d
 * @onnx AveragePool (count_include_pad there is 0 by default; divisorOverride has no counterpart)
 */
export function avgPool2d<D extends FloatDType = "f32">(x: TensorLike<D>, options: AvgPool2dOptions): Tensor<D> {
  return avgPool2dOp({ x }, avgPoolParams("avgPool2d", options)) as Tensor<D>;
}
