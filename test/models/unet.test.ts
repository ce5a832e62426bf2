import { describe, expect, test } from "vitest";
import { tensor } from "../../src/graph/tensor.js";
import { UNet } from "../../src/models/unet.js";
import { testDevice } from "../support/device.js";
import { testModel } from "./contract.js";

testModel("UNet", {
  full: () => new UNet({ classes: 2 }),
  parameters: 31_037_698,
  entries: 118,
  names: [
    "inc.double_conv.0.weight", "inc.double_conv.1.weight", "inc.double_conv.1.running_mean", "inc.double_conv.1.num_batches_tracked", "inc.double_conv.3.weight",
    "down1.maxpool_conv.1.double_conv.0.weight", "down4.maxpool_conv.1.double_conv.4.bias", "up1.up.weight", "up1.up.bias", "up4.conv.double_conv.4.running_var", "outc.conv.weight", "outc.conv.bias",
  ],
  narrow: () => new UNet({ classes: 2, widths: [8, 16, 32] }),
  sizes: [[21, 30], [4, 5], [32, 32], [4, 4], [23, 17]],
  steps: 50,
  learningRate: 0.02,
  quick: true,
});

describe("UNet", () => {
  test.each([
    [{ inChannels: 1, classes: 1 }, 31_036_481, 118],
    [{ classes: 21 }, 31_038_933, 118],
    [{ classes: 2, bilinear: true }, 17_263_042, 110],
    // The network of the paper: biases, no batch norm.
    [{ inChannels: 1, classes: 2, norm: "none" }, 31_030_658, 46],
  ] as const)("%j has %d parameters", (options, parameters, entries) => {
    const model = new UNet(options);
    expect(model.parameterCount()).toBe(parameters);
    expect([...model.namedVariables()]).toHaveLength(entries);
  });

  test.each([{ bilinear: true }, { norm: "none" }, { widths: [5, 7, 12] }, { bilinear: true, widths: [5, 7, 13] }] as const)("with %j keeps odd sizes", (options) => {
    const model = new UNet({ classes: 3, widths: [4, 8, 16], ...options });
    expect(model.outputShape([1, 21, 30, 3])).toEqual([1, 21, 30, 3]);
    expect(model.multipleOf).toBe(4);
  });

  test("refuses options that make no sense", () => {
    expect(() => new UNet({ classes: 2, widths: [8] })).toThrow("UNet: widths must be at least two whole numbers of at least 1 but is [8].");
    expect(() => new UNet({ classes: 0 })).toThrow("UNet: classes must be a whole number of at least 1 but is 0.");
    expect(() => new UNet({ classes: 2, norm: "group" as never })).toThrow('UNet: norm must be "batch" or "none" but is "group".');
    expect(() => new UNet({ clases: 2 } as never)).toThrow('UNet: unknown option "clases". Did you mean "classes"? Options: inChannels, classes, widths, bilinear, norm.');
  });

  test("normalises images (u8) by its own mean and deviation, and takes f32 as it is", async () => {
    const device = await testDevice();
    using model = new UNet({ classes: 2, widths: [2, 4] }).to(device).eval();
    model.normalisation = { mean: [0.5, 0.25, 0], std: [0.5, 1, 2] };
    using image = tensor(device, Uint8Array.from({ length: 48 }, (_, i) => i * 5), [1, 4, 4, 3]);
    using normalised = model.normalise(image);
    const values = await normalised.data();
    expect([...values.slice(3, 6)]).toEqual([expect.closeTo((15 / 255 - 0.5) / 0.5, 6), expect.closeTo(20 / 255 - 0.25, 6), expect.closeTo(25 / 255 / 2, 6)]);
    using a = model.forward(image);
    using b = model.forward(normalised);
    for (const [i, v] of (await a.data()).entries()) expect(v).toBeCloseTo((await b.data())[i]!, 5);
    using labels = tensor(device, new Uint32Array(48), [1, 4, 4, 3]);
    expect(() => model.forward(labels)).toThrow('UNet: x must be an image (u8) or f32 but is u32. Convert with cast(x, "f32").');
    expect(() => (model.normalisation = { mean: [0], std: [1] })).toThrow("UNet: normalisation.mean must hold 3 numbers but holds [0].");
    expect(() => (model.classInfo = [])).toThrow("UNet: classInfo must name 2 classes but names 0.");
  });
});
