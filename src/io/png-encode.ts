import { crc32, deflateSync } from "node:zlib";
import { ImageError } from "../runtime/errors.js";
import { checkRaster } from "./image.js";
import type { LabelMap, RasterImage } from "./image.js";
import type { Rgb } from "./palette.js";
import { paeth } from "./png-decode.js";
import { pngSignature } from "./png-chunks.js";

function chunk(type: string, body: Uint8Array): Uint8Array {
  const out = Buffer.alloc(body.length + 12);
  out.writeUInt32BE(body.length, 0);
  out.write(type, 4, "latin1");
  out.set(body, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + body.length)), 8 + body.length);
  return out;
}

function assemble(width: number, height: number, depth: number, colorType: number, rows: Uint8Array, extra: readonly Uint8Array[] = []): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colorType], 8);
  const file = Buffer.concat([pngSignature, chunk("IHDR", header), ...extra, chunk("IDAT", deflateSync(rows, { level: 6 })), chunk("IEND", new Uint8Array())]);
  return new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
}

/** Encodes an image of 1 to 4 channels, 8 or 16 bits each, as PNG. Each row takes the filter with the smallest sum of absolute differences. */
export function encodePng(image: RasterImage): Uint8Array {
  checkRaster("encodePng", image, image.channels);
  const { width, height, channels, data } = image;
  const wide = data instanceof Uint16Array;
  const rowBytes = width * channels * (wide ? 2 : 1);
  const raw = new Uint8Array(rowBytes * height);
  if (wide) {
    const view = new DataView(raw.buffer);
    for (let i = 0; i < data.length; i++) view.setUint16(2 * i, data[i]!);
  } else raw.set(data);
  return assemble(width, height, wide ? 16 : 8, { 1: 0, 2: 4, 3: 2, 4: 6 }[channels], filterRows(raw, height, rowBytes, channels * (wide ? 2 : 1)));
}

/** Each row behind its filter byte; the candidates are none, left, up and Paeth. */
function filterRows(raw: Uint8Array, height: number, rowBytes: number, pixelBytes: number): Uint8Array {
  const out = new Uint8Array(height * (rowBytes + 1));
  const candidates = [0, 1, 2, 4].map((filter) => ({ filter, line: new Uint8Array(rowBytes) }));
  for (let row = 0; row < height; row++) {
    const at = row * rowBytes;
    let best = candidates[0]!;
    let least = Infinity;
    for (const candidate of candidates) {
      const { filter, line } = candidate;
      let sum = 0;
      for (let i = 0; i < rowBytes; i++) {
        const a = i < pixelBytes ? 0 : raw[at + i - pixelBytes]!;
        const b = row === 0 ? 0 : raw[at + i - rowBytes]!;
        const c = row === 0 || i < pixelBytes ? 0 : raw[at + i - rowBytes - pixelBytes]!;
        line[i] = raw[at + i]! - (filter === 0 ? 0 : filter === 1 ? a : filter === 2 ? b : paeth(a, b, c));
        sum += line[i]! < 128 ? line[i]! : 256 - line[i]!;
      }
      if (sum < least) [best, least] = [candidate, sum];
    }
    out[at + row] = best.filter;
    out.set(best.line, at + row + 1);
  }
  return out;
}

/**
 * Encodes a label map as a palette PNG: the stored indices are the labels, viewers show `palette[label]`.
 * Labels that the palette has no colour for (an ignore value of 255, say) are shown black.
 *
 * @throws ImageError for labels above 255, which a palette cannot hold; `encodePng` writes those as 16-bit gray.
 */
export function encodePalettePng(labels: LabelMap, palette: readonly Rgb[]): Uint8Array {
  checkRaster("encodePalettePng", labels);
  const { width, height, data } = labels;
  if (palette.length < 1 || palette.length > 256) throw new ImageError(`encodePalettePng: a palette has 1 to 256 colours but this one has ${palette.length}.`);
  const rows = new Uint8Array(height * (width + 1)); // filter 0: neighbouring indices are not neighbouring colours
  let highest = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const label = data[y * width + x]!;
      if (!(label >= 0 && label <= 255)) throw new ImageError(`encodePalettePng: label ${label} at (${x}, ${y}) does not fit in a palette of at most 256 colours. Write it with encodePng as 16-bit gray.`);
      highest = Math.max(highest, label);
      rows[y * (width + 1) + 1 + x] = label;
    }
  const colours = new Uint8Array(3 * Math.max(highest + 1, palette.length));
  palette.forEach((colour, i) => colours.set(colour, 3 * i));
  return assemble(width, height, 8, 3, rows, [chunk("PLTE", colours)]);
}
