import { describe, expect, it } from "vitest";
import { colorize, hconcat, heatmap, overlay } from "../../src/io/overlay.js";
import { defaultPalette, vocPalette } from "../../src/io/palette.js";
import type { RasterImage } from "../../src/io/image.js";

const red = [255, 0, 0] as const;
const gray = (width: number, height: number, value: number): RasterImage => ({ width, height, channels: 1, data: new Uint8Array(width * height).fill(value) });

describe("palettes", () => {
  it("follows PASCAL VOC", () => {
    const voc = vocPalette();
    expect([voc[0], voc[1], voc[2], voc[15], voc[20], voc[255]]).toEqual([[0, 0, 0], [128, 0, 0], [0, 128, 0], [192, 128, 128], [0, 64, 128], [224, 224, 192]]);
  });
  it("has distinct colours for 60 classes and black for the background", () => {
    expect(new Set(defaultPalette(22).map(String)).size).toBe(22);
    expect(defaultPalette(60)).toHaveLength(60);
    expect(defaultPalette(2)[0]).toEqual([0, 0, 0]);
  });
});

describe("pictures of class maps", () => {
  const labels = { width: 3, height: 1, data: Uint8Array.of(0, 1, 255) };

  it("colours labels, and leaves those without a colour black", () => {
    expect([...colorize(labels, [[1, 2, 3], red]).data]).toEqual([1, 2, 3, 255, 0, 0, 0, 0, 0]);
    expect(colorize(labels).data.slice(3, 6)).toEqual(Uint8Array.from(defaultPalette(2)[1]!));
  });

  it("paints over the image where the class is not ignored", () => {
    expect([...overlay(gray(3, 1, 100), labels, [[0, 0, 0], red]).data]).toEqual([100, 100, 100, 178, 50, 50, 100, 100, 100]);
    expect([...overlay(gray(3, 1, 100), labels, [[0, 0, 0], red], { alpha: 1, ignore: [] }).data]).toEqual([0, 0, 0, 255, 0, 0, 100, 100, 100]);
  });

  it("draws contours inside the class, not along the border of the image", () => {
    const full = { width: 3, height: 3, data: new Uint8Array(9).fill(1) };
    const options = { alpha: 0, contours: true };
    expect(new Set(overlay(gray(3, 3, 9), full, [red, red], options).data)).toEqual(new Set([9]));
    full.data[0] = 0;
    const { data } = overlay(gray(3, 3, 9), full, [red, red], options);
    expect(Array.from({ length: 9 }, (_, i) => data[i * 3])).toEqual([9, 255, 9, 255, 9, 9, 9, 9, 9]);
  });

  it("refuses sizes that differ", () => {
    expect(() => overlay(gray(2, 2, 0), labels)).toThrow("overlay: the image has 2×2 pixels but the class map has 3×1.");
    expect(() => overlay(gray(3, 1, 0), labels, undefined, { alpha: 2 })).toThrow("overlay: alpha must be between 0 and 1 but is 2.");
  });

  it("shows probabilities from violet to yellow", () => {
    expect([...heatmap([0, 1, 7, NaN], 4, 1).data]).toEqual([68, 1, 84, 253, 231, 37, 253, 231, 37, 255, 0, 255]);
  });

  it("puts pictures side by side", () => {
    const panel = hconcat([gray(1, 2, 5), gray(2, 1, 6)], { gap: 1, background: [0, 0, 0] });
    expect([panel.width, panel.height]).toEqual([4, 2]);
    expect(Array.from({ length: 8 }, (_, i) => panel.data[i * 3])).toEqual([5, 0, 6, 6, 5, 0, 0, 0]);
    expect(() => hconcat([])).toThrow("hconcat: there is no image to put side by side.");
  });
});
