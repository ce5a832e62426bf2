import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerAdaptiveAvgPool2d, lowerAdaptiveAvgPool2dGradient } from "../kernels/adaptive-avg-pool2d.js";
import { ShapeError, checkOptions } from "../runtime/errors.js";
import { checkRank } from "../runtime/shape.js";
import { requireDType } from "./require.js";
import { checkSizeProduct, pair, type Pair, type PairLike } from "./window.js";

export interface AdaptiveAvgPool2dOptions {
  /** Bins along the height and the width. */
  outputSize: PairLike;
}

interface Params {
  readonly size: Pair;
}

function sized(op: string, x: Spec, { size }: Params): Spec {
  requireDType(op, "x", x, "f32");
  checkRank(op, "x", x.shape, "NHWC");
  if (x.shape[1] === 0 || x.shape[2] === 0) throw new ShapeError(op, "x has no positions to average", { x: [x.shape, "NHWC"] });
  checkSizeProduct(op, x.shape, size);
  return { shape: [x.shape[0]!, ...size, x.shape[3]!], dtype: "f32" };
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

/**
 * Means over a fixed number of bins that cover the plane, whatever its size: bin i of o over n positions is
 * floor(i n / o) … ceil((i + 1) n / o), so that neighbouring bins overlap when o does not divide n (PyTorch's rule).
 * `outputSize: 1` is global average pooling; more bins than positions repeat them.
 *
 * @param x [N, H, W, C], f32
 * @returns [N, outputSize[0], outputSize[1], C]
 * @throws OptionError for sizes below 1, ShapeError for a plane without positions
 */
export function adaptiveAvgPool2d(x: TensorLike, options: AdaptiveAvgPool2dOptions): Tensor<"f32"> {
  checkOptions("adaptiveAvgPool2d", options, ["outputSize"]);
  return adaptiveAvgPool2dOp({ x }, { size: pair("adaptiveAvgPool2d", "outputSize", options.outputSize, 1) }) as Tensor<"f32">;
}
