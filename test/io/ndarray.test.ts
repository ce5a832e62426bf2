import { describe, expect, it } from "vitest";
import { fromNdArray, isNdArray, toNdArray } from "../../src/io/ndarray.js";

const data = Float32Array.from({ length: 12 }, (_, i) => i);

describe("ndarrays", () => {
  it("shares dense data, and takes the part an offset names", () => {
    expect(fromNdArray({ data, shape: [3, 4], stride: [4, 1], offset: 0 }).data).toBe(data);
    const row = fromNdArray({ data, shape: [4], stride: [1], offset: 4 });
    expect([...row.data]).toEqual([4, 5, 6, 7]);
    expect(row.data.buffer).toBe(data.buffer);
  });

  it.each<[string, number[], number[], number, number[]]>([
    ["transposed", [4, 3], [1, 4], 0, [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]],
    ["turned back to front", [12], [-1], 11, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]],
    ["every other column, rows reversed", [3, 2], [-4, 2], 9, [9, 11, 5, 7, 1, 3]],
    ["one row repeated", [2, 3], [0, 1], 3, [3, 4, 5, 3, 4, 5]],
    ["three axes", [2, 2, 2], [2, 1, 6], 1, [1, 7, 2, 8, 3, 9, 4, 10]],
    ["a number", [], [], 5, [5]],
    ["nothing", [0, 3], [3, 1], 99, []],
  ])("reads an array %s", (_, shape, stride, offset, expected) => {
    const dense = fromNdArray({ data, shape, stride, offset });
    expect([...dense.data]).toEqual(expected);
    expect(dense.shape).toEqual(shape);
    expect(dense.data).toBeInstanceOf(Float32Array);
  });

  it("keeps types, and makes floats of plain arrays", () => {
    expect(fromNdArray({ data: Uint8Array.of(1, 2), shape: [2], stride: [-1], offset: 1 }).data).toEqual(Uint8Array.of(2, 1));
    expect(fromNdArray({ data: [1.5, 2], shape: [2], stride: [1], offset: 0 }).data).toEqual(Float32Array.of(1.5, 2));
  });

  it("refuses arrays that reach outside their data", () => {
    expect(() => fromNdArray({ data, shape: [3, 5], stride: [4, 1], offset: 0 })).toThrow("fromNdArray: elements 0 to 12 are needed but the data has 12.");
    expect(() => fromNdArray({ data, shape: [3], stride: [-1], offset: 1 })).toThrow("fromNdArray: elements -1 to 1 are needed but the data has 12.");
    expect(() => fromNdArray({ data, shape: [3], stride: [1, 1], offset: 1 })).toThrow("fromNdArray: every axis needs a whole stride, and the offset must be whole.");
    expect(() => toNdArray({ data, shape: [5] })).toThrow("toNdArray: the shape has 5 elements but the data has 12.");
  });

  it("goes out and comes back", () => {
    const array = toNdArray({ data, shape: [2, 3, 2] });
    expect(array).toEqual({ data, shape: [2, 3, 2], stride: [6, 2, 1], offset: 0 });
    expect(fromNdArray(array)).toEqual({ data, shape: [2, 3, 2] });
    expect(isNdArray(array)).toBe(true);
    expect(isNdArray({ data, shape: [2] })).toBe(false);
    expect(isNdArray(null)).toBe(false);
  });
});
