import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ImageError } from "../../../src/runtime/errors.js";
import { decodeImage } from "../../../src/io/decode.js";
import { orient, toRgb8 } from "../../../src/io/image.js";
import type { RasterImage } from "../../../src/io/image.js";
import { dataPath } from "../../support/data.js";
import { random } from "../../support/random.js";

const images = dataPath("images");
const read = (...parts: string[]): Promise<RasterImage> => decodeImage(readFileSync(join(images!, ...parts)), { name: parts.at(-1)! });

/** Largest and mean difference of two images as RGB, in levels of 8 bits. */
function difference(a: RasterImage, b: RasterImage): { largest: number; mean: number } {
  expect([a.width, a.height]).toEqual([b.width, b.height]);
  const [x, y] = [toRgb8(a).data, toRgb8(b).data];
  let [largest, sum] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    const d = Math.abs(x[i]! - y[i]!);
    largest = Math.max(largest, d);
    sum += d;
  }
  return { largest, mean: sum / x.length };
}

describe.skipIf(!images)("JPEG files", () => {
  const pairs = images ? readdirSync(join(images, "jpeg", "reftest")).filter((name) => name.endsWith(".jpg")) : [];
  it.each(pairs)("decodes %s as its PNG shows it", async (name) => {
    const { largest, mean } = difference(await read("jpeg", "reftest", name), await read("jpeg", "reftest", name.replace(".jpg", ".png")));
    expect(largest).toBeLessThanOrEqual(3);
    // The 16-bit expectation of one gray file is rounded to 8 bits here.
    expect(mean).toBeLessThan(name.startsWith("grayscale_16x24") ? 0.35 : 0.22);
  });

  it("keeps gray files gray, and reads progressive, CMYK and 16-bit tables", async () => {
    expect((await read("jpeg", "tower_grayscale.jpg")).channels).toBe(1);
    expect((await read("jpeg", "hopper_gray.jpg")).channels).toBe(1);
    expect((await read("jpeg", "pil_sample_cmyk.jpg"))).toMatchObject({ width: 100, height: 100, channels: 3 });
    expect((await read("jpeg", "hopper_16bit_qtables.jpg"))).toMatchObject({ width: 128, height: 128, channels: 3 });
    expect(difference(await read("jpeg", "tower.jpg"), await read("jpeg", "tower_progressive.jpg")).mean).toBeLessThan(1);
  });

  it("turns pictures upright", async () => {
    for (const name of readdirSync(join(images!, "exif")).filter((each) => each.endsWith(".jpg"))) {
      const { width, height } = await read("exif", name);
      if (name.startsWith("Landscape")) expect([name, width, height]).toEqual([name, 1800, 1200]);
      if (name.startsWith("Portrait")) expect([name, width, height]).toEqual([name, 1200, 1800]);
    }
    const hopper = await read("exif", "hopper.jpg");
    for (let i = 2; i <= 8; i++) {
      // They were compressed after they had been turned: the right one of the eight is about 5 levels off, every other one over 20.
      const turned = await read("exif", `hopper_orientation_${i}.jpg`);
      expect(difference(turned, hopper).mean, `orientation ${i}`).toBeLessThan(8);
      for (let wrong = 2; wrong <= 8; wrong++) expect(difference(orient(turned, wrong), hopper).mean).toBeGreaterThan(20);
    }
    const landscape = await read("exif", "Landscape_1.jpg");
    for (const i of [3, 6, 8]) expect(difference(await read("exif", `Landscape_${i}.jpg`), landscape).mean, `orientation ${i}`).toBeLessThan(20);
  });

  it.each([
    ["empty.jpg", "empty.jpg is empty."],
    ["missing-sos.jpg", "missing-sos.jpg is a damaged JPEG file: it holds no picture."],
    ["missing-sof.jpg", "missing-sof.jpg is a damaged JPEG file: a segment is longer than the file."],
    ["null_height.jpg", "null_height.jpg is a damaged JPEG file: it says that the image has 0×800 pixels."],
  ])("refuses %s", async (name, text) => {
    await expect(read("jpeg", "invalid", name)).rejects.toThrow(text);
  });

  it("refuses files that are cut off, and too many pixels", async () => {
    const bytes = readFileSync(join(images!, "photos", "rocket.jpg"));
    for (const length of [3, 40, 300, bytes.length >> 1, bytes.length - 200])
      await expect(decodeImage(bytes.subarray(0, length), { name: "rocket.jpg" }), `${length} bytes`).rejects.toThrow(/^rocket\.jpg is a damaged JPEG file: .+\.$/);
    await expect(decodeImage(bytes, { name: "rocket.jpg", maxPixels: 1000 })).rejects.toThrow("rocket.jpg says that it has 640×427 pixels, more than the limit of 1000. Raise maxPixels to read it.");
  });

  it("answers 600 seeded mutants with an image or an ImageError", async () => {
    const rng = random("jpeg mutants");
    const seeds = [["jpeg", "reftest", "jpg-cmyk-1.jpg"], ["jpeg", "reftest", "jpg-progressive.jpg"], ["jpeg", "reftest", "restarts.jpg"], ["exif", "hopper.jpg"], ["jpeg", "invalid", "dc-predictor-overflow.jpg"]]
      .map((parts) => readFileSync(join(images!, ...parts)));
    for (let round = 0; round < 600; round++) {
      const seed = seeds[round % seeds.length]!;
      const mutant = Uint8Array.from(rng.uniform() < 0.2 ? seed.subarray(0, rng.integer(seed.length)) : seed);
      for (let i = rng.integer(4); i >= 0 && mutant.length > 0; i--) mutant[rng.integer(rng.uniform() < 0.5 ? Math.min(700, mutant.length) : mutant.length)] = rng.integer(256);
      try {
        const { width, height, channels, data } = await decodeImage(mutant, { maxPixels: 1e6 });
        expect(data.length).toBe(width * height * channels);
      } catch (error) {
        expect(error).toBeInstanceOf(ImageError);
      }
    }
  });
});
