import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { ImageError } from "../../../src/runtime/errors.js";
import { decodeImage, decodeMask, encodePalettePng, encodePng } from "../../../src/io/decode.js";
import type { RasterImage } from "../../../src/io/image.js";
import { dataPath } from "../../support/data.js";
import { random } from "../../support/random.js";
import { idat, iend, ihdr, pngChunk, pngFile } from "./make-png.js";

const suite = dataPath("images", "png", "pngsuite");
const files = suite ? readdirSync(suite).filter((name) => name.endsWith(".png")) : [];

describe.skipIf(!suite)("PngSuite", () => {
  const bytes = (name: string): Buffer => readFileSync(join(suite!, name));

  it.each(files.filter((name) => name.startsWith("x")))("refuses %s", async (name) => {
    await expect(decodeImage(bytes(name), { name })).rejects.toThrow(ImageError);
    await expect(decodeImage(bytes(name), { name })).rejects.toThrow(name);
  });

  it("decodes every other file to the samples of libpng", async () => {
    for (const name of files.filter((each) => !each.startsWith("x"))) {
      const image = await decodeImage(bytes(name), { name });
      const wide = image.data instanceof Uint16Array;
      const gray = image.channels === 1;
      const { data, info } = await sharp(bytes(name)).toColourspace(gray ? (wide ? "grey16" : "b-w") : wide ? "rgb16" : "srgb")
        .raw({ depth: wide ? "ushort" : "uchar" }).toBuffer({ resolveWithObject: true });
      const samples = wide ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : new Uint8Array(data);
      expect([name, image.width, image.height]).toEqual([name, info.width, info.height]);
      for (let i = 0; i < info.width * info.height; i++) {
        const colour = (from: ArrayLike<number>, channels: number): number[] => [0, 1, 2].map((c) => from[i * channels + (channels < 3 ? 0 : c)]!);
        const [ours, theirs] = [colour(image.data, image.channels), colour(samples, info.channels)];
        if (String(ours) !== String(theirs)) expect.fail(`${name}: pixel ${i} is ${String(ours)}, libpng says ${String(theirs)}`);
        if (image.channels === 4 && image.data[(i + 1) * image.channels - 1] !== samples[(i + 1) * info.channels - 1])
          expect.fail(`${name}: pixel ${i} has another alpha than libpng says`);
      }
    }
  });

  it("keeps palette indices and raw gray levels in masks", () => {
    const palette = decodeMask(bytes("basn3p02.png"));
    expect(Math.max(...palette.data)).toBe(3);
    expect(decodeMask(bytes("basi3p02.png"))).toEqual(palette);
    expect(new Set(decodeMask(bytes("basn0g01.png")).data)).toEqual(new Set([0, 1]));
    expect(decodeMask(bytes("basn0g16.png")).data).toBeInstanceOf(Uint16Array);
    expect(() => decodeMask(bytes("basn2c08.png"), { name: "basn2c08.png" })).toThrow(/^basn2c08\.png is a colour image \(\d+, \d+, \d+ at x \d+, y \d+\)\. A mask holds one label per pixel: a gray or palette PNG\.$/);
  });

  it("answers 1,500 seeded mutants with an image or an ImageError", async () => {
    const rng = random("png mutants");
    const seeds = ["basi3p04.png", "basn2c16.png", "tbbn3p08.png", "basn0g01.png", "f04n2c08.png"].map(bytes);
    for (let round = 0; round < 1500; round++) {
      const seed = seeds[round % seeds.length]!;
      const mutant = Uint8Array.from(rng.uniform() < 0.2 ? seed.subarray(0, rng.integer(seed.length)) : seed);
      for (let i = rng.integer(4); i >= 0 && mutant.length > 0; i--) mutant[rng.integer(mutant.length)] = rng.integer(256);
      if (rng.uniform() < 0.7) repairChecksums(mutant); // else most mutants die at the first chunk
      await expectImageOrError(mutant);
    }
  });
});

async function expectImageOrError(bytes: Uint8Array): Promise<void> {
  try {
    const { width, height, channels, data } = await decodeImage(bytes, { maxPixels: 1e6 });
    expect(data.length).toBe(width * height * channels);
  } catch (error) {
    expect(error).toBeInstanceOf(ImageError);
  }
}

