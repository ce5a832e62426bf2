import { ImageError } from "../runtime/errors.js";
import { orient } from "./image.js";
import type { Channels, LabelMap, RasterImage } from "./image.js";
import { decodeJpeg } from "./jpeg-decode.js";
import { pngSignature } from "./png-chunks.js";
import { decodePngSamples } from "./png-decode.js";
import type { PngSamples } from "./png-decode.js";

export { encodePalettePng, encodePng } from "./png-encode.js";

export interface DecodeOptions {
  /** The file's name, for error messages. Default "the image". */
  name?: string | undefined;
  /** Images of more pixels are refused before memory is taken for them. Default 64 million. */
  maxPixels?: number | undefined;
}

/** Images of more pixels than this are refused unless `maxPixels` says otherwise. */
const defaultMaxPixels = 64e6;

function sniff(bytes: Uint8Array, name: string): "png" | "jpeg" {
  const starts = (...head: readonly number[]): boolean => head.every((byte, i) => bytes[i] === byte);
  const text = (from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));
  if (bytes.length === 0) throw new ImageError(`${name} is empty.`);
  if (starts(...pngSignature)) return "png";
  if (starts(0xff, 0xd8, 0xff)) return "jpeg";
  if (text(0, 8).includes("PNG")) throw new ImageError(`${name} is a damaged PNG file: its first bytes were changed, as transfers in text mode do.`);
  const known = text(0, 4) === "GIF8" ? "GIF" : text(0, 4) === "RIFF" && text(8, 12) === "WEBP" ? "WebP" : text(0, 2) === "BM" ? "BMP"
    : starts(0x49, 0x49, 0x2a) || starts(0x4d, 0x4d, 0, 0x2a) ? "TIFF" : text(4, 12) === "ftypavif" ? "AVIF" : text(4, 8) === "ftyp" ? "HEIF" : undefined;
  throw new ImageError(`${name} is ${known ? `a ${known} image` : "not an image that can be read"}. PNG and JPEG files can be read.`);
}

/**
 * Decodes a PNG or JPEG file, turned upright as its EXIF data says. PNG palettes and gray levels of fewer than 8 bits become
 * 8-bit values, transparency becomes an alpha channel, 16-bit samples stay 16-bit. JPEG gives gray or RGB; CMYK and YCCK
 * become RGB as (1-C)(1-K). Colour profiles and gamma are not applied: networks are trained on the stored values.
 *
 * @throws ImageError naming the file: unknown, damaged or cut off, or of more than `maxPixels` pixels.
 */
export async function decodeImage(bytes: Uint8Array, { name = "the image", maxPixels = defaultMaxPixels }: DecodeOptions = {}): Promise<RasterImage> {
  if (sniff(bytes, name) === "jpeg") return decodeJpeg(bytes, name, maxPixels);
  const png = decodePngSamples(bytes, name, maxPixels);
  return orient(png.header.colorType === 3 ? expandPalette(png, name) : expandSamples(png), png.orientation);
}

/**
 * Decodes the labels of a mask: palette indices and gray values as they are stored, 8 or 16 bits. Alpha is dropped;
 * colour images are accepted when red, green and blue agree everywhere.
 *
 * @throws ImageError as `decodeImage`, and for colour images and JPEG files, whose compression invents labels.
 */
export function decodeMask(bytes: Uint8Array, { name = "the mask", maxPixels = defaultMaxPixels }: DecodeOptions = {}): LabelMap & { data: Uint8Array | Uint16Array } {
  if (sniff(bytes, name) === "jpeg") throw new ImageError(`${name} is a JPEG file, whose compression changes labels. Masks must be PNG files.`);
  const { header: { width, height }, samples, samplesPerPixel, orientation } = decodePngSamples(bytes, name, maxPixels);
  let data = samples;
  if (samplesPerPixel > 1) {
    data = new (samples instanceof Uint8Array ? Uint8Array : Uint16Array)(width * height);
    for (let i = 0, at = 0; i < data.length; i++, at += samplesPerPixel) {
      data[i] = samples[at]!;
      if (samplesPerPixel > 2 && (samples[at] !== samples[at + 1] || samples[at] !== samples[at + 2]))
        throw new ImageError(`${name} is a colour image (${samples[at]}, ${samples[at + 1]}, ${samples[at + 2]} at x ${i % width}, y ${Math.floor(i / width)}). A mask holds one label per pixel: a gray or palette PNG.`);
    }
  }
  const upright = orient({ width, height, channels: 1, data }, orientation);
  return { width: upright.width, height: upright.height, data: upright.data };
}

function expandPalette({ header: { width, height }, samples, palette, transparency }: PngSamples, name: string): RasterImage {
  const colours = palette!.length / 3;
  const channels = transparency ? 4 : 3;
  const data = new Uint8Array(samples.length * channels);
  for (let i = 0, to = 0; i < samples.length; i++) {
    const index = samples[i]!;
    if (index >= colours) throw new ImageError(`${name} is a damaged PNG file: a pixel has colour ${index} but the palette ends at ${colours - 1}.`);
    for (let c = 0; c < 3; c++) data[to++] = palette![index * 3 + c]!;
    if (transparency) data[to++] = transparency[index] ?? 255;
  }
  return { width, height, channels, data };
}

function expandSamples({ header: { width, height, depth }, samples, samplesPerPixel, transparency }: PngSamples): RasterImage {
  const keyed = transparency !== undefined && (samplesPerPixel === 1 || samplesPerPixel === 3) && transparency.length >= 2 * samplesPerPixel;
  const scale = depth < 8 ? 255 / ((1 << depth) - 1) : 1;
  if (!keyed && scale === 1) return { width, height, channels: samplesPerPixel as Channels, data: samples };
  const channels = samplesPerPixel + (keyed ? 1 : 0);
  const data = new (depth === 16 ? Uint16Array : Uint8Array)(width * height * channels);
  const key = Array.from({ length: keyed ? samplesPerPixel : 0 }, (_, c) => (transparency![2 * c]! << 8) | transparency![2 * c + 1]!);
  const opaque = depth === 16 ? 65_535 : 255;
  for (let i = 0, at = 0, to = 0; i < width * height; i++, at += samplesPerPixel) {
    for (let c = 0; c < samplesPerPixel; c++) data[to++] = samples[at + c]! * scale;
    if (keyed) data[to++] = key.every((value, c) => samples[at + c] === value) ? 0 : opaque;
  }
  return { width, height, channels: channels as Channels, data };
}
