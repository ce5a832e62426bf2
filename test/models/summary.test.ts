import { describe, expect, test } from "vitest";
import { SegNet, SegNetBasic } from "../../src/models/segnet.js";
import { summary } from "../../src/models/summary.js";
import { UNet } from "../../src/models/unet.js";

describe("summary", () => {
  // Multiply-adds of convolutions, as published or worked out for these architectures.
  test.each([
    ["UNet", new UNet({ classes: 2 }), [1, 256, 256, 3], 48.17],
    ["UNet bilinear", new UNet({ classes: 2, bilinear: true }), [1, 256, 256, 3], 39.98],
    ["SegNet", new SegNet({ classes: 11 }), [1, 360, 480, 3], 106.7],
    ["SegNetBasic", new SegNetBasic({ classes: 11 }), [1, 360, 480, 3], 59.2],
  ] as const)("%s: multiply-adds, without a device", (_, model, shape, billions) => {
    const { macs, output, parameters, layers } = summary(model, shape);
    expect(macs / 1e9).toBeCloseTo(billions, billions > 50 ? 1 : 2);
    expect(output).toEqual([...shape.slice(0, 3), model.classes]);
    expect(layers.reduce((sum, l) => sum + l.parameters, 0)).toBe(parameters);
  });

  test("prints a table", () => {
    const text = String(summary(new UNet({ inChannels: 1, classes: 2, widths: [4, 8] }), [1, 7, 6, 1]));
    console.log(text);
  });
});
