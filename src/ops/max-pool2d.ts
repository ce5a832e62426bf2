import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import {
  lowerMaxPool2d, lowerMaxPool2dGradient, lowerMaxPool2dIndices, lowerMaxPool2dWindows, lowerMaxPool2dWindowsGradient, lowerMaxPool2dWindowsPick, lowerMaxPool2dWithIndices,
  type MaxPool2dParams,
} from "../kernels/max-pool2d.js";
import { lowerPick2d } from "../kernels/pick2d.js";
import type { FloatDType } from "../runtime/dtype.js";
import { checkOptions } from "../runtime/errors.js";
import { requireFloat } from "./require.js";
import { checkWindowsTouch, pair, pooledShape, poolWindow, type Pair, type PairLike } from "./window.js";

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
  requireFloat("maxPool2d", "x", x);
  const shape = pooledShape("maxPool2d", x.shape, o);
  checkWindowsTouch("maxPool2d", x.shape, shape, o);
  return { shape, dtype: x.dtype };
}

const gradientOptions = (o: Params, x: Tensor) => ({
  kernelSize: o.kernelSize, stride: o.stride, padding: o.padding, dilation: o.dilation, size: [x.shape[1]!, x.shape[2]!] as Pair,
});

/** Values alone. For the gradient a plan has them computed with the windows, a byte each; for other channels it finds the indices again. */
const maxPool2dOp = defineOp({
  name: "maxPool2d",
  shape: ({ x }: { x: Spec }, o: Params) => pooled(x, o),
  gradient: {
    x: (grad, { x }, o): Tensor => fitsWindows(x, o)
      ? maxPool2dWindowsGradientOp({ grad, windows: maxPool2dWindowsOp({ x }, o).windows }, gradientOptions(o, x))
      : maxPool2dGradientOp({ grad, indices: maxPool2dIndicesOp({ x }, o) }, gradientOptions(o, x)),
  },
  lower: lowerMaxPool2d,
  traits: { within: "maxPool2dWindows" },
});

/** Whether positions in a window are bytes, and those of four channels a word. */
const fitsWindows = (x: Spec, { kernelSize: [kh, kw] }: Params): boolean => x.shape[3]! % 4 === 0 && kh * kw <= 256;

/** Values, and the position of each in its window (row by row), which is what plans keep for the gradient. */
const maxPool2dWindowsOp = defineOp({
  name: "maxPool2dWindows",
  shape: ({ x }: { x: Spec }, o: Params) => {
    const out = pooled(x, o);
    return { out, windows: { shape: out.shape, dtype: "u8" } };
  },
  gradient: { x: ({ out: grad }, { x }, o, { windows }): Tensor | undefined => grad && maxPool2dWindowsGradientOp({ grad, windows }, gradientOptions(o, x)) },
  lower: lowerMaxPool2dWindows,
});

export const maxPool2dWindowsGradientOp = defineOp({
  name: "maxPool2dWindowsGradient",
  shape: ({ grad }: { grad: Spec; windows: Spec }, { size }: GradientParams) => ({ shape: [grad.shape[0]!, ...size, grad.shape[3]!], dtype: grad.dtype }),
  gradient: { grad: (grad, { windows }, o): Tensor => maxPool2dWindowsPickOp({ plane: grad, windows }, o), windows: null },
  lower: lowerMaxPool2dWindowsGradient,
});

/** The transpose of that, which second derivatives need. */
export const maxPool2dWindowsPickOp = defineOp({
  name: "maxPool2dWindowsPick",
  shape: ({ plane, windows }: { plane: Spec; windows: Spec }, _o: GradientParams) => ({ shape: windows.shape, dtype: plane.dtype }),
  gradient: { plane: (grad, { windows }, o): Tensor => maxPool2dWindowsGradientOp({ grad, windows }, o), windows: null },
  lower: lowerMaxPool2dWindowsPick,
});

const maxPool2dWithIndicesOp = defineOp({
  name: "maxPool2dWithIndices",
  shape: ({ x }: { x: Spec }, o: Params) => {
    const out = pooled(x, o);
    return { out, indices: { shape: out.shape, dtype: "u32" } };
  },
  gradient: { x: ({ out: grad }, { x }, o, { indices }) => grad && maxPool2dGradientOp({ grad, indices }, gradientOptions(o, x)) },
  lower: lowerMaxPool2dWithIndices,
  traits: {
    narrowIndices: ({ x }, o: Params) => {
      if (!fitsWindows(x!, o)) return undefined;
      const { out, windows } = maxPool2dWindowsOp({ x: x! }, o);
      return { out, indices: windows };
    },
  },
});

