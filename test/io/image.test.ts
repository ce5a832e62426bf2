import { describe, expect, it } from "vitest";
import { exifOrientation } from "../../src/io/exif.js";
import { dropAlpha, orient, to8Bit, toGray, toRgb8 } from "../../src/io/image.js";
import type { RasterImage } from "../../src/io/image.js";

describe("conversions of images", () => {
  it("repeats gray, drops alpha or lays it over a background", () => {
    const gray: RasterImage = { width: 2, height: 1, channels: 1, data: Uint8Array.of(7, 200) };
    expect([...toRgb8(gray).data]).toEqual([7, 7, 7, 200, 200, 200]);
    const rgba: RasterImage = { width: 2, height: 1, channels: 4, data: Uint8Array.of(10, 20, 30, 255, 100, 100, 100, 0) };
    expect([...toRgb8(rgba).data]).toEqual([10, 20, 30, 100, 100, 100]);
    expect([...toRgb8(rgba, { background: [255, 0, 1] }).data]).toEqual([10, 20, 30, 255, 0, 1]);
    const grayAlpha: RasterImage = { width: 1, height: 1, channels: 2, data: Uint8Array.of(9, 128) };
    expect([...toRgb8(grayAlpha).data]).toEqual([9, 9, 9]);
    expect(dropAlpha(rgba)).toMatchObject({ channels: 3, data: Uint8Array.of(10, 20, 30, 100, 100, 100) });
    expect(dropAlpha(gray)).toBe(gray);
  });

  it("scales 16 bits so that both ends are kept", () => {
    const image: RasterImage = { width: 4, height: 1, channels: 1, data: Uint16Array.of(0, 128, 129, 65_535) };
    expect([...to8Bit(image).data]).toEqual([0, 0, 1, 255]);
    expect(toRgb8(image).data.at(-1)).toBe(255);
  });

  it("weighs colours by BT.601", () => {
    const image: RasterImage = { width: 4, height: 1, channels: 3, data: Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 80, 80, 80) };
    expect([...toGray(image).data]).toEqual([76, 150, 29, 80]);
  });

  it("refuses data that does not fit the sizes", () => {
    const short: RasterImage = { width: 2, height: 2, channels: 3, data: new Uint8Array(11) };
    expect(() => toRgb8(short)).toThrow("toRgb8: 2×2 pixels of 3 channels need 12 values but the data has 11.");
    expect(() => toGray({ ...short, width: 0 })).toThrow("toGray: an image needs a width and a height of at least 1 but has 0×2.");
  });
});

describe("orient", () => {
  const stored: RasterImage = { width: 3, height: 2, channels: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
  it.each([
    [1, 3, [1, 2, 3, 4, 5, 6]],
    [2, 3, [3, 2, 1, 6, 5, 4]],
    [3, 3, [6, 5, 4, 3, 2, 1]],
    [4, 3, [4, 5, 6, 1, 2, 3]],
    [5, 2, [1, 4, 2, 5, 3, 6]],
    [6, 2, [4, 1, 5, 2, 6, 3]],
    [7, 2, [6, 3, 5, 2, 4, 1]],
    [8, 2, [3, 6, 2, 5, 1, 4]],
    [9, 3, [1, 2, 3, 4, 5, 6]],
  ])("orientation %i", (orientation, width, data) => {
    const upright = orient(stored, orientation);
    expect([upright.width, [...upright.data]]).toEqual([width, data]);
  });

  it("moves whole pixels", () => {
    const pair: RasterImage = { width: 2, height: 1, channels: 3, data: Uint16Array.of(1, 2, 3, 4, 5, 6) };
    expect([...orient(pair, 2).data]).toEqual([4, 5, 6, 1, 2, 3]);
  });
});

describe("exifOrientation", () => {
  const block = (little: boolean, tag: number, value: number): Uint8Array => {
    const view = new DataView(new ArrayBuffer(26));
    view.setUint16(0, little ? 0x4949 : 0x4d4d);
    view.setUint16(2, 42, little);
    view.setUint32(4, 8, little);
    view.setUint16(8, 1, little);
    view.setUint16(10, tag, little);
    view.setUint16(12, 3, little);
    view.setUint32(14, 1, little);
    view.setUint16(18, value, little);
    return new Uint8Array(view.buffer);
  };
  it("reads both byte orders and falls back to 1", () => {
    expect(exifOrientation(block(true, 0x0112, 6))).toBe(6);
    expect(exifOrientation(block(false, 0x0112, 8))).toBe(8);
    expect(exifOrientation(block(true, 0x0111, 6))).toBe(1);
    expect(exifOrientation(block(true, 0x0112, 77))).toBe(1);
    for (let length = 0; length < 22; length++) expect(exifOrientation(block(true, 0x0112, 6).subarray(0, length))).toBe(1);
  });
});
