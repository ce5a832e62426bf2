import { constant } from "../ops/constant.js";
import { argmax } from "../ops/argmax.js";
import { cast } from "../ops/cast.js";
import { equal, greater, lessEqual, mul } from "../ops/pointwise.js";
import { reshape } from "../ops/reshape.js";
import { checkRaster } from "../io/image.js";
import type { Mask } from "../io/components.js";
import type { Tensor } from "../graph/tensor.js";
import type { ClassInfo } from "../models/class-info.js";
import type { InputSpan, SegmentationModel } from "../models/segmentation-model.js";
import { checkOptions, ImageError, nearest, OptionError } from "../runtime/errors.js";

/** What a map is to explain: a class at some pixels. */
export interface CamTarget {
  /** Its name in `model.classInfo`, or its index. */
  class: string | number;
  /**
   * Whose logits of the class are added up: those of all pixels, of the pixels that the model gives this class, of one pixel
   * (column x, row y), or of those where a mask of the image's size is not 0. Default "all".
   */
  pixels?: "all" | "predicted" | { readonly x: number; readonly y: number } | Mask | undefined;
  /** What its sum counts beside those of other targets; negative asks what speaks against the class. Default 1. */
  weight?: number | undefined;
}

/** A target, checked: what the plan is made for. */
export interface ResolvedTarget {
  readonly label: number;
  readonly predicted: boolean;
  readonly weight: number;
}

/** The index of a class by its name or index. */
export function labelOf(op: string, wanted: string | number, classes: readonly ClassInfo[]): number {
  const names = classes.map(({ name }) => name);
  const label = typeof wanted === "number" ? wanted : names.indexOf(wanted);
  if (Number.isInteger(label) && label >= 0 && label < names.length) return label;
  const guess = typeof wanted === "string" ? nearest(wanted, names) : undefined;
  throw new OptionError(`${op}: the model has no class ${JSON.stringify(wanted)}.${guess ? ` Did you mean "${guess}"?` : ""} Classes: ${names.map((name, i) => `${i} ${name}`).join(", ")}.`);
}

/** A target as the plan takes it. */
export function resolveTarget(target: CamTarget, model: SegmentationModel): ResolvedTarget {
  checkOptions("gradCam, target", target, ["class", "pixels", "weight"]);
  const { weight = 1, pixels } = target;
  if (!Number.isFinite(weight) || weight === 0) throw new OptionError(`gradCam: a target's weight must be a finite number other than 0 but is ${weight}.`);
  if (typeof pixels === "string" && pixels !== "all" && pixels !== "predicted") throw new OptionError(`gradCam: a target's pixels must be "all", "predicted", { x, y } or a mask but are ${JSON.stringify(pixels)}.`);
  return { label: labelOf("gradCam", target.class, model.classInfo), predicted: pixels === "predicted", weight };
}

/** 1 at the pixels of a target and 0 elsewhere, in the network's input, of which the image is a part. */
export function regionOf({ pixels = "all" }: CamTarget, width: number, height: number, columns: InputSpan, rows: InputSpan): Uint8Array {
  const region = new Uint8Array(columns.size * rows.size);
  const at = (x: number, y: number): number => (rows.before + y) * columns.size + columns.before + x;
  if (typeof pixels === "string") for (let y = 0; y < height; y++) region.fill(1, at(0, y), at(width, y));
  else if ("data" in pixels) {
    checkRaster("gradCam", pixels);
    if (pixels.width !== width || pixels.height !== height) throw new ImageError(`gradCam: the image has ${width}×${height} pixels but the mask has ${pixels.width}×${pixels.height}.`);
    for (let i = 0; i < pixels.data.length; i++) if (pixels.data[i] !== 0) region[at(i % width, Math.floor(i / width))] = 1;
  } else {
    const { x, y } = pixels;
    if (!Number.isInteger(x) || !Number.isInteger(y) || x < 0 || y < 0 || x >= width || y >= height)
      throw new OptionError(`gradCam: pixel (${x}, ${y}) is not in the image, whose columns go from 0 to ${width - 1} and rows from 0 to ${height - 1}.`);
    region[at(x, y)] = 1;
  }
  return region;
}

/**
 * What a target multiplies the logits by before they are added up.
 *
 * @param logits f32 [1, h, w, classes]
 * @param region u8 [1, H, W], 1 at the target's pixels
 * @returns the factors, of the shape of the logits, and the pixels that count, f32 [1, h, w, 1]
 */
export function seedOf(model: SegmentationModel, logits: Tensor<"f32">, region: Tensor<"u8">, { label, predicted, weight }: ResolvedTarget): { seed: Tensor<"f32">; pixels: Tensor<"f32"> } {
  const [, h, w, classes] = logits.shape as [number, number, number, number];
  const single = classes === 1;
  let pixels = reshape(cast(model.matchMask(region, logits), "f32"), [1, h, w, 1]) as Tensor<"f32">;
  if (predicted) {
    const chosen = single ? (label === 1 ? greater(logits, 0) : lessEqual(logits, 0)) : reshape(cast(equal<"u32">(argmax(logits), label), "f32"), [1, h, w, 1]);
    pixels = mul(pixels, chosen as Tensor<"f32">);
  }
  // The only logit of a single-logit head speaks for the foreground, and its negative for the background.
  const factors = single ? [label === 1 ? weight : -weight] : Array.from({ length: classes }, (_, c) => (c === label ? weight : 0));
  return { seed: mul(pixels, constant(factors)), pixels };
}
