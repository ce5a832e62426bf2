import { decodeImage, decodeMask } from "../io/decode.js";
import { readBytes } from "../io/files.js";
import { toRgb8 } from "../io/image.js";
import { AtrousError, DataError, FileError, ImageError } from "../runtime/errors.js";
import { outsideClasses, type Sample } from "./dataset.js";

/** What to decode; plain data, so that it can be sent to a worker. */
export interface DecodeJob {
  readonly name: string;
  readonly image: string;
  readonly mask: string;
  /** Pixel value of the mask file → class index, or 255 = ignored. */
  readonly values: ReadonlyMap<number, number>;
  /** Colour of a colour-coded mask file (red · 65536 + green · 256 + blue) → class index, or 255. */
  readonly colors?: ReadonlyMap<number, number> | undefined;
  /** 16-bit mask files hold value · divisor + instance. */
  readonly divisor?: number | undefined;
  readonly classes: number;
}

/** Marks pixel values that have no meaning, in a look-up table of class indices (0 … 255). */
const UNKNOWN = 256;

/** The pixel values of a mask file. */
export async function readMask(path: string): Promise<{ data: ArrayLike<number>; width: number; height: number }> {
  return decodeMask(await readBytes(path), { name: path });
}

/** The bytes in a buffer of their own, which can be handed to another thread. */
const owned = (bytes: Uint8Array): Uint8Array => (bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice());

/** Reads an image and its mask, and translates mask values to class indices. */
export async function decodeSample(job: DecodeJob): Promise<Sample> {
  const { name, image: imagePath, mask: maskPath, colors } = job;
  const image = toRgb8(await decodeImage(await readBytes(imagePath), { name: imagePath }));
  const bytes = await readBytes(maskPath);
  const { width, height } = image;
  const labels = colors && isColoured(bytes) ? toRgb8(await decodeImage(bytes, { name: maskPath })) : decodeMask(bytes, { name: maskPath });
  if (labels.width !== width || labels.height !== height)
    throw new DataError(`${name}: the image is ${width}x${height} but its mask is ${labels.width}x${labels.height} (${imagePath}, ${maskPath}).`);
  const mask = "channels" in labels ? fromColours(labels.data, width, job) : fromValues(labels.data, width, job);
  return { name, width, height, image: owned(image.data), mask };
}

/** Whether a file is a PNG of colours (RGB or RGBA), which its header tells. */
const isColoured = (png: Uint8Array): boolean => png[25] === 2 || png[25] === 6;

/** Class indices of pixel values. */
function fromValues(data: Uint8Array | Uint16Array, width: number, { values, divisor = 1, classes, mask: maskPath }: DecodeJob): Uint8Array {
  const table = new Uint16Array(65536).fill(UNKNOWN);
  for (const [value, index] of values) table[value] = index;
  const mask = new Uint8Array(data.length);
  const step = data instanceof Uint16Array ? divisor : 1;
  for (let i = 0; i < mask.length; i++) {
    const value = Math.floor(data[i]! / step);
    const index = table[value] ?? UNKNOWN;
    if (index === UNKNOWN) throw new DataError(outsideClasses(maskPath, value, i, width, classes));
    mask[i] = index;
  }
  return mask;
}

/** Class indices of colours. */
function fromColours(data: ArrayLike<number>, width: number, { colors, mask: maskPath }: DecodeJob): Uint8Array {
  const mask = new Uint8Array(data.length / 3);
  for (let i = 0; i < mask.length; i++) {
    const [red, green, blue] = [data[3 * i]!, data[3 * i + 1]!, data[3 * i + 2]!];
    const index = colors!.get((red << 16) | (green << 8) | blue);
    if (index === undefined) {
      const where = `x = ${i % width}, y = ${Math.floor(i / width)}`;
      throw new DataError(`${maskPath}: the mask holds the colour (${red}, ${green}, ${blue}) (at ${where}), which is that of none of the labels.`);
    }
    mask[i] = index;
  }
  return mask;
}

/** An error as plain data: class instances do not survive the way between threads. */
export interface SentError {
  readonly type: string;
  readonly message: string;
}

export function sendError(error: unknown): SentError {
  if (error instanceof Error) return { type: error instanceof AtrousError ? error.name : "Error", message: error.message };
  return { type: "Error", message: String(error) };
}

const errorTypes: Readonly<Record<string, new (message: string) => Error>> = { DataError, FileError, ImageError, AtrousError };

/** The error that `sendError` described, of the same type and with the same message. */
export function receiveError({ type, message }: SentError): Error {
  return new (errorTypes[type] ?? Error)(message);
}
