import { constants, inflateSync } from "node:zlib";
import { ImageError } from "../runtime/errors.js";
import { readPngChunks } from "./png-chunks.js";
import type { PngChunks, PngHeader } from "./png-chunks.js";

/** The samples of a PNG file as they are stored: palette indices, and gray levels of fewer than 8 bits, are not scaled. */
export interface PngSamples extends Omit<PngChunks, "idat"> {
  /** Samples per pixel: 1 gray or palette, 2 gray and alpha, 3 RGB, 4 RGBA. */
  samplesPerPixel: number;
  /** `[height, width, samplesPerPixel]` */
  samples: Uint8Array | Uint16Array;
}

interface Pass {
  x: number;
  y: number;
  stepX: number;
  stepY: number;
}

const whole: readonly Pass[] = [{ x: 0, y: 0, stepX: 1, stepY: 1 }];
const adam7: readonly Pass[] = [
  { x: 0, y: 0, stepX: 8, stepY: 8 }, { x: 4, y: 0, stepX: 8, stepY: 8 }, { x: 0, y: 4, stepX: 4, stepY: 8 },
  { x: 2, y: 0, stepX: 4, stepY: 4 }, { x: 0, y: 2, stepX: 2, stepY: 4 }, { x: 1, y: 0, stepX: 2, stepY: 2 },
  { x: 0, y: 1, stepX: 1, stepY: 2 },
];

/** Rows and columns of a pass, and its bytes per row without the filter byte. A pass without columns has no rows. */
function passSize({ width, height }: PngHeader, pass: Pass, bits: number): { columns: number; rows: number; rowBytes: number } {
  const columns = Math.max(0, Math.ceil((width - pass.x) / pass.stepX));
  const rows = columns === 0 ? 0 : Math.max(0, Math.ceil((height - pass.y) / pass.stepY));
  return { columns, rows, rowBytes: Math.ceil((columns * bits) / 8) };
}

/**
 * Decodes a PNG file of any colour type, bit depth and interlacing. Nothing is allocated before the size is known to be at
 * most `maxPixels`, and a picture that unpacks to more than its size says is refused while it is being unpacked.
 */
export function decodePngSamples(bytes: Uint8Array, name: string, maxPixels: number): PngSamples {
  const { idat, ...chunks } = readPngChunks(bytes, name, maxPixels);
  const { header } = chunks;
  const samplesPerPixel = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[header.colorType]!;
  const bits = samplesPerPixel * header.depth;
  const passes = header.interlaced ? adam7 : whole;
  const expected = passes.reduce((sum, pass) => {
    const { rows, rowBytes } = passSize(header, pass, bits);
    return sum + rows * (rowBytes + 1);
  }, 0);
  const rows = inflate(idat, expected, name);
  const count = header.width * header.height * samplesPerPixel;
  const samples = header.depth === 16 ? new Uint16Array(count) : new Uint8Array(count);
  let at = 0;
  for (const pass of passes) {
    const size = passSize(header, pass, bits);
    unfilter(rows, at, size.rows, size.rowBytes, Math.max(1, bits >> 3), name);
    for (let row = 0; row < size.rows; row++, at += size.rowBytes + 1) {
      const line = rows.subarray(at + 1, at + 1 + size.rowBytes);
      const to = ((pass.y + row * pass.stepY) * header.width + pass.x) * samplesPerPixel;
      unpack(line, header.depth, samples, to, size.columns, samplesPerPixel, pass.stepX);
    }
  }
  return { ...chunks, samplesPerPixel, samples };
}

function inflate(idat: readonly Uint8Array[], expected: number, name: string): Uint8Array {
  const damaged = (what: string): ImageError => new ImageError(`${name} is a damaged PNG file: ${what}.`);
  const packed = idat.length === 1 ? idat[0]! : Buffer.concat(idat);
  let rows: Uint8Array;
  try {
    // A few encoders append a little; more than that is a decompression bomb.
    rows = inflateSync(packed, { maxOutputLength: expected + 65_536, chunkSize: Math.max(constants.Z_MIN_CHUNK, Math.min(expected + 1, 1 << 20)) });
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === "ERR_BUFFER_TOO_LARGE") throw damaged("its picture unpacks to more pixels than its size says");
    if (code === "Z_BUF_ERROR") throw damaged("its picture is cut off");
    throw damaged("its picture cannot be unpacked");
  }
  if (rows.length < expected) throw damaged(`its picture is cut off (${rows.length} bytes of ${expected})`);
  return rows;
}

/** Undoes the row filters in place (W3C PNG, section 9): 0 none, 1 left, 2 up, 3 mean of both, 4 Paeth. */
function unfilter(data: Uint8Array, start: number, rows: number, rowBytes: number, pixelBytes: number, name: string): void {
  for (let row = 0; row < rows; row++) {
    const filter = data[start + row * (rowBytes + 1)]!;
    const at = start + row * (rowBytes + 1) + 1;
    const above = row === 0 ? -1 : at - rowBytes - 1; // the byte above data[at]
    if (filter > 4) throw new ImageError(`${name} is a damaged PNG file: row ${row} has filter ${filter}, which does not exist.`);
    if (filter === 0) continue;
    for (let i = 0; i < rowBytes; i++) {
      const a = i < pixelBytes ? 0 : data[at + i - pixelBytes]!;
      const b = above < 0 ? 0 : data[above + i]!;
      if (filter === 1) data[at + i]! += a;
      else if (filter === 2) data[at + i]! += b;
      else if (filter === 3) data[at + i]! += (a + b) >> 1;
      else data[at + i]! += paeth(a, b, above < 0 || i < pixelBytes ? 0 : data[above + i - pixelBytes]!);
    }
  }
}

/** The neighbour (left, above, above left) nearest to left + above - above left; ties go in that order. */
export function paeth(a: number, b: number, c: number): number {
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/** Writes one row of `columns` pixels to `out` from index `to`, `step` pixels apart. Samples are packed from the high bits down. */
function unpack(line: Uint8Array, depth: number, out: Uint8Array | Uint16Array, to: number, columns: number, perPixel: number, step: number): void {
  if (depth === 8 && step === 1) return out.set(line, to);
  const mask = (1 << depth) - 1;
  for (let x = 0, i = 0; x < columns; x++)
    for (let c = 0; c < perPixel; c++, i++) {
      const value = depth === 8 ? line[i]!
        : depth === 16 ? (line[2 * i]! << 8) | line[2 * i + 1]!
        : (line[(i * depth) >> 3]! >> (8 - depth - ((i * depth) & 7))) & mask;
      out[to + x * step * perPixel + c] = value;
    }
}
