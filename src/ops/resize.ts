import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerResizeFilter, lowerResizeFilterGradient, type ResizeFilterParams } from "../kernels/resize-filter.js";
import { lowerResize, lowerResizeGradient, type ResizeParams } from "../kernels/resize.js";
import type { DType } from "../runtime/dtype.js";
import { adaptiveAvgPool2d } from "./adaptive-avg-pool2d.js";
import { requireFloat, requireTensors, requireWords } from "./require.js";
import { placement, resizedPlane, resizePlan, type ResizeOptions, type ResizePlan } from "./resize-options.js";
import type { Pair } from "./window.js";

export type { ResizeMode, ResizeOptions } from "./resize-options.js";

interface Sized {
  readonly size: Pair;
}

const sized = (x: Spec, { size }: Sized): Spec => ({ shape: [x.shape[0]!, ...size, x.shape[3]!], dtype: x.dtype });

const plane = (x: Tensor): Sized => ({ size: [x.shape[1]!, x.shape[2]!] });

const resizeOp = defineOp({
  name: "resize",
  shape: ({ x }: { x: Spec }, o: ResizeParams & Sized) => {
    if (o.mode === "nearest") requireWords("resize", "x", x);
    else requireFloat("resize", "x", x);
    return sized(x, o);
  },
  gradient: { x: (grad, { x }, o): Tensor => resizeGradientOp({ grad }, { ...o, ...plane(x) }) },
  lower: lowerResize,
  // It computes in f32, whatever it reads and stores.
  traits: { cheap: true, sliceOutput: true, resamples: "forward", absorbCast: (dtype, o: ResizeParams & Sized) => (dtype === "f32" && o.mode !== "nearest" ? o : undefined) },
});

/** The transposed resampling: every input pixel gathers from the outputs that read it. */
const resizeGradientOp = defineOp({
  name: "resizeGradient",
  shape: ({ grad }: { grad: Spec }, o: ResizeParams & Sized) => sized(grad, o),
  gradient: { grad: (grad, { grad: outer }, o): Tensor => resizeOp({ x: grad }, { ...o, ...plane(outer) }) },
  lower: lowerResizeGradient,
  traits: { resamples: "transposed" },
});

/** Bicubic and antialiased: one axis at a time. */
const resizeFilterOp = defineOp({
  name: "resizeFilter",
  shape: ({ x }: { x: Spec }, o: ResizeFilterParams & Sized) => {
    requireFloat("resize", "x", x);
    return sized(x, o);
  },
  gradient: { x: (grad, { x }, o): Tensor => resizeFilterGradientOp({ grad }, { ...o, ...plane(x) }) },
  lower: lowerResizeFilter,
});

const resizeFilterGradientOp = defineOp({
  name: "resizeFilterGradient",
  shape: ({ grad }: { grad: Spec }, o: ResizeFilterParams & Sized) => sized(grad, o),
  gradient: { grad: (grad, { grad: outer }, o): Tensor => resizeFilterOp({ x: grad }, { ...o, ...plane(outer) }) },
  lower: lowerResizeFilterGradient,
});

/**
 * Resamples feature maps or images to another size, as PyTorch's `interpolate`. With n pixels of x and o of the result along an
 * axis, and s = n / o (1 / scaleFactor if that is given, see `recomputeScaleFactor`), pixel d of the result comes from
 *
 *   "bilinear"        the two pixels next to max(0, (d + ½) s − ½); with alignCorners, to d (n − 1) / (o − 1), or 0 when o is 1
 *   "bicubic"         the four pixels next to the same position (not cut at 0), by Keys' cubic with a = −¾
 *   "nearest"         pixel floor(d s)
 *   "nearest-exact"   pixel floor((d + ½) s), which is centred
 *   "area"            the mean of pixels floor(d n / o) … ceil((d + 1) n / o): `adaptiveAvgPool2d`
 *
 * along both axes, where pixels beyond the edge are those at the edge. Except for "area", these read the same few pixels however
 * much is shrunk. With `antialias`, "bilinear" and "bicubic" stretch their filter (the triangle; the cubic with a = −½) by
 * max(1, s) and divide by the sum of the weights inside x: what Pillow's `Image.resize` does, so images prepared with Pillow or
 * torchvision are matched up to their rounding to 8 bits.
 *
 * Details kept from PyTorch: the two nearest modes compute their index in f32 with s rounded to f32, so that a product a hair
 * below a whole number picks the pixel before; an axis that keeps its size is copied by "bilinear", "nearest" and `antialias`
 * even if a scale factor between 1 and 1 + 1/n is given, and one that "nearest" doubles repeats every pixel twice; antialiasing
 * with `alignCorners` has s = (n − 1) / (o − 1) but centres (d + ½) s. The gradient is always the transpose of what was computed
 * (PyTorch's is not, for "bicubic" and `antialias` in that case of a kept size).
 *
 * @param x [N, H, W, C]: f32 or f16, and for the two nearest modes also u32 or i32 (labels); axes below 2^20
 * @returns [N, size[0], size[1], C], or [N, floor(scaleFactor[0] · H), floor(scaleFactor[1] · W), C], the dtype of x
 * @throws OptionError when alignCorners or antialias is asked of other modes than "bilinear" and "bicubic", or for both or neither
 *   of size and scaleFactor; ShapeError when x or the result has no pixels
 * @pytorch torch.nn.functional.interpolate
 * @onnx Resize: mode linear, cubic (cubic_coeff_a -0.75; with antialias -0.5) or nearest; coordinate_transformation_mode half_pixel
 *   (also for results of one pixel, where pytorch_half_pixel differs) or align_corners; "nearest" is asymmetric with nearest_mode
 *   floor, "nearest-exact" half_pixel with round_prefer_ceil; none for "area"
 */
export function resize<D extends DType>(x: TensorLike<D>, options: ResizeOptions): Tensor<D> {
  const plan = resizePlan("resize", options);
  requireTensors("resize", { x });
  return resizeBy(x, plan, resizedPlane("resize", x.shape, plan)) as Tensor<D>;
}

function resizeBy(x: TensorLike, plan: ResizePlan, size: Pair): Tensor {
  const { mode, antialias, scale } = plan;
  if (mode === "area") {
    requireFloat("resize", "x", x);
    return adaptiveAvgPool2d(x as TensorLike<"f32">, { outputSize: size });
  }
  if ((mode === "bilinear" || antialias) && size[0] === x.shape[1] && size[1] === x.shape[2]) {
    // Copied, not weighed with zero: an infinite neighbour of a pixel must not matter.
    requireFloat("resize", "x", x);
    return resizeOp({ x }, { size, placement: [{ step: 1, start: 0 }, { step: 1, start: 0 }], mode: "nearest" });
  }
  const axes = [placement(x.shape[1]!, size[0], plan, scale?.[0]), placement(x.shape[2]!, size[1], plan, scale?.[1])] as const;
  if (mode === "bicubic" || antialias) return resizeFilterOp({ x }, { size, placement: axes, filter: !antialias ? "bicubic" : mode === "bicubic" ? "cubic" : "triangle" });
  return resizeOp({ x }, { size, placement: axes, mode: mode === "bilinear" ? "bilinear" : "nearest" });
}
