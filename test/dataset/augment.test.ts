import { describe, expect, it } from "vitest";
import { checkAugmentOptions, drawAugmentation, unchanged, type AugmentOptions } from "../../src/data/augment.js";
import type { Sample } from "../../src/data/dataset.js";
import { Random } from "../../src/data/random.js";
import { warped } from "../../src/data/warp.js";
import { OptionError } from "../../src/runtime/errors.js";

/** Image and mask show one and the same checkerboard: fields of `field` pixels, black = class 0, white = class 1. */
function checkerboard(width: number, height: number, field: number): Sample {
  const mask = Uint8Array.from({ length: width * height }, (_, i) => (Math.floor((i % width) / field) + Math.floor(i / width / field)) % 2);
  return { name: "checkerboard", width, height, mask, image: Uint8Array.from({ length: mask.length * 3 }, (_, i) => 255 * mask[Math.floor(i / 3)]!) };
}

function noise(width: number, height: number, seed = 1): Sample {
  const random = new Random(seed);
  return {
    name: "noise", width, height,
    image: Uint8Array.from({ length: width * height * 3 }, () => random.int(256)),
    mask: Uint8Array.from({ length: width * height }, () => random.int(5)),
  };
}

const all: AugmentOptions = { flipHorizontal: true, flipVertical: true, rotate: 180, scale: [0.5, 2], brightness: 0.1, contrast: 0.2, saturation: 0.5, noise: 0.05 };

