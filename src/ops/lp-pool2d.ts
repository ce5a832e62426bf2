import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerLpPool2d, lowerLpPool2dGradient, type LpPool2dParams } from "../kernels/lp-pool2d.js";
import type { FloatDType } from "../runtime/dtype.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { maxPool2d } from "./max-pool2d.js";
import { abs } from "./pointwise.js";
import { requireFloat } from "./require.js";
import { pooledShape, poolWindow, type PairLike } from "./window.js";

export interface LpPool2dOptions {
  /** p: a number from 1 to 10⁶, or Infinity. */
  normType: number;
  /** Height and width of the window, in positions of x. */
  kernelSize: PairLike;
  /** Distance of neighbouring windows. Default: kernelSize. */
  stride?: PairLike;
  /** Round the output size up, so that the last rows and columns are never left out. Default false. */
  ceilMode?: boolean;
}

/** Beyond it powers of f32 are 0, 1 or infinite, and so says nothing that Infinity would not. */
const LARGEST_P = 1e6;

interface Params extends LpPool2dParams {
  readonly padding: readonly [0, 0];
  readonly ceilMode: boolean;
}

const lpPool2dOp = defineOp({
  name: "lpPool2d",
  shape: ({ x }: { x: Spec }, o: Params) => {
    requireFloat("lpPool2d", "x", x);
    return { shape: pooledShape("lpPool2d", x.shape, o), dtype: x.dtype };
  },
  gradient: { x: (grad, { x }, o, pooled): Tensor => lpPool2dGradientOp({ x, pooled, grad }, o) },
  lower: lowerLpPool2d,
});

const lpPool2dGradientOp = defineOp({
  name: "lpPool2dGradient",
  shape: ({ x }: { x: Spec; pooled: Spec; grad: Spec }, _o: Params) => ({ shape: x.shape, dtype: x.dtype }),
  lower: lowerLpPool2dGradient,
});

/** The options of Lp pooling, checked and complete; `op` is named in the errors. */
export function lpPoolParams(op: string, options: LpPool2dOptions): Params {
  checkOptions(op, options, ["normType", "kernelSize", "stride", "ceilMode"]);
  const { normType } = options;
  if (typeof normType !== "number" || !(normType >= 1) || (normType > LARGEST_P && normType !== Infinity)) throw new OptionError(`${op}: normType must be a number from 1 to ${LARGEST_P}, or Infinity, but is ${String(normType)}.`);
  return { normType, ...poolWindow(op, { ...options, padding: 0 }), padding: [0, 0] };
}

/**
 * The p-norm of each window, as PyTorch computes it: (Σ x^p)^(1/p), with signed powers, so that values of different signs
 * cancel when p is odd. A negative sum gives NaN (for p above 1), as does a negative value with a fractional p.
 * Infinity takes the largest |x|. A window that ceil mode lets reach beyond x is scaled up to full size: its sum is
 * multiplied by window size / positions inside x.
 *
 * The gradient of a window whose norm is 0 is 0, as in PyTorch. The second derivative is not defined.
 *
 * @param x [N, H, W, C], f32 or f16
 * @returns [N, height, width, C], the dtype of x
 * @throws OptionError for normType below 1 or above 10⁶, ShapeError when no window fits
 * @pytorch torch.nn.functional.lp_pool2d
 * @onnx LpPool (which takes |x|)
 */
export function lpPool2d<D extends FloatDType = "f32">(x: TensorLike<D>, options: LpPool2dOptions): Tensor<D> {
  const params = lpPoolParams("lpPool2d", options);
  if (params.normType < Infinity) return lpPool2dOp({ x }, params) as Tensor<D>;
  requireFloat("lpPool2d", "x", x);
  pooledShape("lpPool2d", x.shape, params);
  const { kernelSize, stride, ceilMode } = params;
  return maxPool2d(abs(x as TensorLike<"f32">), { kernelSize, stride, ceilMode }) as Tensor as Tensor<D>;
}
