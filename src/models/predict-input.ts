import { Tensor } from "../graph/tensor.js";
import type { Device } from "../runtime/device.js";
import { drawnPixels, isDrawable, type Drawable } from "../runtime/drawable.js";
import { DTypeError, ImageError, ShapeError } from "../runtime/errors.js";

type Numbers = Uint8Array | Uint8ClampedArray | Uint16Array | Float32Array | Float64Array;

/** Pixels in memory: rows from the top, channels interleaved. `ImageData` is one. */
export interface PixelArray {
  /** Bytes 0 … 255, 16 bits 0 … 65535, floats 0 … 1. */
  readonly data: Numbers;
  readonly width: number;
  readonly height: number;
  /** 1 gray, 2 gray and alpha, 3 RGB, 4 RGBA, or whatever the model takes. Default: as many as the data has per pixel. */
  readonly channels?: number | undefined;
}

/** An ndarray of shape [height, width] or [height, width, channels], of any strides. */
export interface PixelNdArray {
  readonly data: Numbers;
  readonly shape: readonly number[];
  readonly stride?: readonly number[] | undefined;
  readonly offset?: number | undefined;
}

/**
 * What `predict` takes: an address or path (the device reads it), a Blob or File, pixels in memory, an ndarray, anything a
 * page can draw, or a tensor [height, width, channels] or [1, height, width, channels]: u8 0 … 255, or f32 0 … 1.
 */
export type ImageSource = string | URL | Blob | PixelArray | PixelNdArray | Drawable | Tensor;

/** Pixels wherever they lie: value (x, y, c) is `data[offset + y·rows + x·columns + c·planes]`. */
export interface View {
  readonly data: Numbers;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly offset: number;
  readonly rows: number;
  readonly columns: number;
  readonly planes: number;
}

function dense(op: string, data: Numbers, width: number, height: number, channels: number): View {
  if (![width, height].every((n) => Number.isInteger(n) && n > 0)) throw new ImageError(`${op}: an image needs a width and a height of at least 1 but has ${width}×${height}.`);
  if (data.length !== width * height * channels || !Number.isInteger(channels) || channels < 1)
    throw new ImageError(`${op}: ${width}×${height} pixels of ${channels} channels do not fit data of ${data.length} values.`);
  return { data, width, height, channels, offset: 0, rows: width * channels, columns: channels, planes: 1 };
}

function strided(op: string, { data, shape, stride, offset = 0 }: PixelNdArray): View {
  const [height = 0, width = 0, channels = 1] = shape;
  if (shape.length < 2 || shape.length > 3 || !shape.every((n) => Number.isInteger(n) && n > 0))
    throw new ShapeError(op, "an array that is an image has the axes height, width and (where there are several) channels", { image: [...shape] });
  if (!stride) return dense(op, data, width, height, channels);
  const [rows = 0, columns = 0, planes = 1] = stride;
  const ends = [0, 1, 2, 3, 4, 5, 6, 7].map((k) => offset + (k & 1 ? (height - 1) * rows : 0) + (k & 2 ? (width - 1) * columns : 0) + (k & 4 ? (channels - 1) * planes : 0));
  if (stride.length !== shape.length || Math.min(...ends) < 0 || Math.max(...ends) >= data.length)
    throw new ShapeError(op, `the strides reach beyond the data, which has ${data.length} values`, { image: [...shape], stride: [...stride] });
  return { data, width, height, channels, offset, rows, columns, planes };
}

const isNumbers = (data: unknown): data is Numbers =>
  [Uint8Array, Uint8ClampedArray, Uint16Array, Float32Array, Float64Array].some((type) => data instanceof type);

