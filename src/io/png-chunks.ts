import { crc32 } from "node:zlib";
import { ImageError } from "../runtime/errors.js";
import { exifOrientation } from "./exif.js";

export interface PngHeader {
  width: number;
  height: number;
  /** Bits per sample: 1, 2, 4, 8 or 16. */
  depth: number;
  /** 0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGBA. */
  colorType: number;
  interlaced: boolean;
}

export interface PngChunks {
  header: PngHeader;
  /** Red, green, blue of each palette entry. */
  palette?: Uint8Array | undefined;
  /** The tRNS chunk: alpha of the first palette entries, or the one transparent gray or colour, 16 bits per sample. */
  transparency?: Uint8Array | undefined;
  /** The compressed rows, in the order of the file. */
  idat: Uint8Array[];
  /** EXIF orientation, 1..8. */
  orientation: number;
}

export const pngSignature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

const depths: Record<number, readonly number[]> = { 0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16] };
const used = new Set(["IHDR", "PLTE", "IDAT", "IEND", "tRNS"]);

/**
 * Reads the chunks of a PNG file (W3C PNG, third edition, section 11) without decompressing anything.
 * Throws an `ImageError` that names the file for whatever breaks the format.
 */
export function readPngChunks(bytes: Uint8Array, name: string, maxPixels: number): PngChunks {
  const damaged = (what: string): ImageError => new ImageError(`${name} is a damaged PNG file: ${what}.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let header: PngHeader | undefined;
  let palette: Uint8Array | undefined;
  let transparency: Uint8Array | undefined;
  const idat: Uint8Array[] = [];
  let orientation = 1;
  for (let at = pngSignature.length; ; ) {
    if (at + 12 > bytes.length) throw damaged("it ends before its last chunk, so it was probably cut off");
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (!/^[A-Za-z]{4}$/.test(type)) throw damaged("a chunk has no readable name");
    if (at + 12 + length > bytes.length) throw damaged(`its ${type} chunk is longer than the file, so it was probably cut off`);
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (used.has(type) && crc32(bytes.subarray(at + 4, at + 8 + length)) !== view.getUint32(at + 8 + length))
      throw damaged(`the checksum of its ${type} chunk is wrong`);
    at += 12 + length;
    if (type === "IHDR") {
      if (header) throw damaged("it has two headers");
      header = readHeader(body, damaged);
      if (header.width * header.height > maxPixels)
        throw new ImageError(`${name} says that it has ${header.width}×${header.height} pixels, more than the limit of ${maxPixels}. Raise maxPixels to read it.`);
    } else if (!header) throw damaged("it does not begin with a header");
    else if (type === "PLTE") {
      if (length === 0 || length % 3 !== 0 || length > 768) throw damaged(`its palette has ${length} bytes, which is not 1 to 256 colours`);
      palette = body;
    } else if (type === "tRNS") transparency = body;
    else if (type === "IDAT") idat.push(body);
    else if (type === "eXIf") orientation = exifOrientation(body);
    else if (type === "IEND") break;
    else if (/^[A-Z]/.test(type)) throw damaged(`it needs a ${type} chunk, which nobody knows how to read`);
  }
  if (idat.length === 0) throw damaged("it holds no picture");
  if (header.colorType === 3 && !palette) throw damaged("it has no palette, which its colour type needs");
  return { header, palette, transparency, idat, orientation };
}

function readHeader(body: Uint8Array, damaged: (what: string) => ImageError): PngHeader {
  if (body.length !== 13) throw damaged(`its header has ${body.length} bytes instead of 13`);
  const view = new DataView(body.buffer, body.byteOffset, 13);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, colorType, compression, filter, interlace] = [body[8]!, body[9]!, body[10]!, body[11]!, body[12]!];
  if (width === 0 || height === 0) throw damaged(`it says that the image has ${width}×${height} pixels`);
  if (!depths[colorType]) throw damaged(`there is no colour type ${colorType}`);
  if (!depths[colorType].includes(depth)) throw damaged(`colour type ${colorType} cannot have ${depth} bits per sample`);
  if (compression !== 0 || filter !== 0 || interlace > 1) throw damaged("it uses a compression, filter or interlace method that does not exist");
  return { width, height, depth, colorType, interlaced: interlace === 1 };
}
