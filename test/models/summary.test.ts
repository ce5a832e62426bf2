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
    expect(String(summary(new UNet({ inChannels: 1, classes: 2, widths: [4, 8], norm: "none" }), [1, 7, 6, 1]))).toBe(
      [
        "UNet: [1, 7, 6, 1] → [1, 7, 6, 2], 1,650 parameters, 0.000 billion multiply-adds",
        "",
        "layer                               operator         output        parameters  multiply-adds",
        "inc.double_conv.0                   conv2d           [1, 7, 6, 4]          40          1,512",
        "                                    relu             [1, 7, 6, 4]",
        "inc.double_conv.2                   conv2d           [1, 7, 6, 4]         148          6,048",
        "                                    relu             [1, 7, 6, 4]",
        "                                    maxPool2d        [1, 3, 3, 4]",
        "down1.maxpool_conv.1.double_conv.0  conv2d           [1, 3, 3, 8]         296          2,592",
        "                                    relu             [1, 3, 3, 8]",
        "down1.maxpool_conv.1.double_conv.2  conv2d           [1, 3, 3, 8]         584          5,184",
        "                                    relu             [1, 3, 3, 8]",
        "up1.up                              convTranspose2d  [1, 6, 6, 4]         132          1,152",
        "                                    pad2d            [1, 7, 6, 4]",
        "                                    concat           [1, 7, 6, 8]",
        "up1.conv.double_conv.0              conv2d           [1, 7, 6, 4]         292         12,096",
        "                                    relu             [1, 7, 6, 4]",
        "up1.conv.double_conv.2              conv2d           [1, 7, 6, 4]         148          6,048",
        "                                    relu             [1, 7, 6, 4]",
        "outc.conv                           conv2d           [1, 7, 6, 2]          10            336",
      ].join("\n"),
    );
  });

  test("leaves the model in the modes it had", () => {
    const model = new UNet({ classes: 2, widths: [4, 8] });
    model.downs[0]!.eval();
    summary(model, [1, 8, 8, 3]);
    expect([model.training, model.inc.training, model.downs[0]!.training]).toEqual([true, true, false]);
  });

  test("says what is wrong with a shape", () => {
    const model = new UNet({ classes: 2 });
    expect(() => model.outputShape([1, 64, 64, 4])).toThrow("UNet: the model takes 3 channels but x has 4.\n  x  [1, 64, 64, 4]  NHWC");
    expect(() => model.outputShape([64, 64, 3])).toThrow("UNet: x must have 4 axes (NHWC) but has 3.\n  x  [64, 64, 3]");
    expect(() => model.outputShape([1, 9, 64, 3])).toThrow("maxPool2d: the window spans 2 rows but x has 1.\n  x  [1, 1, 8, 512]  NHWC");
  });
});
