import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerAdaptiveMaxPool2d, lowerAdaptiveMaxPool2dGradient } from "../kernels/adaptive-max-pool2d.js";
import { lowerPick2d } from "../kernels/pick2d.js";
import type { FloatDType } from "../runtime/dtype.js";
import { adaptivePoolParams } from "./adaptive-avg-pool2d.js";
import { requireFloat } from "./require.js";
import { binnedShape, type Bins, type BinsLike, type Pair } from "./window.js";

export interface AdaptiveMaxPool2dOptions {
  /** Bins along the height and the width; null keeps as many as x has positions there. */
  outputSize: BinsLike;
}

interface Params {
  readonly size: Bins;
}

interface PlaneParams {
  readonly size: Pair;
}

const adaptiveMaxPool2dOp = defineOp({
  name: "adaptiveMaxPool2d",
  shape: ({ x }: { x: Spec }, { size }: Params) => {
    requireFloat("adaptiveMaxPool2d", "x", x);
    const shape = binnedShape("adaptiveMaxPool2d", x.shape, size);
    return { out: { shape, dtype: x.dtype }, indices: { shape, dtype: "u32" } };
  },
  gradient: {
    x: ({ out: grad }, { x }, _o, { indices }): Tensor | undefined => grad && adaptiveMaxPool2dGradientOp({ grad, indices }, { size: [x.shape[1]!, x.shape[2]!] }),
  },
  lower: lowerAdaptiveMaxPool2d,
});

/** Sends the gradient of every bin to the position its index names. */
const adaptiveMaxPool2dGradientOp = defineOp({
  name: "adaptiveMaxPool2dGradient",
  shape: ({ grad }: { grad: Spec; indices: Spec }, { size }: PlaneParams) => {
    requireFloat("adaptiveMaxPool2dGradient", "grad", grad);
    return { shape: [grad.shape[0]!, ...size, grad.shape[3]!], dtype: grad.dtype };
  },
  gradient: { grad: (grad, { indices }, o): Tensor => adaptiveMaxPool2dPickOp({ plane: grad, indices }, o), indices: null },
  lower: lowerAdaptiveMaxPool2dGradient,
});

/** The transpose of that, which second derivatives need: fetches for every bin what stands where its index points. */
const adaptiveMaxPool2dPickOp = defineOp({
  name: "adaptiveMaxPool2dPick",
  shape: ({ plane, indices }: { plane: Spec; indices: Spec }, _o: PlaneParams) => {
    requireFloat("adaptiveMaxPool2dPick", "plane", plane);
    return { shape: indices.shape, dtype: plane.dtype };
  },
  gradient: { plane: (grad, { indices }, o): Tensor => adaptiveMaxPool2dGradientOp({ grad, indices }, o), indices: null },
  lower: lowerPick2d,
});

/**
 * The largest value of each of a fixed number of bins that cover the plane, whatever its size: bin i of o over n positions is
 * floor(i n / o) … ceil((i + 1) n / o), so that neighbouring bins overlap when o does not divide n (PyTorch's rule).
 * NaN in a bin makes its result NaN. The gradient of a bin goes to the first of its equal values, in row-major order.
 *
 * @param x [N, H, W, C], f32 or f16
 * @returns [N, outputSize[0] ?? H, outputSize[1] ?? W, C], the dtype of x
 * @throws OptionError for sizes below 1, ShapeError for a plane without positions
 * @pytorch torch.nn.functional.adaptive_max_pool2d
 * @onnx none (GlobalMaxPool for outputSize 1; MaxPool when the bins divide the plane)
 */
export function adaptiveMaxPool2d<D extends FloatDType = "f32">(x: TensorLike<D>, options: AdaptiveMaxPool2dOptions): Tensor<D> {
  return adaptiveMaxPool2dWithIndices(x, options).out;
}

/**
 * `adaptiveMaxPool2d` that also says where each value stood.
 *
 * @param x [N, H, W, C], f32 or f16
 * @returns `out` and `indices` of the same shape, u32: h·W + w within the plane of x. The first of equal values (in row-major
 *   order of the bin) is named; of several NaN the last, as in PyTorch.
 * @throws what `adaptiveMaxPool2d` throws
 * @pytorch torch.nn.functional.adaptive_max_pool2d with return_indices=True (its indices are i64)
 * @onnx none (it has no adaptive bins)
 */
export function adaptiveMaxPool2dWithIndices<D extends FloatDType = "f32">(x: TensorLike<D>, options: AdaptiveMaxPool2dOptions): { out: Tensor<D>; indices: Tensor<"u32"> } {
  return adaptiveMaxPool2dOp({ x }, adaptivePoolParams("adaptiveMaxPool2d", options)) as { out: Tensor<D>; indices: Tensor<"u32"> };
}
