import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerPyramidPool2d, lowerPyramidPool2dGradient } from "../kernels/pyramid-pool2d.js";
import type { FloatDType } from "../runtime/dtype.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { adaptiveAvgPool2d } from "./adaptive-avg-pool2d.js";
import { requireFloat, requireFloats } from "./require.js";
import { binnedShape, pair, type Pair, type PairLike } from "./window.js";

export interface PyramidPool2dOptions {
  /** Bins of each level, along both directions or [vertical, horizontal]. Default [1, 2, 3, 6], as in PSPNet. */
  bins?: readonly PairLike[];
}

interface Params {
  readonly levels: readonly Pair[];
}

interface GradientParams {
  readonly size: Pair;
}

const pyramidPool2dOp = defineOp({
  name: "pyramidPool2d",
  shape: ({ x }: { x: Spec }, { levels }: Params): Record<string, Spec> => {
    requireFloat("pyramidPool2d", "x", x);
    return Object.fromEntries(levels.map((bins, i) => [`level${i}`, { shape: binnedShape("pyramidPool2d", x.shape, bins), dtype: x.dtype }]));
  },
  gradient: {
    // Levels that the result does not depend on have no gradient.
    x: (grads, { x }, { levels }): Tensor => {
      const given = levels.flatMap((_, i) => grads[`level${i}`] ?? []);
      return pyramidPool2dGradientOp(Object.fromEntries(given.map((grad, i) => [`x${i}`, grad])), { size: [x.shape[1]!, x.shape[2]!] });
    },
  },
  lower: lowerPyramidPool2d,
});

/** Spreads the gradients of all bins of the levels x0, x1, … evenly over their positions. */
const pyramidPool2dGradientOp = defineOp({
  name: "pyramidPool2dGradient",
  shape: (levels: Record<string, Spec>, { size }: GradientParams): Spec => {
    requireFloats("pyramidPool2dGradient", levels);
    const first = Object.values(levels)[0]!;
    return { shape: [first.shape[0]!, ...size, first.shape[3]!], dtype: first.dtype };
  },
  gradient: {
    x: (grad, levels, _o, _out, name): Tensor => adaptiveAvgPool2d(grad as Tensor<"f32">, { outputSize: [levels[name]!.shape[1]!, levels[name]!.shape[2]!] }),
  },
  lower: lowerPyramidPool2dGradient,
});

/**
 * `adaptiveAvgPool2d` to several numbers of bins at once (pyramid pooling: Zhao et al., Pyramid Scene Parsing Network, 2017).
 * All levels come from one read of x, and the gradients of all levels reach x in one pass.
 *
 * @param x [N, H, W, C], f32 or f16
 * @returns one tensor [N, bins, bins, C] per level, in the order of `bins`, the dtype of x
 * @throws OptionError for no levels or bins below 1, ShapeError for a plane without positions
 * @pytorch torch.nn.functional.adaptive_avg_pool2d, once per level
 * @onnx none (AveragePool once per level, when the bins divide the plane)
 */
export function pyramidPool2d<D extends FloatDType = "f32">(x: TensorLike<D>, options: PyramidPool2dOptions = {}): Tensor<D>[] {
  const op = "pyramidPool2d";
  checkOptions(op, options, ["bins"]);
  const { bins = [1, 2, 3, 6] } = options;
  if (!Array.isArray(bins) || bins.length === 0) throw new OptionError(`${op}: bins must list at least one level, as [1, 2, 3, 6] does, but is ${JSON.stringify(bins)}.`);
  const outputs = pyramidPool2dOp({ x }, { levels: bins.map((level: PairLike) => pair(op, "bins", level, 1)) });
  return Object.values(outputs) as Tensor[] as Tensor<D>[];
}