describe("paired augmentation", () => {
  it("keeps image and mask together whatever is drawn", () => {
    const board = checkerboard(150, 130, 10);
    const [width, height] = [97, 101];
    const bent: AugmentOptions = { ...all, scale: [1, 2], elastic: 5 };
    for (let index = 0; index < 60; index++) {
      const { image, mask } = warped(board, drawAugmentation(index < 30 ? all : bent, 3, 0, index), width, height);
      let [seen, wrong] = [0, 0];
      for (let i = width + 1; i < mask!.length - width - 1; i++) {
        // On an edge of the board the image is grey; everywhere else it must show the mask's colour.
        const field = [i - width, i, i + width].flatMap((p) => [mask![p], mask![p - 1], mask![p + 1]]);
        if (field.some((label) => label === 255 || label !== field[0])) continue;
        seen++;
        if (image[i * 3 + 1]! > 127 !== (mask![i] === 1)) wrong++;
      }
      expect(seen).toBeGreaterThan(400);
      expect(wrong, `sample ${index}`).toBe(0);
    }
  });

  it("takes image and mask from the same place to half a pixel", () => {
    // The image holds each pixel's x in red and y in green (bilinear mixing is exact on slopes), the mask x or y.
    const [w, h] = [120, 90];
    const image = Uint8Array.from({ length: w * h * 3 }, (_, i) => [Math.floor(i / 3) % w, Math.floor(i / 3 / w), 0][i % 3]!);
    for (const [channel, mask] of [[0, (i: number) => i % w], [1, (i: number) => Math.floor(i / w)]] as const) {
      const sample: Sample = { name: "slope", width: w, height: h, image, mask: Uint8Array.from({ length: w * h }, (_, i) => mask(i)) };
      for (let index = 0; index < 30; index++) {
        const out = warped(sample, drawAugmentation({ flipHorizontal: true, flipVertical: true, rotate: 180, scale: [0.6, 3] }, 4, 0, index), 64, 70);
        let worst = 0;
        out.mask!.forEach((label, i) => (worst = label === 255 ? worst : Math.max(worst, Math.abs(out.image[i * 3 + channel]! - label))));
        expect(worst).toBeLessThanOrEqual(1);
      }
    }
  });

  it("copies pixels exactly where nothing is mixed: flips, quarter turns, crops and padding", () => {
    const sample = noise(17, 13);
    const options: AugmentOptions = { flipHorizontal: true, flipVertical: true, rotate: "quarter" };
    for (let index = 0; index < 40; index++) {
      const a = drawAugmentation(options, 0, 0, index);
      const { image, mask } = warped(sample, a, 20, 9);
      const colours = new Map(Array.from({ length: 17 * 13 }, (_, i) => [sample.image.subarray(i * 3, i * 3 + 3).join(), sample.mask![i]!]));
      for (let i = 0; i < mask!.length; i++) {
        const label = colours.get(image.subarray(i * 3, i * 3 + 3).join());
        expect(label).toBeDefined();
        if (mask![i] !== 255) expect(mask![i]).toBe(label);
      }
    }
  });

  it("turns and mirrors the way it says", () => {
    const sample: Sample = { name: "a", width: 2, height: 2, image: Uint8Array.of(1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4), mask: Uint8Array.of(1, 2, 3, 4) };
    const labels = (change: object) => [...warped(sample, { ...unchanged, ...change }, 2, 2).mask!];
    expect(labels({})).toEqual([1, 2, 3, 4]);
    expect(labels({ flipX: true })).toEqual([2, 1, 4, 3]);
    expect(labels({ flipY: true })).toEqual([3, 4, 1, 2]);
    expect(labels({ angle: 90 })).toEqual([3, 1, 4, 2]);
    expect(labels({ angle: 180 })).toEqual([4, 3, 2, 1]);
    expect(labels({ angle: 90, flipX: true })).toEqual([4, 2, 3, 1]);
  });

  it("enlarges about the middle, bilinear for the image and nearest for the mask", () => {
    const sample: Sample = { name: "a", width: 2, height: 1, image: Uint8Array.of(0, 0, 0, 100, 100, 100), mask: Uint8Array.of(0, 1) };
    const { image, mask } = warped(sample, { ...unchanged, scale: 2 }, 4, 2);
    expect([...image].filter((_, i) => i % 3 === 0)).toEqual([0, 25, 75, 100, 0, 25, 75, 100]);
    expect([...mask!]).toEqual([0, 0, 1, 1, 0, 0, 1, 1]);
  });

  it("pads the mask with 255 and the image by reflection or its mean", () => {
    const sample: Sample = { name: "a", width: 2, height: 1, image: Uint8Array.of(10, 20, 30, 50, 60, 70), mask: Uint8Array.of(0, 1) };
    const reflected = warped(sample, { ...unchanged, place: [1, 1] }, 4, 1);
    expect([...reflected.mask!]).toEqual([0, 1, 255, 255]);
    expect([...reflected.image]).toEqual([10, 20, 30, 50, 60, 70, 50, 60, 70, 10, 20, 30]);
    const mean = warped(sample, { ...unchanged, place: [1, 1] }, 4, 1, "mean");
    expect([...mean.image]).toEqual([10, 20, 30, 50, 60, 70, 30, 40, 50, 30, 40, 50]);
    const colour = warped(sample, { ...unchanged, place: [1, 1] }, 3, 1, [123.675, 116.28, 103.53]);
    expect([...colour.image]).toEqual([10, 20, 30, 50, 60, 70, 124, 116, 104]);
    expect([...colour.mask!]).toEqual([0, 1, 255]);
  });

  it("changes colours as it says", () => {
    const sample: Sample = { name: "a", width: 1, height: 1, image: Uint8Array.of(100, 150, 250) };
    expect([...warped(sample, { ...unchanged, brightness: 1.2 }, 1, 1).image]).toEqual([120, 180, 255]);
    // The image's grey is 146.45.
    expect([...warped(sample, { ...unchanged, contrast: 2 }, 1, 1).image]).toEqual([54, 154, 255]);
    expect([...warped(sample, { ...unchanged, contrast: 0, brightness: 0.5 }, 1, 1).image]).toEqual([73, 73, 73]);
    expect([...warped(sample, { ...unchanged, saturation: 0 }, 1, 1).image]).toEqual([146, 146, 146]);
    const grey: Sample = { name: "b", width: 64, height: 64, image: new Uint8Array(64 * 64 * 3).fill(128) };
    const values = [...warped(grey, { ...unchanged, noise: 10, noiseSeed: 5 }, 64, 64).image].map((v) => v - 128);
    expect(Math.abs(values.reduce((a, b) => a + b, 0) / values.length)).toBeLessThan(0.4);
    expect(Math.sqrt(values.reduce((a, b) => a + b * b, 0) / values.length)).toBeCloseTo(10, 0);
  });

  it("blurs with the kernel that OpenCV takes for 5x5, the image alone", () => {
    const sample: Sample = { name: "dot", width: 9, height: 9, image: new Uint8Array(9 * 9 * 3), mask: new Uint8Array(81).fill(1) };
    sample.image.set([200, 100, 0], 40 * 3);
    const { image, mask } = warped(sample, { ...unchanged, blur: 1.1 }, 9, 9);
    // cv2.getGaussianKernel(5, 0) is 0.0707, 0.2445, 0.3697, …
    const k = [0.07076, 0.24446, 0.36956, 0.24446, 0.07076];
    for (let y = 2; y < 7; y++) expect([...image.subarray((y * 9 + 2) * 3, (y * 9 + 7) * 3)].filter((_, i) => i % 3 === 0)).toEqual(k.map((w) => Math.round(200 * w * k[y - 2]!)));
    expect(image[40 * 3 + 1]).toBe(Math.round(100 * 0.36956 ** 2));
    expect(mask!.every((label) => label === 1)).toBe(true);
    const flat: Sample = { name: "flat", width: 5, height: 4, image: new Uint8Array(60).fill(77) };
    expect([...warped(flat, { ...unchanged, blur: 3 }, 5, 4).image]).toEqual(Array(60).fill(77));
    const drawn = Array.from({ length: 200 }, (_, i) => drawAugmentation({ blur: 2 }, 0, 0, i).blur);
    expect(drawn.filter((b) => b === 2).length).toBeGreaterThan(70);
    expect(drawn.filter((b) => b === 0).length).toBeGreaterThan(70);
  });

  it("bends image and mask by a smooth field through the grid's points", () => {
    const [w, h] = [81, 61];
    const image = Uint8Array.from({ length: w * h * 3 }, (_, i) => [Math.floor(i / 3) % w, Math.floor(i / 3 / w), 0][i % 3]!);
    const sample: Sample = { name: "slope", width: w, height: h, image, mask: Uint8Array.from({ length: w * h }, (_, i) => i % w) };
    const elastic = Array<number>(18).fill(0);
    [elastic[8], elastic[9]] = [6, -4]; // the middle point
    const out = warped(sample, { ...unchanged, elastic }, w, h);
    const at = (x: number, y: number): number[] => [...out.image.subarray((y * w + x) * 3, (y * w + x) * 3 + 2), out.mask![y * w + x]!];
    expect(at(40, 30)).toEqual([46, 26, 46]);
    for (const [x, y] of [[0, 0], [80, 0], [0, 60], [80, 60], [40, 0], [0, 30]] as const) expect(at(x, y)).toEqual([x, y, x]);
    // Half way between the middle and the edge, Catmull and Rom's weight of the middle is 9/16.
    expect(at(20, 30)).toEqual([Math.round(20 + 6 * 0.5625), Math.round(30 - 4 * 0.5625), Math.round(20 + 6 * 0.5625)]);
    const draws = Array.from({ length: 200 }, (_, i) => drawAugmentation({ elastic: 10 }, 1, 0, i).elastic).flat();
    expect(Math.sqrt(draws.reduce((sum, d) => sum + d * d, 0) / draws.length)).toBeCloseTo(10, 0);
  });

  it("brings the shorter side to a length first", () => {
    const sample = checkerboard(80, 40, 10);
    const { mask } = warped(sample, { ...unchanged, shortSide: 80, scale: 0.5 }, 80, 40);
    expect([...mask!]).toEqual([...sample.mask!]);
    expect([...warped(sample, { ...unchanged, shortSide: 20 }, 40, 20).mask!.subarray(0, 40)]).toEqual(Array.from({ length: 40 }, (_, x) => Math.floor(x / 5) % 2));
  });

  it("crops inside the image when there is room, at every place", () => {
    const sample = checkerboard(50, 40, 5);
    const lefts = new Set<string>();
    for (let index = 0; index < 50; index++) {
      const a = drawAugmentation({ rotate: 20 }, 0, 1, index);
      expect(warped(sample, a, 20, 20).mask!.includes(255)).toBe(false);
      lefts.add(a.place.join());
    }
    expect(lefts.size).toBe(50);
  });
});

