import { IGNORED, type Sample } from "../data/dataset.js";
import { encodePng } from "../io/decode.js";
import type { RgbImage } from "../io/image.js";

type Rgb = readonly [number, number, number];

/** Pixels that the network missed, made up, or called by another class's name. */
export const errorColors = { missed: [47, 127, 255], extra: [255, 90, 31], confused: [214, 51, 183] } as const satisfies Record<string, Rgb>;

/** Longest side of a picture in the report. */
const LARGEST = 320;

/** A picture of at most LARGEST pixels a side, whose pixel is `paint(x, y)` of the full size. */
function picture(width: number, height: number, paint: (pixel: number) => Rgb): RgbImage {
  const step = Math.max(1, Math.max(width, height) / LARGEST);
  const [w, h] = [Math.max(1, Math.floor(width / step)), Math.max(1, Math.floor(height / step))];
  const data = new Uint8Array(w * h * 3);
  for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) data.set(paint(Math.min(height - 1, Math.floor((y + 0.5) * step)) * width + Math.min(width - 1, Math.floor((x + 0.5) * step))), (y * w + x) * 3);
  return { width: w, height: h, channels: 3, data };
}

const pixelOf = ({ image }: Sample, pixel: number): Rgb => [image[pixel * 3]!, image[pixel * 3 + 1]!, image[pixel * 3 + 2]!];

export const inputPicture = (sample: Sample): RgbImage => picture(sample.width, sample.height, (pixel) => pixelOf(sample, pixel));

/** A class map in the classes' colours; ignored pixels are gray. */
export const maskPicture = ({ width, height }: Sample, mask: Uint8Array, palette: readonly Rgb[]): RgbImage =>
  picture(width, height, (pixel) => (mask[pixel] === IGNORED ? [128, 128, 128] : (palette[mask[pixel]!] ?? [128, 128, 128])));

/** The image in gray, dimmed, with wrong pixels in `errorColors`. */
export function errorPicture(sample: Sample, predicted: Uint8Array): RgbImage {
  return picture(sample.width, sample.height, (pixel) => {
    const [truth, found] = [sample.mask![pixel]!, predicted[pixel]!];
    const [r, g, b] = pixelOf(sample, pixel);
    const gray = Math.round(40 + 0.55 * (0.299 * r + 0.587 * g + 0.114 * b));
    if (truth === IGNORED || truth === found) return [gray, gray, gray];
    return found === 0 ? errorColors.missed : truth === 0 ? errorColors.extra : errorColors.confused;
  });
}

export const dataUri = (image: RgbImage): string => `data:image/png;base64,${Buffer.from(encodePng(image)).toString("base64")}`;

/** Mean IoU of one image, over the classes that occur in its mask or in what was found. */
export function imageIou(mask: Uint8Array, predicted: Uint8Array, classes: number): number {
  const both = new Float64Array(classes);
  const either = new Float64Array(classes);
  for (let i = 0; i < mask.length; i++) {
    const [truth, found] = [mask[i]!, predicted[i]!];
    if (truth === IGNORED) continue;
    either[truth]!++;
    if (truth === found) both[truth]!++;
    else either[found]!++;
  }
  const present = [...either.keys()].filter((c) => either[c]! > 0);
  // An image of ignored pixels alone has nothing wrong, and no place in an order otherwise.
  return present.length === 0 ? 1 : present.reduce((sum, c) => sum + both[c]! / either[c]!, 0) / present.length;
}
