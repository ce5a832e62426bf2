import { defineOp, type Spec } from "../graph/op.js";
import { plainKey } from "../graph/tree.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerMaxUnpool2d, lowerMaxUnpool2dGradient, type MaxUnpool2dParams } from "../kernels/max-unpool2d.js";
import type { FloatDType } from "../runtime/dtype.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { checkRank, sameShape } from "../runtime/shape.js";
import { maxPool2dWindowsGradientOp, maxPool2dWindowsPickOp } from "./max-pool2d.js";
import { requireDType, requireFloat } from "./require.js";
import { checkPoolKernel, pair, type Pair, type PairLike } from "./window.js";

export interface MaxUnpool2dOptions {
  /** Window of the pooling that is undone. */
  kernelSize: PairLike;
  /** Default: kernelSize. */
  stride?: PairLike;
  /** Default 0. */
  padding?: PairLike;
  /** Default 1. */
  dilation?: PairLike;
  /**
   * Height and width of the result: those of the plane that was pooled. Default:
   * (n − 1) stride − 2 padding + dilation (kernelSize − 1) + 1, from which it may differ by less than the stride.
   */
  outputSize?: readonly [number, number];
}

interface Params extends MaxUnpool2dParams {
  readonly outputSize: Pair | null;
}

function unpooledSize(x: Spec["shape"], { kernelSize, stride, padding, dilation, outputSize }: Params): Pair {
  const size = ([0, 1] as const).map((i) => (x[i + 1]! - 1) * stride[i] - 2 * padding[i] + dilation[i] * (kernelSize[i] - 1) + 1) as unknown as Pair;
  if (!outputSize) {
    if (Math.min(...size) < 1) throw new ShapeError("maxUnpool2d", `the result would have the size [${size.join(", ")}]`, { x: [x, "NHWC"] });
    return size;
  }
  ([0, 1] as const).forEach((i) => {
    const [least, most] = [Math.max(1, size[i] - stride[i] + 1), size[i] + stride[i] - 1];
    if (outputSize[i] < least || outputSize[i] > most)
      throw new OptionError(`maxUnpool2d: outputSize [${outputSize.join(", ")}] does not fit: the ${["height", "width"][i]!} must be ${least === most ? least : `from ${least} to ${most}`} for x [${x.join(", ")}].`);
  });
  return outputSize;
}

type Pooling = MaxUnpool2dParams & { readonly size: Pair };

/** The pooling of a plane of this size that is undone, if it is the given one and no window overlaps another: then its gradient is the unpooling. */
function undone(o: MaxUnpool2dParams, size: Pair, pooling: Pooling): Pooling | undefined {
  const key = ({ kernelSize, stride, padding, dilation, size }: Pooling): string => plainKey([kernelSize, stride, padding, dilation, size]);
  const apart = [0, 1].every((i) => o.stride[i]! > o.dilation[i]! * (o.kernelSize[i]! - 1));
  return apart && key({ ...o, size }) === key(pooling) ? pooling : undefined;
}

const maxUnpool2dOp = defineOp({
  name: "maxUnpool2d",
  shape: ({ x, indices }: { x: Spec; indices: Spec }, o: Params) => {
    requireFloat("maxUnpool2d", "x", x);
    requireDType("maxUnpool2d", "indices", indices, "u32");
    checkRank("maxUnpool2d", "x", x.shape, "NHWC");
    if (!sameShape(x.shape, indices.shape)) throw new ShapeError("maxUnpool2d", "x and indices must have the same shape", { x: [x.shape, "NHWC"], indices: [indices.shape, "NHWC"] });
    return { shape: [x.shape[0]!, ...unpooledSize(x.shape, o), x.shape[3]!], dtype: x.dtype };
  },
  gradient: {
    x: (grad, { indices }, { outputSize: _size, ...o }): Tensor => maxUnpool2dGradientOp({ grad, indices }, o),
    indices: null,
  },
  lower: lowerMaxUnpool2d,
  traits: {
    readsNarrow: ({ x, indices }, o: Params, pooling: Pooling) => {
      const known = undone(o, unpooledSize(x!.shape, o), pooling);
      return known && { out: maxPool2dWindowsGradientOp({ grad: x!, windows: indices! }, known) };
    },
  },
});

/** Fetches for every window the gradient at the position its index names. */
const maxUnpool2dGradientOp = defineOp({
  name: "maxUnpool2dGradient",
  shape: ({ grad, indices }: { grad: Spec; indices: Spec }, _o: MaxUnpool2dParams) => {
    requireFloat("maxUnpool2dGradient", "grad", grad);
    return { shape: indices.shape, dtype: grad.dtype };
  },
  gradient: {
    // The transposed gather is the unpooling itself, onto a plane of the same size.
    grad: (grad, { grad: plane, indices }, o): Tensor => maxUnpool2dOp({ x: grad, indices }, { ...o, outputSize: [plane.shape[1]!, plane.shape[2]!] }),
    indices: null,
  },
  lower: lowerMaxUnpool2dGradient,
  traits: {
    readsNarrow: ({ grad, indices }, o: MaxUnpool2dParams, pooling: Pooling) => {
      const known = undone(o, [grad!.shape[1]!, grad!.shape[2]!], pooling);
      return known && { out: maxPool2dWindowsPickOp({ plane: grad!, windows: indices! }, known) };
    },
  },
});

/** The options of unpooling, checked and complete; `op` is named in the errors. */
export function maxUnpoolParams(op: string, options: MaxUnpool2dOptions): Params {
  checkOptions(op, options, ["kernelSize", "stride", "padding", "dilation", "outputSize"]);
  const kernelSize = pair(op, "kernelSize", options.kernelSize, 1);
  const padding = pair(op, "padding", options.padding ?? 0, 0);
  checkPoolKernel(op, kernelSize, padding);
  return {
    kernelSize, padding,
    stride: pair(op, "stride", options.stride ?? kernelSize, 1),
    dilation: pair(op, "dilation", options.dilation ?? 1, 1),
    outputSize: options.outputSize !== undefined ? pair(op, "outputSize", options.outputSize, 1) : null,
  };
}

/**
 * Undoes `maxPool2dWithIndices`: every value goes back to the position its index names, the rest is 0. Give the options of
 * that pooling.
 *
 * Where windows overlap and name one position twice, the last window in row-major order wins, and only that one gets a
 * gradient: the true derivative, the same on every run. (PyTorch forwards the last write, which on CUDA is any, and gives
 * every window the gradient.) An index outside its own window, which pooling never writes, is left out: precisely, one at
 * least as far from the window's start as its span rounded up to whole strides. (PyTorch would write it, or raise when it
 * is outside the plane.)
 *
 * @param x [N, h, w, C], f32 or f16
 * @param indices the same shape, u32: row · width + column within the result's plane. Give `outputSize` when the pooled
 *   plane did not divide evenly, so that indices and result agree about the width.
 * @returns [N, height, width, C], the dtype of x
 * @throws OptionError when `outputSize` is out of range, ShapeError when the shapes of x and indices differ
 * @pytorch torch.nn.functional.max_unpool2d (which has no dilation)
 * @onnx MaxUnpool (whose indices count channels as well)
 */
export function maxUnpool2d<D extends FloatDType = "f32">(x: TensorLike<D>, indices: TensorLike, options: MaxUnpool2dOptions): Tensor<D> {
  return maxUnpool2dOp({ x, indices }, maxUnpoolParams("maxUnpool2d", options)) as Tensor<D>;
}
