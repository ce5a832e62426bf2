import { crc32, deflateSync } from "node:zlib";

/** Crafted PNG files for tests: every chunk as given, with right checksums. */
export function pngFile(...chunks: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), ...chunks]);
}

export function pngChunk(type: string, body: Uint8Array = new Uint8Array()): Uint8Array {
  const out = Buffer.alloc(body.length + 12);
  out.writeUInt32BE(body.length, 0);
  out.write(type, 4, "latin1");
  out.set(body, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + body.length)), 8 + body.length);
  return out;
}

export function ihdr(width: number, height: number, depth: number, colorType: number, interlace = 0, methods = [0, 0]): Uint8Array {
  const body = Buffer.alloc(13);
  body.writeUInt32BE(width, 0);
  body.writeUInt32BE(height, 4);
  body.set([depth, colorType, ...methods, interlace], 8);
  return pngChunk("IHDR", body);
}

export const idat = (rows: Uint8Array | readonly number[]): Uint8Array => pngChunk("IDAT", deflateSync(Uint8Array.from(rows)));
export const iend = pngChunk("IEND");
