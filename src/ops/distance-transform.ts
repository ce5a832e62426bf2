import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerDistanceTransform } from "../kernels/distance-transform.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { cast } from "./cast.js";
import { requireDType } from "./require.js";

export interface DistanceTransformOptions {
  /** Foreground gets minus its distance to the background, and background its distance to the foreground. Default false: background is 0. */
  signed?: boolean | undefined;
  /** Squares of the distances, which are whole numbers (and exact below 2²⁴). Default false. */
  squared?: boolean | undefined;
  /** Distance of neighbouring rows and of neighbouring columns: pixels that are not square, or millimetres; 1e-12 … 1e12. Default [1, 1]. */
  spacing?: readonly [number, number] | undefined;
}

/** Squares of distances fit in 32 bits up to here. */
const LARGEST = 32767;

const distanceTransformOp = defineOp({
  name: "distanceTransform",
  shape: ({ mask }: { mask: Spec }): Spec => {
    requireDType("distanceTransform", "mask", mask, "u8", "i32", "u32", "f32");
    const { shape } = mask;
    if (shape.length !== 3 && shape.length !== 4) throw new ShapeError("distanceTransform", "mask must be [n, height, width] or [n, height, width, channels]", { mask: shape });
    if (Math.max(shape[1]!, shape[2]!) > LARGEST) throw new ShapeError("distanceTransform", `images may have at most ${LARGEST} rows and columns`, { mask: [shape, shape.length === 4 ? "NHWC" : "NHW"] });
    return { shape, dtype: "f32" };
  },
  gradient: { mask: null },
  lower: lowerDistanceTransform,
});

/** Squares of spaced distances are f32: beyond these they would be 0 or infinite. */
const [NARROW, WIDE] = [1e-12, 1e12];

/** Throws unless both distances are numbers above 0 that single precision can square. */
export function checkSpacing(op: string, spacing: readonly [number, number]): void {
  if (!(Array.isArray(spacing) && spacing.length === 2 && spacing.every((v) => v > 0 && Number.isFinite(v)))) throw new OptionError(`${op}: spacing must be two numbers above 0, [between rows, between columns], but is ${JSON.stringify(spacing)}.`);
  if (spacing.some((v) => v < NARROW || v > WIDE)) throw new OptionError(`${op}: spacing may go from ${NARROW} to ${WIDE.toExponential(0)} but is ${JSON.stringify(spacing)}. Give it in another unit of length.`);
}

/**
 * Exact Euclidean distance transform: for each foreground pixel the distance, from centre to centre, to the nearest pixel of
 * the background; 0 for the background itself. Every image (and channel) is transformed by itself. It has no gradient: the mask is taken
 * as constant.
 *
 * An image without background is infinite everywhere, and so is, for `signed`, one without foreground (scipy gives numbers without
 * meaning there).
 *
 * @param mask u8, u32 or i32: foreground is what is not 0; f32 or f16: what is above 0.5. [n, height, width] or [n, height, width, channels], at most
 *   32,767 pixels a side
 * @returns f32, the shape of the mask
 * @throws ShapeError or DTypeError for another mask, OptionError for a bad spacing
 *
 * @pytorch none (scipy.ndimage.distance_transform_edt, monai.transforms.DistanceTransformEDT)
 * @onnx none
 */
export function distanceTransform(mask: TensorLike, options: DistanceTransformOptions = {}): Tensor<"f32"> {
  checkOptions("distanceTransform", options, ["signed", "squared", "spacing"]);
  const { signed = false, squared = false, spacing = [1, 1] } = options;
  checkSpacing("distanceTransform", spacing);
  if (mask.dtype === "f16") return capturing() ? distanceTransform(cast(mask, "f32"), options) : runEagerly(() => distanceTransform(mask, options));
  return distanceTransformOp({ mask }, { signed, squared, spacing: [spacing[0]!, spacing[1]!] }) as Tensor<"f32">;
}
