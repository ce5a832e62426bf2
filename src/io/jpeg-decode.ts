import { ImageError } from "../runtime/errors.js";
import { orient } from "./image.js";
import type { RasterImage } from "./image.js";
import { readJpegHeader } from "./jpeg-header.js";

async function loadSharp(name: string) {
  try {
    return (await import("sharp")).default;
  } catch (error) {
    throw new ImageError(`${name} is a JPEG file, and the package "sharp" that decodes those is not installed or has no build for this machine. Run: npm install sharp`, { cause: error });
  }
}

/**
 * Decodes a JPEG file with libjpeg-turbo, through the package `sharp`, which is loaded when the first JPEG arrives
 * (why this one: docs/decisions/0002-image-decoders.md). Gray stays gray, the rest becomes RGB; decoding runs off the main thread.
 */
export async function decodeJpeg(bytes: Uint8Array, name: string, maxPixels: number): Promise<RasterImage> {
  const { width, height, components, orientation } = readJpegHeader(bytes, name);
  if (width * height > maxPixels) throw new ImageError(`${name} says that it has ${width}×${height} pixels, more than the limit of ${maxPixels}. Raise maxPixels to read it.`);
  const sharp = await loadSharp(name);
  const space = components === 1 ? "b-w" : components === 3 ? "srgb" : "cmyk";
  let decoded;
  try {
    // "truncated" refuses files that end early, and reads on after damage inside the picture, as viewers do.
    const image = sharp(bytes, { failOn: "truncated", ignoreIcc: true, limitInputPixels: false });
    decoded = await (space === "cmyk" ? image.pipelineColourspace(space) : image).toColourspace(space).raw().toBuffer({ resolveWithObject: true });
  } catch (error) {
    throw new ImageError(`${name} is a damaged JPEG file: ${reason(error)}.`, { cause: error });
  }
  const { info } = decoded;
  const channels = info.channels as number;
  if (info.width !== width || info.height !== height || channels !== components)
    throw new ImageError(`${name} is a damaged JPEG file: it has ${info.width}×${info.height} pixels of ${channels} channels, not the ${width}×${height} of ${components} that it says.`);
  const data = new Uint8Array(decoded.data.buffer, decoded.data.byteOffset, decoded.data.byteLength);
  return orient(components === 4 ? cmykToRgb(data, width, height) : { width, height, channels: components as 1 | 3, data }, orientation);
}

/** R = (1-C)(1-K) and so on, without a colour profile; `data` has 0 for no ink and 255 for full ink. */
function cmykToRgb(data: Uint8Array, width: number, height: number): RasterImage {
  const out = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++)
    for (let c = 0; c < 3; c++) out[i * 3 + c] = Math.round(((255 - data[i * 4 + c]!) * (255 - data[i * 4 + 3]!)) / 255);
  return { width, height, channels: 3, data: out };
}

/** The decoder's own words in one line, without its prefix. */
function reason(error: unknown): string {
  const line = String(error instanceof Error ? error.message : error).split("\n")[0]!.replace(/^(Input \w+ (has|contains) [^:]*: *)?(\w+: *)?/, "").replace(/[.\s]+$/, "");
  return line || "its picture cannot be decoded";
}