/** Recomputes checksums as far as the chunk lengths hold, so that mutants get past them. */
function repairChecksums(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer);
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    if (at + 12 + length > bytes.length) return;
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const chunk = pngChunk(type, bytes.subarray(at + 8, at + 8 + length));
    bytes.set(chunk.subarray(-4), at + 8 + length);
    at += 12 + length;
  }
}

describe("crafted PNG files", () => {
  const gray2 = [0, 1, 2, 0, 3, 4]; // 2×2, one filter byte per row
  const good = pngFile(ihdr(2, 2, 8, 0), idat(gray2), iend);
  const black = new Uint8Array(3);

  it("decodes the one that is right", async () => {
    expect(await decodeImage(good)).toEqual({ width: 2, height: 2, channels: 1, data: Uint8Array.of(1, 2, 3, 4) });
    expect((await decodeImage(pngFile(ihdr(2, 2, 8, 0), idat([...gray2, 9, 9]), iend))).data).toEqual(Uint8Array.of(1, 2, 3, 4));
  });

  it.each<[string, Uint8Array, string]>([
    ["nothing", new Uint8Array(0), "a.png is empty."],
    ["text", Buffer.from("hello, this is text"), "a.png is not an image that can be read. PNG and JPEG files can be read."],
    ["a GIF", Buffer.from("GIF89a......"), "a.png is a GIF image. PNG and JPEG files can be read."],
    ["a WebP", Buffer.from("RIFF....WEBPVP8 "), "a.png is a WebP image."],
    ["line ends changed", Buffer.concat([Buffer.from("\x89PNG\n\x1a\n", "latin1"), good.subarray(8)]), "a.png is a damaged PNG file: its first bytes were changed, as transfers in text mode do."],
    ["a signature alone", pngFile(), "a.png is a damaged PNG file: it ends before its last chunk, so it was probably cut off."],
    ["no end", pngFile(ihdr(2, 2, 8, 0), idat(gray2)), "a.png is a damaged PNG file: it ends before its last chunk, so it was probably cut off."],
    ["a cut chunk", good.subarray(0, 50), "a.png is a damaged PNG file: its IDAT chunk is longer than the file, so it was probably cut off."],
    ["64250×64250 pixels", pngFile(ihdr(64_250, 64_250, 8, 6), idat([0]), iend), "a.png says that it has 64250×64250 pixels, more than the limit of 64000000. Raise maxPixels to read it."],
    ["no width", pngFile(ihdr(0, 2, 8, 0), idat(gray2), iend), "a.png is a damaged PNG file: it says that the image has 0×2 pixels."],
    ["a depth that does not exist", pngFile(ihdr(2, 2, 4, 2), idat(gray2), iend), "a.png is a damaged PNG file: colour type 2 cannot have 4 bits per sample."],
    ["an unknown interlace method", pngFile(ihdr(2, 2, 8, 0, 2), idat(gray2), iend), "a.png is a damaged PNG file: it uses a compression, filter or interlace method that does not exist."],
    ["two headers", pngFile(ihdr(2, 2, 8, 0), ihdr(2, 2, 8, 0), idat(gray2), iend), "a.png is a damaged PNG file: it has two headers."],
    ["no header", pngFile(idat(gray2), iend), "a.png is a damaged PNG file: it does not begin with a header."],
    ["no picture", pngFile(ihdr(2, 2, 8, 0), iend), "a.png is a damaged PNG file: it holds no picture."],
    ["no palette", pngFile(ihdr(2, 2, 8, 3), idat(gray2), iend), "a.png is a damaged PNG file: it has no palette, which its colour type needs."],
    ["a palette of 4 bytes", pngFile(ihdr(2, 2, 8, 3), pngChunk("PLTE", new Uint8Array(4)), idat(gray2), iend), "a.png is a damaged PNG file: its palette has 4 bytes, which is not 1 to 256 colours."],
    ["a colour past the palette", pngFile(ihdr(2, 2, 8, 3), pngChunk("PLTE", black), idat(gray2), iend), "a.png is a damaged PNG file: a pixel has colour 1 but the palette ends at 0."],
    ["an unknown critical chunk", pngFile(ihdr(2, 2, 8, 0), pngChunk("ABCD"), idat(gray2), iend), "a.png is a damaged PNG file: it needs a ABCD chunk, which nobody knows how to read."],
    ["too little data", pngFile(ihdr(2, 2, 8, 0), idat([0, 1, 2]), iend), "a.png is a damaged PNG file: its picture is cut off (3 bytes of 6)."],
    ["cut compression", pngFile(ihdr(2, 2, 8, 0), pngChunk("IDAT", idat(gray2).subarray(8, 14)), iend), "a.png is a damaged PNG file: its picture is cut off."],
    ["damaged compression", pngFile(ihdr(2, 2, 8, 0), pngChunk("IDAT", new Uint8Array(20).fill(77)), iend), "a.png is a damaged PNG file: its picture cannot be unpacked."],
    ["a decompression bomb", pngFile(ihdr(2, 2, 8, 0), idat(new Uint8Array(50_000_000)), iend), "a.png is a damaged PNG file: its picture unpacks to more pixels than its size says."],
    ["a filter that does not exist", pngFile(ihdr(2, 2, 8, 0), idat([0, 1, 2, 5, 3, 4]), iend), "a.png is a damaged PNG file: row 1 has filter 5, which does not exist."],
  ])("refuses %s", async (_, bytes, text) => {
    await expect(decodeImage(bytes, { name: "a.png" })).rejects.toThrow(ImageError);
    await expect(decodeImage(bytes, { name: "a.png" })).rejects.toThrow(text);
  });

  it("turns a picture by its eXIf chunk", async () => {
    const exif = Uint8Array.of(0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 3, 0, 0, 0, 0, 0, 0);
    expect((await decodeImage(pngFile(ihdr(2, 2, 8, 0), pngChunk("eXIf", exif), idat(gray2), iend))).data).toEqual(Uint8Array.of(4, 3, 2, 1));
  });

  it("reads gray masks stored in colour, and refuses JPEG masks", () => {
    const equal = pngFile(ihdr(1, 1, 8, 6), idat([0, 7, 7, 7, 255]), iend);
    expect(decodeMask(equal)).toEqual({ width: 1, height: 1, data: Uint8Array.of(7) });
    expect(() => decodeMask(pngFile(ihdr(1, 1, 8, 2), idat([0, 7, 8, 7]), iend), { name: "m.png" })).toThrow("m.png is a colour image (7, 8, 7 at x 0, y 0). A mask holds one label per pixel: a gray or palette PNG.");
    expect(() => decodeMask(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0), { name: "m.jpg" })).toThrow("m.jpg is a JPEG file, whose compression changes labels. Masks must be PNG files.");
  });
});

