import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerAdaptiveAvgPool2d, lowerAdaptiveAvgPool2dGradient } from "../kernels/adaptive-avg-pool2d.js";
import type { FloatDType } from "../runtime/dtype.js";
import { checkOptions } from "../runtime/errors.js";
import { requireFloat } from "./require.js";
import { binnedShape, binPair, type Bins, type BinsLike } from "./window.js";

export interface AdaptiveAvgPool2dOptions {
  /** Bins along the height and the width; null keeps as many as x has positions there. */
  outputSize: BinsLike;
}

interface Params {
  readonly size: Bins;
}

function sized(op: string, x: Spec, { size }: Params): Spec {
  requireFloat(op, "x", x);
  return { shape: binnedShape(op, x.shape, size), dtype: x.dtype };
}

const sizeOfPlane = (x: Tensor): Params => ({ size: [x.shape[1]!, x.shape[2]!] });

const adaptiveAvgPool2dOp = defineOp({
  name: "adaptiveAvgPool2d",
  shape: ({ x }: { x: Spec }, o: Params) => sized("adaptiveAvgPool2d", x, o),
  gradient: { x: (grad, { x }): Tensor => adaptiveAvgPool2dGradientOp({ grad }, sizeOfPlane(x)) },
  lower: lowerAdaptiveAvgPool2d,
});

/** Spreads the gradient of every bin evenly over its positions. */
const adaptiveAvgPool2dGradientOp = defineOp({
  name: "adaptiveAvgPool2dGradient",
  shape: ({ grad }: { grad: Spec }, o: Params) => sized("adaptiveAvgPool2dGradient", grad, o),
  gradient: { grad: (grad, { grad: bins }): Tensor => adaptiveAvgPool2dOp({ x: grad }, sizeOfPlane(bins)) },
  lower: lowerAdaptiveAvgPool2dGradient,
});

/** The options of adaptive pooling, checked; `op` is named in the errors. */
export function adaptivePoolParams(op: string, options: { outputSize: BinsLike }): Params {
  checkOptions(op, options, ["outputSize"]);
  return { size: binPair(op, "outputSize", options.outputSize) };
}

/**
 * Means over a fixed number of bins that cover the plane, whatever its size: bin i of o over n positions is
 * floor(i n / o) … ceil((i + 1) n / o), so that neighbouring bins overlap when o does not divide n (PyTorch's rule).
 * `outputSize: 1` is global average pooling; more bins than positions repeat them. With several outputs of one x, see
 * `pyramidPool2d`. The same as resizing by area.
 *
 * @param x [N, H, W, C], f32 or f16
 * @returns [N, outputSize[0] ?? H, outputSize[1] ?? W, C], the dtype of x
 * @throws OptionError for sizes below 1, ShapeError for a plane without positions
 * @pytorch torch.nn.functional.adaptive_avg_pool2d
 * @onnx none (GlobalAveragePool for outputSize 1; AveragePool when the bins divide the plane)
 */
export function adaptiveAvgPool2d<D extends FloatDType = "f32">(x: TensorLike<D>, options: AdaptiveAvgPool2dOptions): Tensor<D> {
  return adaptiveAvgPool2dOp({ x }, adaptivePoolParams("adaptiveAvgPool2d", options)) as Tensor<D>;
}
