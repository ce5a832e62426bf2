import { describe, expect, test } from "vitest";
import { AtrousError, checkOptions, DeviceError, DeviceLostError, OutOfMemoryError, ShapeError } from "../../src/runtime/errors.js";
import { broadcastShape, checkRank, checkShape } from "../../src/runtime/shape.js";

describe("errors", () => {
  test("have their class's name, and a family", () => {
    expect(new OutOfMemoryError("x").name).toBe("OutOfMemoryError");
    for (const error of [new DeviceLostError("x"), new OutOfMemoryError("x")]) expect(error instanceof DeviceError && error instanceof AtrousError && error instanceof Error).toBe(true);
  });

  test("show tensors in columns with their axes", () => {
    expect(new ShapeError("conv2d", "weight expects 64 input channels but x has 32", { x: [[2, 128, 128, 32], "NHWC"], weight: [[128, 3, 3, 64], "OHWI"] }).message).toBe(
      "conv2d: weight expects 64 input channels but x has 32.\n  x       [2, 128, 128, 32]  NHWC\n  weight  [128, 3, 3, 64]    OHWI",
    );
    expect(new ShapeError("sum", "what?").message).toBe("sum: what?");
  });

  test("suggest the option that was meant", () => {
    expect(() => checkOptions("conv2d", { strid: 2 }, ["stride", "padding"])).toThrow('conv2d: unknown option "strid". Did you mean "stride"? Options: stride, padding.');
    expect(() => checkOptions("conv2d", { colour: 2 }, ["stride", "padding"])).toThrow('conv2d: unknown option "colour". Options: stride, padding.');
    checkOptions("conv2d", { stride: 1 }, ["stride"]);
  });
});

describe("shapes", () => {
  test("broadcast from the back", () => {
    expect(broadcastShape("add", [2, 1, 3], [4, 1])).toEqual([2, 4, 3]);
    expect(broadcastShape("add", [], [2])).toEqual([2]);
    expect(broadcastShape("add", [0, 1], [1, 3])).toEqual([0, 3]);
    expect(() => broadcastShape("add", [2, 3], [2])).toThrow("add: the shapes do not broadcast (axes are aligned at the end; only 1 stretches).\n  a  [2, 3]\n  b  [2]");
  });

  test("must be whole, countable, and of the right rank", () => {
    expect(() => checkShape("zeros", [2, -1])).toThrow("zeros: axes must be whole numbers of at least 0.\n  shape  [2, -1]");
    expect(() => checkShape("zeros", [1.5])).toThrow(ShapeError);
    expect(() => checkShape("zeros", [NaN])).toThrow(ShapeError);
    expect(() => checkShape("zeros", [2 ** 30, 2 ** 30])).toThrow("zeros: the shape has too many elements");
    expect(() => checkRank("conv2d", "x", [1, 2], "NHWC")).toThrow("conv2d: x must have 4 axes (NHWC) but has 2.\n  x  [1, 2]");
  });
});