describe("PNG writing", () => {
  it("writes what it reads, in every kind", async () => {
    const rng = random("png writing");
    for (const channels of [1, 2, 3, 4] as const)
      for (const wide of [false, true]) {
        const values = Array.from({ length: 13 * 7 * channels }, () => rng.integer(wide ? 65_536 : 256));
        const data = wide ? Uint16Array.from(values) : Uint8Array.from(values);
        const image: RasterImage = { width: 13, height: 7, channels, data };
        expect(await decodeImage(encodePng(image))).toEqual(image);
      }
  });

  it("writes masks as palettes whose indices are the labels", async () => {
    const labels = { width: 3, height: 1, data: Uint8Array.of(0, 1, 255) };
    const bytes = encodePalettePng(labels, [[0, 0, 0], [250, 120, 1]]);
    expect(decodeMask(bytes)).toEqual(labels);
    expect([...(await decodeImage(bytes)).data]).toEqual([0, 0, 0, 250, 120, 1, 0, 0, 0]);
    expect([...(await sharp(bytes).raw().toBuffer())]).toEqual([0, 0, 0, 250, 120, 1, 0, 0, 0]);
    expect(() => encodePalettePng({ width: 1, height: 1, data: Uint16Array.of(256) }, [[0, 0, 0]])).toThrow("encodePalettePng: label 256 at (0, 0) does not fit in a palette of at most 256 colours.");
  });
});
