import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerMaxPool2d, lowerMaxPool2dGradient, lowerMaxPool2dIndices, lowerMaxPool2dWithIndices, type MaxPool2dParams } from "../kernels/max-pool2d.js";
import { checkOptions } from "../runtime/errors.js";
import { requireDType } from "./require.js";
import { checkPoolPadding, checkWindowsTouch, pair, pooledShape, type Pair, type PairLike } from "./window.js";

export interface MaxPool2dOptions {
  /** Height and width of the window, in positions of x. */
  kernelSize: PairLike;
  /** Distance of neighbouring windows. Default: kernelSize. */
  stride?: PairLike;
  /** Rows and columns of -infinity around x, at most half of kernelSize. Default 0. */
  padding?: PairLike;
  /** Distance of neighbouring positions of one window. Default 1. */
  dilation?: PairLike;
  /** Round the output size up, so that the last rows and columns are never left out. Default false. */
  ceilMode?: boolean;
}

interface Params extends MaxPool2dParams {
  readonly ceilMode: boolean;
}

function pooled(x: Spec, o: Params): Spec {
  requireDType("maxPool2d", "x", x, "f32");
  const shape = pooledShape("maxPool2d", x.shape, o);
  checkWindowsTouch("maxPool2d", x.shape, shape, o);
  return { shape, dtype: "f32" };
}

const gradientOptions = (o: Params, x: Tensor) => ({
  kernelSize: o.kernelSize, stride: o.stride, padding: o.padding, dilation: o.dilation, size: [x.shape[1]!, x.shape[2]!] as Pair,
});

/** Values alone. The gradient finds the indices again: they cost a pass over x, and no memory while the forward pass lasts. */
const maxPool2dOp = defineOp({
  name: "maxPool2d",
  shape: ({ x }: { x: Spec }, o: Params) => pooled(x, o),
  gradient: { x: (grad, { x }, o) => maxPool2dGradientOp({ grad, indices: maxPool2dIndicesOp({ x }, o) }, gradientOptions(o, x)) },
  lower: lowerMaxPool2d,
});

const maxPool2dWithIndicesOp = defineOp({
  name: "maxPool2dWithIndices",
  shape: ({ x }: { x: Spec }, o: Params) => {
    const out = pooled(x, o);
    return { out, indices: { shape: out.shape, dtype: "u32" } };
  },
  gradient: { x: ({ out: grad }, { x }, o, { indices }) => grad && maxPool2dGradientOp({ grad, indices }, gradientOptions(o, x)) },
  lower: lowerMaxPool2dWithIndices,
});

const maxPool2dIndicesOp = defineOp({
  name: "maxPool2dIndices",
  shape: ({ x }: { x: Spec }, o: Params) => ({ shape: pooled(x, o).shape, dtype: "u32" }),
  gradient: { x: null },
  lower: lowerMaxPool2dIndices,
});

/** Sends the gradient of every window to the position its index names. */
const maxPool2dGradientOp = defineOp({
  name: "maxPool2dGradient",
  shape: ({ grad }: { grad: Spec; indices: Spec }, { size }: MaxPool2dParams & { readonly size: Pair }) => {
    requireDType("maxPool2dGradient", "grad", grad, "f32");
    return { shape: [grad.shape[0]!, ...size, grad.shape[3]!], dtype: "f32" };
  },
  gradient: { indices: null },
  lower: lowerMaxPool2dGradient,
});

function normalise(options: MaxPool2dOptions): Params {
  const op = "maxPool2d";
  checkOptions(op, options, ["kernelSize", "stride", "padding", "dilation", "ceilMode"]);
  const kernelSize = pair(op, "kernelSize", options.kernelSize, 1);
  const padding = pair(op, "padding", options.padding ?? 0, 0);
  checkPoolPadding(op, kernelSize, padding);
  return {
    kernelSize,
    stride: pair(op, "stride", options.stride ?? kernelSize, 1),
    padding,
    dilation: pair(op, "dilation", options.dilation ?? 1, 1),
    ceilMode: options.ceilMode ?? false,
  };
}

/**
 * The largest value of each window. Padding counts as -infinity; NaN in a window makes its result NaN.
 *
 *   size of an axis = floor (ceilMode: ceil) of (n + 2 padding − dilation (kernelSize − 1) − 1) / stride, plus 1,
 *   where ceil mode drops a last window that would begin beyond x and its first padding (PyTorch's rule)
 *
 * @param x [N, H, W, C], f32
 * @returns [N, height, width, C]
 * @throws OptionError for padding above half of kernelSize, ShapeError when no window fits
 */
export function maxPool2d(x: TensorLike, options: MaxPool2dOptions): Tensor<"f32"> {
  return maxPool2dOp({ x }, normalise(options)) as Tensor<"f32">;
}

/**
 * `maxPool2d` that also says where each value stood, for `maxUnpool2d`.
 *
 * @param x [N, H, W, C], f32
 * @returns `out` [N, height, width, C] and `indices` of the same shape, u32: h·W + w within the plane of x. The first of
 *   equal values (in row-major order of the window) is named; of several NaN the last, as in PyTorch.
 */
export function maxPool2dWithIndices(x: TensorLike, options: MaxPool2dOptions): { out: Tensor<"f32">; indices: Tensor<"u32"> } {
  return maxPool2dWithIndicesOp({ x }, normalise(options)) as { out: Tensor<"f32">; indices: Tensor<"u32"> };
}