/** Height, width and channels of a tensor that is an image. */
export function tensorSize(tensor: Tensor, op = "predict"): readonly [height: number, width: number, channels: number] {
  const shape = tensor.shape.length === 4 && tensor.shape[0] === 1 ? tensor.shape.slice(1) : tensor.shape;
  if (tensor.dtype !== "u8" && tensor.dtype !== "f32") throw new DTypeError(`${op}: an image must be a u8 or f32 tensor but is ${tensor.dtype}.`);
  if (shape.length !== 3 || shape.includes(0))
    throw new ShapeError(op, "a tensor that is an image has the axes [height, width, channels] or [1, height, width, channels]", { image: tensor.shape });
  return shape as unknown as readonly [number, number, number];
}

/** Gets at the pixels of whatever `predict`, or another function (`op`) that takes images, was given. */
export async function openImage(image: ImageSource, device: Device, op = "predict"): Promise<View> {
  if (image instanceof Tensor) {
    const [height, width, channels] = tensorSize(image, op);
    return dense(op, (await image.data()) as Uint8Array | Float32Array, width, height, channels);
  }
  if (typeof image === "string" || image instanceof URL || image instanceof Blob) {
    const { data, width, height, channels } = await device.readImage(image);
    return dense(op, data, width, height, channels);
  }
  if (isDrawable(image)) {
    const { data, width, height, channels } = drawnPixels(image);
    return dense(op, data, width, height, channels);
  }
  if (typeof image === "object" && image !== null && isNumbers((image as PixelArray).data)) {
    if ("shape" in image) return strided(op, image);
    const { data, width, height, channels = data.length / (width * height) } = image as PixelArray;
    return dense(op, data, width, height, channels);
  }
  throw new ImageError(
    `${op}: this is not an image. Pass a path or address, a Blob, { data, width, height } with a Uint8Array, Uint16Array or Float32Array, an ndarray, a tensor, or (in a browser) an ImageBitmap, canvas or video frame.`,
  );
}

/** Indices -before … length - before - 1 mirrored into 0 … n - 1 about the outer pixels' edges, as training pads: … n-2 n-1 n-1 n-2 …. */
function mirrored(length: number, n: number, step: number, before: number): Int32Array {
  return Int32Array.from({ length }, (_, i) => {
    const at = (((i - before) % (2 * n)) + 2 * n) % (2 * n);
    return (at < n ? at : 2 * n - 1 - at) * step;
  });
}

/**
 * The image as a network takes it: `channels` interleaved (gray is repeated, colour becomes luma, alpha is dropped) and
 * mirrored on at its edges up to `width` × `height`. Bytes for 8 and 16 bits, floats 0 … 1 for floats.
 *
 * @param before columns and rows that stand before the image's first
 * @throws ImageError when the channels do not fit.
 */
export function arrange(view: View, channels: number, width: number, height: number, op = "predict", before: readonly [x: number, y: number] = [0, 0]): Uint8Array | Float32Array {
  const { data, offset, planes, channels: has } = view;
  const floats = data instanceof Float32Array || data instanceof Float64Array;
  const scale = data instanceof Uint16Array ? 1 / 257 : 1;
  const half = floats ? 0 : 0.5;
  const out = new (floats ? Float32Array : Uint8Array)(width * height * channels);
  const luma = channels === 1 && has >= 3;
  if (!(has === channels || (channels === 3 && (has <= 2 || has === 4)) || (channels === 1 && has <= 4)))
    throw new ImageError(`${op}: the model takes images of ${channels} channel${channels === 1 ? "" : "s"} but this one has ${has}.`);
  const source = Int32Array.from({ length: channels }, (_, c) => (has <= 2 && has !== channels ? 0 : c * planes));
  const ys = mirrored(height, view.height, view.rows, before[1]);
  const xs = mirrored(width, view.width, view.columns, before[0]);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = offset + ys[y]! + xs[x]!;
      // Cutting a whole number plus a half rounds; floats get none.
      if (luma) out[to++] = (0.299 * data[at]! + 0.587 * data[at + planes]! + 0.114 * data[at + 2 * planes]!) * scale + half;
      else for (let c = 0; c < channels; c++) out[to++] = data[at + source[c]!]! * scale + half;
    }
  }
  return out;
}
