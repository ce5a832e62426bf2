import { ImageError, OptionError } from "../runtime/errors.js";
import { checkRaster, toRgb8 } from "./image.js";
import type { LabelMap, RasterImage, RgbImage } from "./image.js";
import { defaultPalette, viridisColor } from "./palette.js";
import type { Rgb } from "./palette.js";

const rgb = (width: number, height: number, data = new Uint8Array(width * height * 3)): RgbImage => ({ width, height, channels: 3, data });

/** Classes that `labels` needs colours for: its highest label below 255 (which usually means "ignored") plus one. */
function classesIn({ data }: LabelMap): number {
  let highest = 0;
  for (let i = 0; i < data.length; i++) if (data[i]! < 255 && data[i]! > highest) highest = data[i]!;
  return highest + 1;
}

/** The class map as colours: `palette[label]` (0..255), by default visually distinct ones. Labels without a colour become black. */
export function colorize(labels: LabelMap, palette: readonly Rgb[] = defaultPalette(classesIn(labels))): RgbImage {
  checkRaster("colorize", labels);
  const out = rgb(labels.width, labels.height);
  for (let i = 0; i < labels.data.length; i++) {
    const colour = palette[labels.data[i]!];
    if (colour) out.data.set(colour, i * 3);
  }
  return out;
}

export interface OverlayOptions {
  /** Opacity of the colours, 0..1. Default 0.5. */
  alpha?: number | undefined;
  /** Labels whose pixels show the image as it is. Default `[0]`, the background; labels without a colour are never painted. */
  ignore?: readonly number[] | undefined;
  /** Draws the pixels where a painted class meets another label in full colour. Default false. */
  contours?: boolean | undefined;
}

/** The image (any channels and depth; alpha dropped) with the classes of `labels` painted over it. Sizes must agree. */
export function overlay(image: RasterImage, labels: LabelMap, palette: readonly Rgb[] = defaultPalette(classesIn(labels)), options: OverlayOptions = {}): RgbImage {
  const { alpha = 0.5, ignore = [0], contours = false } = options;
  checkRaster("overlay", labels);
  const { width, height } = image;
  if (labels.width !== width || labels.height !== height)
    throw new ImageError(`overlay: the image has ${width}×${height} pixels but the class map has ${labels.width}×${labels.height}.`);
  if (!(alpha >= 0 && alpha <= 1)) throw new OptionError(`overlay: alpha must be between 0 and 1 but is ${alpha}.`);
  const out = rgb(width, height, toRgb8(image).data.slice());
  const unpainted = new Set(ignore);
  for (let i = 0; i < labels.data.length; i++) {
    const label = labels.data[i]!;
    const colour = palette[label];
    if (!colour || unpainted.has(label)) continue;
    const strength = contours && onContour(labels, i) ? 1 : alpha;
    for (let c = 0; c < 3; c++) out.data[i * 3 + c] = Math.round(out.data[i * 3 + c]! * (1 - strength) + colour[c]! * strength);
  }
  return out;
}

/** True when one of the four neighbours inside the image has another label. */
function onContour({ width, height, data }: LabelMap, i: number): boolean {
  const [x, label] = [i % width, data[i]];
  return (x > 0 && data[i - 1] !== label) || (x < width - 1 && data[i + 1] !== label)
    || (i >= width && data[i - width] !== label) || (i < width * (height - 1) && data[i + width] !== label);
}

/** Probabilities (0..1, one per pixel) as viridis colours: dark violet 0, green half way, yellow 1. */
export function heatmap(probabilities: ArrayLike<number>, width: number, height: number): RgbImage {
  checkRaster("heatmap", { width, height, data: probabilities });
  const table = Array.from({ length: 256 }, (_, i) => viridisColor(i / 255));
  const out = rgb(width, height);
  for (let i = 0; i < probabilities.length; i++) {
    const p = probabilities[i]!;
    out.data.set(Number.isNaN(p) ? viridisColor(p) : table[Math.round(Math.min(1, Math.max(0, p)) * 255)]!, i * 3);
  }
  return out;
}

export interface ConcatOptions {
  /** Pixels between two images. Default 4. */
  gap?: number | undefined;
  /** Colour of gaps and of the room below shorter images. Default white. */
  background?: Rgb | undefined;
}

/** Images side by side, aligned at the top, as 8-bit RGB. */
export function hconcat(images: readonly RasterImage[], { gap = 4, background = [255, 255, 255] }: ConcatOptions = {}): RgbImage {
  if (images.length === 0) throw new ImageError("hconcat: there is no image to put side by side.");
  if (!Number.isInteger(gap) || gap < 0) throw new OptionError(`hconcat: gap must be a whole number of at least 0 but is ${gap}.`);
  const width = images.reduce((sum, image) => sum + image.width, gap * (images.length - 1));
  const height = Math.max(...images.map((image) => image.height));
  const out = rgb(width, height);
  for (let i = 0; i < width * height; i++) out.data.set(background, i * 3);
  let left = 0;
  for (const image of images.map((each) => toRgb8(each))) {
    for (let y = 0; y < image.height; y++)
      out.data.set(image.data.subarray(y * image.width * 3, (y + 1) * image.width * 3), (y * width + left) * 3);
    left += image.width + gap;
  }
  return out;
}
