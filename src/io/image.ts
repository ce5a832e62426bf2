import { ImageError } from "../runtime/errors.js";

/** Channels of a decoded image: 1 gray, 2 gray and alpha, 3 RGB, 4 RGBA. */
export type Channels = 1 | 2 | 3 | 4;

/**
 * An image in memory: rows from the top, pixels from the left, channels interleaved (HWC),
 * 0..255 in a Uint8Array or 0..65535 in a Uint16Array. Alpha is not premultiplied.
 */
export interface RasterImage {
  width: number;
  height: number;
  channels: Channels;
  data: Uint8Array | Uint16Array;
}

/** An 8-bit image with three channels. */
export interface RgbImage extends RasterImage {
  channels: 3;
  data: Uint8Array;
}

/** A label map: one whole number per pixel, rows from the top. */
export interface LabelMap {
  width: number;
  height: number;
  data: Uint8Array | Uint16Array | Uint32Array | Int32Array;
}

export interface RgbOptions {
  /** Colour (0..255) that transparent pixels are laid over. By default alpha is dropped, as training pipelines do. */
  background?: readonly [number, number, number] | undefined;
}

/** Throws an `ImageError` unless the sizes are whole numbers of at least 1 and the data is as long as they say. */
export function checkRaster(op: string, image: { width: number; height: number; data: ArrayLike<number> }, channels = 1): void {
  const { width, height, data } = image;
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1)
    throw new ImageError(`${op}: an image needs a width and a height of at least 1 but has ${width}×${height}.`);
  if (data.length !== width * height * channels)
    throw new ImageError(`${op}: ${width}×${height} pixels of ${channels} channel${channels === 1 ? "" : "s"} need ${width * height * channels} values but the data has ${data.length}.`);
}

/** The image with 8 bits per channel: 16-bit values are divided by 257 and rounded, 8-bit images come back as they are. */
export function to8Bit(image: RasterImage): RasterImage & { data: Uint8Array } {
  const { width, height, channels, data } = image;
  if (data instanceof Uint8Array) return { width, height, channels, data };
  const bytes = new Uint8Array(data.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.round(data[i]! / 257);
  return { width, height, channels, data: bytes };
}

/** The image as 8-bit RGB: gray is repeated, 16 bits are scaled down, alpha is dropped or laid over `background`. */
export function toRgb8(image: RasterImage, { background }: RgbOptions = {}): RgbImage {
  checkRaster("toRgb8", image, image.channels);
  const { width, height, channels, data } = to8Bit(image);
  if (channels === 3) return { width, height, channels, data };
  const pixels = width * height;
  const out = new Uint8Array(pixels * 3);
  const [g, b] = channels === 4 ? [1, 2] : [0, 0];
  for (let i = 0, at = 0, to = 0; i < pixels; i++, at += channels, to += 3) {
    out[to] = data[at]!;
    out[to + 1] = data[at + g]!;
    out[to + 2] = data[at + b]!;
  }
  if (background && channels !== 1)
    for (let i = 0; i < pixels; i++) {
      const alpha = data[i * channels + channels - 1]! / 255;
      for (let c = 0; c < 3; c++) out[i * 3 + c] = Math.round(out[i * 3 + c]! * alpha + background[c]! * (1 - alpha));
    }
  return { width, height, channels: 3, data: out };
}

/** The image with one channel at its own bit depth: ITU-R BT.601 luma (0.299 R + 0.587 G + 0.114 B, rounded); alpha is dropped. */
export function toGray(image: RasterImage): RasterImage & { channels: 1 } {
  const { width, height, channels, data } = image;
  checkRaster("toGray", image, channels);
  if (channels === 1) return { width, height, channels, data };
  const out = new (data instanceof Uint8Array ? Uint8Array : Uint16Array)(width * height);
  for (let i = 0, at = 0; i < out.length; i++, at += channels)
    out[i] = channels === 2 ? data[at]! : Math.round(0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!);
  return { width, height, channels: 1, data: out };
}

/** The image without its alpha channel, at its own bit depth; images without alpha come back as they are. */
export function dropAlpha(image: RasterImage): RasterImage {
  const { width, height, channels, data } = image;
  if (channels === 1 || channels === 3) return image;
  const kept = (channels - 1) as 1 | 3;
  const out = new (data instanceof Uint8Array ? Uint8Array : Uint16Array)(width * height * kept);
  for (let i = 0; i < width * height; i++) for (let c = 0; c < kept; c++) out[i * kept + c] = data[i * channels + c]!;
  return { width, height, channels: kept, data: out };
}

/**
 * The image turned upright. `orientation` is the EXIF tag 0x0112: 1 as stored, 2 mirrored left to right, 3 turned by 180°,
 * 4 mirrored top to bottom, 5 transposed, 6 to be turned clockwise, 7 transposed over the other diagonal,
 * 8 to be turned counter-clockwise. Any other number counts as 1.
 */
export function orient(image: RasterImage, orientation: number): RasterImage {
  if (![2, 3, 4, 5, 6, 7, 8].includes(orientation)) return image;
  const { width, height, channels, data } = image;
  const turned = orientation >= 5;
  const [w, h] = turned ? [height, width] : [width, height];
  const mirrorX = [2, 3, 7, 8].includes(orientation); // in the stored image's axes
  const mirrorY = [3, 4, 6, 7].includes(orientation);
  const out = new (data instanceof Uint8Array ? Uint8Array : Uint16Array)(data.length);
  for (let y = 0, to = 0; y < h; y++)
    for (let x = 0; x < w; x++) {
      const [u, v] = turned ? [y, x] : [x, y];
      const at = ((mirrorY ? height - 1 - v : v) * width + (mirrorX ? width - 1 - u : u)) * channels;
      for (let c = 0; c < channels; c++) out[to++] = data[at + c]!;
    }
  return { width: w, height: h, channels, data: out };
}
