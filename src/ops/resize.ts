import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerResize, lowerResizeGradient, type ResizeParams } from "../kernels/resize.js";
import type { DType } from "../runtime/dtype.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { checkRank } from "../runtime/shape.js";
import { requireDType, requireWords } from "./require.js";
import { checkSizeProduct, pair, type Pair, type PairLike } from "./window.js";

export interface ResizeOptions {
  /** Height and width of the result, in pixels. */
  size: PairLike;
  /** "bilinear" weighs the four neighbours, "nearest" copies the one at floor(d · n / o). Default "bilinear". */
  mode?: "bilinear" | "nearest";
  /**
   * Bilinear only. true: the centres of the corner pixels of x and result coincide; false: their outer corners do.
   * Default false.
   */
  alignCorners?: boolean;
}

interface Params extends ResizeParams {
  readonly size: Pair;
}

function resized(op: string, x: Spec, { size }: Params): Spec {
  checkRank(op, "x", x.shape, "NHWC");
  const [n, h, w, c] = x.shape as [number, number, number, number];
  if (h === 0 || w === 0) throw new ShapeError(op, "x has no pixels", { x: [x.shape, "NHWC"] });
  checkSizeProduct(op, x.shape, size);
  return { shape: [n, ...size, c], dtype: x.dtype };
}

const plane = (x: Tensor): Pair => [x.shape[1]!, x.shape[2]!];

const resizeOp = defineOp({
  name: "resize",
  shape: ({ x }: { x: Spec }, o: Params) => {
    if (o.mode === "nearest") requireWords("resize", "x", x);
    else requireDType("resize", "x", x, "f32");
    return resized("resize", x, o);
  },
  gradient: { x: (grad, { x }, o): Tensor => resizeGradientOp({ grad }, { ...o, size: plane(x) }) },
  lower: lowerResize,
  traits: { sliceOutput: true },
});

/** The transposed resampling: every input pixel gathers from the outputs that read it. */
const resizeGradientOp = defineOp({
  name: "resizeGradient",
  shape: ({ grad }: { grad: Spec }, o: Params) => {
    requireDType("resizeGradient", "grad", grad, "f32");
    return resized("resizeGradient", grad, o);
  },
  gradient: { grad: (grad, { grad: outer }, o): Tensor => resizeOp({ x: grad }, { ...o, size: plane(outer) }) },
  lower: lowerResizeGradient,
});

/**
 * Resamples feature maps or images to another size.
 *
 *   bilinear, alignCorners false   source = max(0, (d + ½) n / o − ½)
 *   bilinear, alignCorners true    source = d (n − 1) / (o − 1), and 0 when o is 1
 *   nearest                        source = floor(d n / o)
 *
 * for pixel d of o, from n pixels (PyTorch's `interpolate` with a given size). Downsampling does not smooth first.
 *
 * @param x [N, H, W, C]: f32, and for "nearest" also u32 or i32 (labels)
 * @returns [N, size[0], size[1], C], the dtype of x
 * @throws OptionError when alignCorners is asked of "nearest"
 */
export function resize<D extends DType>(x: TensorLike<D>, options: ResizeOptions): Tensor<D> {
  checkOptions("resize", options, ["size", "mode", "alignCorners"]);
  const { mode = "bilinear", alignCorners = false } = options;
  if (mode !== "bilinear" && mode !== "nearest") throw new OptionError(`resize: mode must be "bilinear" or "nearest" but is ${JSON.stringify(mode)}.`);
  if (mode === "nearest" && alignCorners) throw new OptionError('resize: alignCorners goes with mode "bilinear" only.');
  return resizeOp({ x }, { size: pair("resize", "size", options.size, 1), mode, alignCorners }) as Tensor<D>;
}