const maxPool2dIndicesOp = defineOp({
  name: "maxPool2dIndices",
  shape: ({ x }: { x: Spec }, o: Params) => ({ shape: pooled(x, o).shape, dtype: "u32" }),
  gradient: { x: null },
  lower: lowerMaxPool2dIndices,
});

type GradientParams = MaxPool2dParams & { readonly size: Pair };

/** Sends the gradient of every window to the position its index names. */
const maxPool2dGradientOp = defineOp({
  name: "maxPool2dGradient",
  shape: ({ grad }: { grad: Spec; indices: Spec }, { size }: GradientParams) => {
    requireFloat("maxPool2dGradient", "grad", grad);
    return { shape: [grad.shape[0]!, ...size, grad.shape[3]!], dtype: grad.dtype };
  },
  gradient: { grad: (grad, { indices }, o): Tensor => maxPool2dPickOp({ plane: grad, indices }, o), indices: null },
  lower: lowerMaxPool2dGradient,
  traits: { readsNarrow: ({ grad, indices }, o: GradientParams) => ({ out: maxPool2dWindowsGradientOp({ grad: grad!, windows: indices! }, o) }) },
});

/** The transpose of that, which second derivatives need: fetches for every window what stands where its index points. */
const maxPool2dPickOp = defineOp({
  name: "maxPool2dPick",
  shape: ({ plane, indices }: { plane: Spec; indices: Spec }, _o: GradientParams) => {
    requireFloat("maxPool2dPick", "plane", plane);
    return { shape: indices.shape, dtype: plane.dtype };
  },
  gradient: { plane: (grad, { indices }, o): Tensor => maxPool2dGradientOp({ grad, indices }, o), indices: null },
  lower: lowerPick2d,
  traits: { readsNarrow: ({ plane, indices }, o: GradientParams) => ({ out: maxPool2dWindowsPickOp({ plane: plane!, windows: indices! }, o) }) },
});

/** The options of max pooling, checked and complete; `op` is named in the errors. */
export function maxPoolParams(op: string, options: MaxPool2dOptions): Params {
  checkOptions(op, options, ["kernelSize", "stride", "padding", "dilation", "ceilMode"]);
  return { ...poolWindow(op, options), dilation: pair(op, "dilation", options.dilation ?? 1, 1) };
}

/**
 * The largest value of each window. Padding counts as -infinity; NaN in a window makes its result NaN.
 *
 *   size of an axis = floor (ceilMode: ceil) of (n + 2 padding − dilation (kernelSize − 1) − 1) / stride, plus 1,
 *   where ceil mode drops a last window that would begin beyond x and its first padding (PyTorch's rule)
 *
 * The gradient of a window goes to the first of its equal values (in row-major order), as PyTorch's does.
 *
 * @param x [N, H, W, C], f32 or f16
 * @returns [N, height, width, C], the dtype of x
 * @throws OptionError for padding above half of kernelSize; ShapeError when no window fits, and for a dilated window that
 *   would see nothing but padding
 * @pytorch torch.nn.functional.max_pool2d
 * @onnx MaxPool
 */
export function maxPool2d<D extends FloatDType = "f32">(x: TensorLike<D>, options: MaxPool2dOptions): Tensor<D> {
  return maxPool2dOp({ x }, maxPoolParams("maxPool2d", options)) as Tensor<D>;
}

/**
 * `maxPool2d` that also says where each value stood, for `maxUnpool2d`.
 *
 * @param x [N, H, W, C], f32 or f16
 * @returns `out` [N, height, width, C], the dtype of x, and `indices` of the same shape, u32: h·W + w within the plane of x.
 *   The first of equal values (in row-major order of the window) is named; of several NaN the last, as in PyTorch.
 * @throws what `maxPool2d` throws
 * @pytorch torch.nn.functional.max_pool2d with return_indices=True (its indices are i64)
 * @onnx MaxPool with its second output (which counts channels in the index as well)
 */
export function maxPool2dWithIndices<D extends FloatDType = "f32">(x: TensorLike<D>, options: MaxPool2dOptions): { out: Tensor<D>; indices: Tensor<"u32"> } {
  return maxPool2dWithIndicesOp({ x }, maxPoolParams("maxPool2d", options)) as { out: Tensor<D>; indices: Tensor<"u32"> };
}
