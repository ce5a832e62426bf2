import { describe, expect, it } from "vitest";
import { inferClasses, readClasses } from "../../src/data/classes.js";
import { paletteColour } from "../../src/models/class-info.js";
import { DataError } from "../../src/runtime/errors.js";

const found = (...values: number[]) => new Map(values.map((value) => [value, "masks/a.png"]));

describe("readClasses", () => {
  it("reads names, colours and values, null as ignored", () => {
    const table = readClasses(`{ "classes": ["sky", "road"], "palette": [[1, 2, 3], [4, 5, 6]], "values": { "0": 0, "7": 1, "11": null }, "notes": "x" }`);
    expect(table.classes).toEqual([{ name: "sky", color: [1, 2, 3] }, { name: "road", color: [4, 5, 6] }]);
    expect([...table.values]).toEqual([[0, 0], [7, 1], [11, 255]]);
    expect(table.assumed).toBeUndefined();
  });

  it("takes values as class indices and chooses colours where the file says nothing", () => {
    const table = readClasses(`{ "classes": ["a", "b", "c"] }`);
    expect([...table.values]).toEqual([[0, 0], [1, 1], [2, 2], [255, 255]]);
    expect(table.classes.map(({ color }) => color)).toEqual([[0, 0, 0], [128, 0, 0], [0, 128, 0]]);
  });

  it.each([
    ["{", /^data\/classes\.json: this is not JSON \(.*\)\.$/],
    ["[]", `data/classes.json: expected an object with "classes".`],
    ["{}", `data/classes.json: "classes" must be a list of class names.`],
    [`{ "classes": ["a", "a"] }`, `data/classes.json: the class "a" is listed twice.`],
    [`{ "classes": ["a", "b"], "palette": [[0, 0, 0]] }`, `data/classes.json: "palette" has 1 colours for 2 classes.`],
    [`{ "classes": ["a"], "palette": [[0, 0, 256]] }`, `data/classes.json: "palette" must be a list of [red, green, blue], each 0 to 255.`],
    [`{ "classes": ["a", "b"], "values": { "0": 2 } }`, `data/classes.json: "values" maps 0 to 2, but class indices are 0 to 1 (null = ignored).`],
    [`{ "classes": ["a", "b"], "values": { "x": 1 } }`, `data/classes.json: "values" has the key "x", which is no pixel value (0 to 65535).`],
  ])("refuses %s", (text, message) => {
    expect(() => readClasses(text, "data/classes.json")).toThrow(DataError);
    expect(() => readClasses(text, "data/classes.json")).toThrow(message);
  });
});

describe("inferClasses", () => {
  it("takes 0 and 255 as two classes", () => {
    const table = inferClasses(found(255, 0));
    expect([...table.values]).toEqual([[0, 0], [255, 1]]);
    expect(table.classes.map(({ name }) => name)).toEqual(["background", "foreground"]);
    expect(table.assumed).toBe("Mask values are 0 and 255, and there is no classes.json: assumed 0 = background and 255 = foreground.");
  });

  it("takes 0 and 1 as two classes, and 255 beside them as ignored", () => {
    expect(inferClasses(found(0, 1)).assumed).toBe("Mask values are 0 and 1, and there is no classes.json: assumed 0 = background and 1 = foreground.");
    const table = inferClasses(found(0, 1, 255));
    expect(table.values.get(255)).toBe(255);
    expect(table.assumed).toBe("Mask values are 0, 1 and 255, and there is no classes.json: assumed 0 = background and 1 = foreground, 255 = ignored.");
  });

  it("takes values without a gap as class indices", () => {
    const table = inferClasses(found(2, 0, 1, 255));
    expect(table.classes.map(({ name }) => name)).toEqual(["class 0", "class 1", "class 2"]);
    expect(table.assumed).toBe("Mask values are 0, 1, 2 and 255, and there is no classes.json: assumed each value from 0 to 2 is a class, 255 = ignored.");
  });

  it("refuses values with a gap, naming them and a file", () => {
    expect(() => inferClasses(found(0, 1, 5))).toThrow(
      "Mask values are 0, 1 and 5 (5 in masks/a.png), which are not class indices 0, 1, 2, … without a gap, nor 0 and 255. Add a classes.json",
    );
    expect(() => inferClasses(found(0, 128))).toThrow(DataError);
  });

  it("refuses a single value", () => {
    expect(() => inferClasses(found(0))).toThrow("Mask values are 0 in every mask (masks/a.png for one), which leaves nothing to tell apart.");
    expect(() => inferClasses(found(255))).toThrow(DataError);
    expect(() => inferClasses(found(0, 1000))).toThrow(DataError);
  });
});

it("has the colours of PASCAL VOC", () => {
  expect([1, 2, 3, 8, 20].map(paletteColour)).toEqual([[128, 0, 0], [0, 128, 0], [128, 128, 0], [64, 0, 0], [0, 64, 128]]);
  expect(new Set(Array.from({ length: 256 }, (_, i) => paletteColour(i).join())).size).toBe(256);
});
