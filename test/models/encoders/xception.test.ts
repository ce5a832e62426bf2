import { describe, expect, test } from "vitest";
import { Conv2d } from "../../../src/layers/conv2d.js";
import { dilate, type DilateOptions } from "../../../src/models/encoders/dilate.js";
import { Xception } from "../../../src/models/encoders/xception.js";
import { featureShapes } from "./feature-shapes.js";

const narrow = { width: 1 / 32, units: 2 } as const;

/** Stride and dilation of every depthwise convolution, "s2" or "d4", one string for each unit. */
function rates(options: DilateOptions): string[] {
  const units = new Map<string, string[]>();
  for (const [path, module] of dilate(new Xception(narrow), { policy: "tensorflow", ...options }).modules())
    if (module instanceof Conv2d && path.includes("depthwise")) {
      const unit = path.split(".separable")[0]!;
      units.set(unit, [...(units.get(unit) ?? []), module.stride[0] > 1 ? `s${module.stride[0]}` : `d${module.dilation[0]}`]);
    }
  return [...units.values()].map((list) => list.join(" "));
}

describe("Xception", () => {
  test.each([[65, 37_867_312, 792], [41, 24_920_560, 504]] as const)("%d has %d parameters and %d entries", (depth, parameters, entries) => {
    const encoder = new Xception({ depth });
    const names = [...encoder.namedVariables()].map(([path]) => path);
    expect(encoder.parameterCount()).toBe(parameters);
    expect(names).toHaveLength(entries);
    expect(names).toEqual(expect.arrayContaining([
      "entry_flow.conv1_1.0.weight", "entry_flow.conv1_2.1.running_var", "entry_flow.block2.unit_1.separable_conv2.pointwise.0.weight", "entry_flow.block3.unit_1.shortcut.1.bias",
      "middle_flow.block1.unit_8.separable_conv3.depthwise.1.running_mean", "exit_flow.block1.unit_1.shortcut.0.weight", "exit_flow.block2.unit_1.separable_conv3.pointwise.1.num_batches_tracked",
    ]));
    expect(encoder.channels).toEqual([3, 128, 256, 728, 1024, 2048]);
  });

  test("gives the maps in front of the strides, and the last one", () => {
    const encoder = new Xception(narrow);
    expect(featureShapes(encoder, 64, 96)).toEqual([[1, 64, 96, 3], [1, 32, 48, 4], [1, 16, 24, 8], [1, 8, 12, 23], [1, 4, 6, 32], [1, 2, 3, 64]]);
    for (const depth of [1, 2, 3, 4]) expect(featureShapes(encoder, 64, 64, depth)).toEqual(featureShapes(encoder, 64, 64).slice(0, depth + 1));
    expect(featureShapes(dilate(new Xception(narrow), { outputStride: 16, policy: "tensorflow" }), 513, 257).map(([, h, w]) => [h, w])).toEqual([[513, 257], [257, 129], [129, 65], [65, 33], [33, 17], [33, 17]]);
    expect(featureShapes(dilate(new Xception(narrow), { outputStride: 8, policy: "tensorflow" }), 66, 35).map(([, h, w]) => [h, w])).toEqual([[66, 35], [33, 18], [17, 9], [9, 5], [9, 5], [9, 5]]);
  });

  // xception.py: the unit that loses its stride keeps the rate of those before it; unit rates multiply those of the last unit.
  test("is dilated by the rule of slim", () => {
    expect(rates({ outputStride: 32 })).toEqual(["d1 d1 s2", "d1 d1 s2", "d1 d1 s2", "d1 d1 d1", "d1 d1 d1", "d1 d1 s2", "d1 d1 d1"]);
    expect(rates({ outputStride: 16 })).toEqual(["d1 d1 s2", "d1 d1 s2", "d1 d1 s2", "d1 d1 d1", "d1 d1 d1", "d1 d1 d1", "d2 d2 d2"]);
    expect(rates({ outputStride: 8 })).toEqual(["d1 d1 s2", "d1 d1 s2", "d1 d1 d1", "d2 d2 d2", "d2 d2 d2", "d2 d2 d2", "d4 d4 d4"]);
    expect(rates({ outputStride: 16, multiGrid: [1, 1, 2, 4] }).at(-1)).toBe("d2 d4 d8");
    expect(rates({ outputStride: 8, multiGrid: [1, 1, 2, 1] }).slice(-2)).toEqual(["d2 d2 d2", "d4 d8 d4"]);
  });

  test("says what is wrong with its options", () => {
    expect(() => new Xception({ depth: 71 as 65 })).toThrow("Xception: depth must be 41 or 65 but is 71.");
    expect(() => new Xception({ width: -1 })).toThrow("Xception: width must be a number above 0 but is -1.");
    expect(() => new Xception({ units: 0.5 })).toThrow("Xception: units must be a whole number of 1 to 256 but is 0.5.");
  });
});
