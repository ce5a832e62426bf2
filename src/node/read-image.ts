import { fileURLToPath } from "node:url";
import { decodeImage } from "../io/decode.js";
import { readBytes } from "../io/files.js";
import { dropAlpha, to8Bit, type RasterImage } from "../io/image.js";
import type { Pixels } from "../runtime/device.js";
import { FileError } from "../runtime/errors.js";

async function download(address: string): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(address);
  } catch (error) {
    throw new FileError(`${address} could not be loaded: ${(error as Error).message}.`, { cause: error });
  }
  if (!response.ok) throw new FileError(`${address} could not be loaded: the server answered ${response.status}.`);
  return new Uint8Array(await response.arrayBuffer());
}

/**
 * Decodes a PNG or JPEG file from a path, a `file:`, `https:` or `data:` address, or a Blob: upright as its EXIF data says,
 * gray, RGB or RGBA, 8 or 16 bits as the file has them.
 *
 * @throws FileError for what cannot be read, ImageError for what is no image or damaged; both name it.
 */
export async function readImage(source: string | URL | Blob): Promise<RasterImage> {
  if (source instanceof Blob) return decodeImage(new Uint8Array(await source.arrayBuffer()), { name: (source as Partial<File>).name });
  const text = String(source);
  if (/^(https?|data):/i.test(text)) return decodeImage(await download(text), { name: text.length > 100 ? `${text.slice(0, 100)}…` : text });
  const path = source instanceof URL || /^file:/i.test(text) ? fileURLToPath(source) : text;
  return decodeImage(await readBytes(path), { name: path });
}

/** What devices need of an image: 8 bits, without alpha beside gray. */
export async function readPixels(source: string | URL | Blob): Promise<Pixels> {
  const image = to8Bit(await readImage(source));
  const { data, width, height, channels } = (image.channels === 2 ? dropAlpha(image) : image) as RasterImage & { data: Uint8Array };
  return { data, width, height, channels: channels as Pixels["channels"] };
}
