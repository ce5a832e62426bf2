import { ImageError } from "../runtime/errors.js";
import { exifOrientation } from "./exif.js";

export interface JpegHeader {
  width: number;
  height: number;
  /** 1 gray, 3 colour, 4 CMYK or YCCK. */
  components: number;
  /** EXIF orientation, 1..8. */
  orientation: number;
}

const hasSize = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
const standsAlone = (marker: number): boolean => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);

/**
 * Walks the segments of a JPEG file (ITU-T T.81, annex B) up to the first scan and returns what must be known before
 * pixels are allocated. Throws an `ImageError` for a file that ends early, has no frame or no scan, or no size.
 */
export function readJpegHeader(bytes: Uint8Array, name: string): JpegHeader {
  const damaged = (what: string): ImageError => new ImageError(`${name} is a damaged JPEG file: ${what}.`);
  const header: JpegHeader = { width: 0, height: 0, components: 0, orientation: 1 };
  let at = 2; // after the start-of-image marker
  for (;;) {
    while (at < bytes.length && bytes[at] !== 0xff) at++; // stray bytes between segments are passed over, as libjpeg does
    while (bytes[at] === 0xff) at++;
    const marker = bytes[at++];
    if (marker === undefined) throw damaged(header.components === 0 ? "it ends before the size of the image" : "it ends before the picture begins");
    if (marker === 0xd9) throw damaged("it holds no picture");
    if (standsAlone(marker) || marker === 0) continue;
    const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    if (length < 2 || at + length > bytes.length) throw damaged("a segment is longer than the file");
    const body = bytes.subarray(at + 2, at + length);
    at += length;
    if (hasSize(marker)) {
      if (body.length < 6) throw damaged("its frame header is too short");
      header.height = (body[1]! << 8) | body[2]!;
      header.width = (body[3]! << 8) | body[4]!;
      header.components = body[5]!;
      if (header.width === 0 || header.height === 0) throw damaged(`it says that the image has ${header.width}×${header.height} pixels`);
      if (![1, 3, 4].includes(header.components)) throw damaged(`it says that the image has ${header.components} colour components`);
    } else if (marker === 0xe1 && String.fromCharCode(...body.subarray(0, 6)) === "Exif\0\0" && header.orientation === 1) {
      header.orientation = exifOrientation(body.subarray(6));
    } else if (marker === 0xda) {
      if (header.components === 0) throw damaged("the picture begins before its size is given");
      return header;
    }
  }
}