describe("drawAugmentation", () => {
  it("depends on seed, epoch and index alone", () => {
    expect(drawAugmentation(all, 1, 2, 3)).toEqual(drawAugmentation(all, 1, 2, 3));
    for (const [seed, epoch, index] of [[0, 2, 3], [1, 1, 3], [1, 2, 4]] as [number, number, number][]) expect(drawAugmentation(all, seed, epoch, index)).not.toEqual(drawAugmentation(all, 1, 2, 3));
  });

  it("draws each option apart from the others", () => {
    const few = drawAugmentation({ rotate: 180, noise: 0.05 }, 1, 2, 3);
    const many = drawAugmentation(all, 1, 2, 3);
    expect([few.angle, few.noise]).toEqual([many.angle, many.noise]);
  });

  it("refuses options that are unknown or out of range", () => {
    expect(() => checkAugmentOptions({ rotation: 10 } as AugmentOptions)).toThrow(
      `augment: unknown option "rotation". Options: flipHorizontal, flipVertical, rotate, scale, crop, brightness, contrast, saturation, noise, blur, elastic, shortSide.`,
    );
    expect(() => checkAugmentOptions({ scale: [2, 1] })).toThrow("augment: scale must be [smallest, largest] with 0 < smallest <= largest <= 100, not [2, 1].");
    expect(() => checkAugmentOptions({ rotate: 200 })).toThrow(`augment: rotate must be degrees from 0 to 180, or "quarter", not 200.`);
    expect(() => checkAugmentOptions({ noise: 5 })).toThrow(OptionError);
    expect(() => checkAugmentOptions({ blur: -1 })).toThrow("augment: blur must be a deviation in pixels from 0 to 20, not -1.");
    expect(() => checkAugmentOptions({ elastic: NaN })).toThrow("augment: elastic must be a deviation in pixels from 0 to 1000, not NaN.");
    expect(() => checkAugmentOptions({ shortSide: 0.5 })).toThrow("augment: shortSide must be a whole number of pixels of at least 1, not 0.5.");
    expect(() => checkAugmentOptions(all)).not.toThrow();
  });
});
