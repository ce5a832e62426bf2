import { describe, expect, test } from "vitest";
import { BatchNorm2d } from "../../src/layers/batch-norm2d.js";
import { DeepLabV3Plus, type DeepLabV3PlusOptions } from "../../src/models/deeplab-v3plus.js";
import { summary } from "../../src/models/summary.js";
import { testModel } from "./contract.js";

testModel("DeepLabV3Plus", {
  sibling: true,
  full: () => new DeepLabV3Plus({ classes: 21 }),
  parameters: 41_055_413,
  entries: 878,
  names: [
    "backbone.entry_flow.conv1_1.0.weight", "backbone.middle_flow.block1.unit_16.separable_conv3.pointwise.1.running_var", "aspp.convs.0.1.bias", "aspp.convs.1.depthwise.0.weight",
    "aspp.convs.3.pointwise.1.weight", "aspp.convs.4.1.weight", "aspp.project.0.weight", "decoder.feature_projection0.0.weight", "decoder.decoder_conv0.depthwise.1.running_mean",
    "decoder.decoder_conv1.pointwise.0.weight", "logits.weight", "logits.bias",
  ],
  narrow: () => new DeepLabV3Plus({ classes: 2, width: 1 / 32, blocks: [1], channels: 16, lowLevelChannels: 8, momentum: 0.1 }),
  sizes: [[33, 41], [20, 30], [1, 3], [65, 33]],
  macs: { size: [513, 513], billions: 54.04 },
  steps: 80,
  learningRate: 0.02,
  imageSize: 64,
  coarse: true,
});

testModel("DeepLabV3Plus on MobileNetV2", {
  full: () => new DeepLabV3Plus({ classes: 21, backbone: "mobilenet_v2" }),
  parameters: 2_113_557,
  entries: 326,
  names: ["backbone.features.0.0.weight", "backbone.features.1.conv.0.0.weight", "backbone.features.17.conv.3.running_var", "aspp.convs.0.0.weight", "aspp.convs.1.1.weight", "aspp.project.1.bias", "logits.weight"],
  narrow: () => new DeepLabV3Plus({ classes: 2, backbone: "mobilenet_v2", width: 1 / 4, blocks: [1, 1, 1, 1, 1, 1, 1], decoder: true, rates: [1, 2], channels: 16, lowLevelChannels: 8, momentum: 0.1 }),
  sizes: [[33, 41], [20, 30], [1, 3], [65, 33]],
  macs: { size: [513, 513], billions: 2.741 },
  steps: 80,
  learningRate: 0.02,
  imageSize: 64,
  coarse: true,
});

describe("DeepLabV3Plus", () => {
  test.each([
    [{ classes: 19 }, 41_054_899, 878],
    [{ classes: 21, outputStride: 8 }, 41_055_413, 878],
    [{ classes: 19, backbone: "mobilenet_v2" }, 2_113_043, 326],
    [{ classes: 21, backbone: "xception41" }, 41_055_413 - 37_867_312 + 24_920_560, 878 - 792 + 504],
  ] as [DeepLabV3PlusOptions, number, number][])("%j has %d parameters", (options, parameters, entries) => {
    const model = new DeepLabV3Plus(options);
    expect(model.parameterCount()).toBe(parameters);
    expect([...model.namedVariables()]).toHaveLength(entries);
  });

  test.each([
    [{ classes: 21, outputStride: 8 }, [513, 513], "176.9"],
    [{ classes: 19 }, [1025, 2049], "418.4"],
    [{ classes: 21, backbone: "mobilenet_v2", outputStride: 8 }, [513, 513], "8.826"],
    [{ classes: 19, backbone: "mobilenet_v2" }, [1025, 2049], "21.23"],
  ] as [DeepLabV3PlusOptions, [number, number], string][])("%j for images of %j takes %s billion multiply-adds", (options, size, billions) => {
    expect((summary(new DeepLabV3Plus(options), [1, ...size, 3]).macs / 1e9).toFixed(billions.split(".")[1]!.length)).toBe(billions);
  });

  test("has TensorFlow's momentum, or the one that is asked for", () => {
    const momenta = (options: Partial<DeepLabV3PlusOptions>): Record<string, (number | null)[]> => {
      const found: Record<string, Set<number | null>> = {};
      for (const [path, module] of new DeepLabV3Plus({ classes: 2, width: 1 / 16, ...options }).modules())
        if (module instanceof BatchNorm2d) (found[path.split(".")[0]!] ??= new Set()).add(module.momentum);
      return Object.fromEntries(Object.entries(found).map(([part, values]) => [part, [...values]]));
    };
    expect(momenta({})).toEqual({ backbone: [0.0003], aspp: [0.0003], decoder: [0.0003] });
    expect(momenta({ backbone: "resnet50" })).toEqual({ backbone: [0.05], aspp: [0.0003], decoder: [0.0003] });
    expect(momenta({ backbone: "mobilenet_v2" })).toEqual({ backbone: [0.003], aspp: [0.0003] });
    expect(momenta({ momentum: 0.1 })).toEqual({ backbone: [0.1], aspp: [0.1], decoder: [0.1] });
  });

  test("expects images as TensorFlow's DeepLab does", () => {
    expect(new DeepLabV3Plus({ classes: 2, inChannels: 1, width: 1 / 32, blocks: [1] }).normalisation).toEqual({ mean: [0.5], std: [0.5] });
    expect(new DeepLabV3Plus({ classes: 2, backbone: "resnet50", width: 1 / 16 }).normalisation).toEqual({ mean: [0, 0, 0], std: [1, 1, 1] });
  });

  test("says what is wrong with its options", () => {
    expect(() => new DeepLabV3Plus({ classes: 2, backbone: "vgg16" as "xception65" })).toThrow('DeepLabV3Plus: backbone must be one of "xception65", "xception41", "resnet50", "resnet101", "mobilenet_v2" but is "vgg16".');
    expect(() => new DeepLabV3Plus({ classes: 2, outputStride: 32 as 8 })).toThrow("DeepLabV3Plus: outputStride must be 8 or 16 but is 32.");
    expect(() => new DeepLabV3Plus({ classes: 2, backbone: "mobilenet_v2", multiGrid: [1, 2, 4] })).toThrow('DeepLabV3Plus: multiGrid is for Xception and ResNet, not for "mobilenet_v2".');
    expect(() => new DeepLabV3Plus({ classes: 2, decoder: false, lowLevelChannels: 8 })).toThrow("DeepLabV3Plus: lowLevelChannels belongs to the decoder, which this network does not have. Set decoder: true.");
    expect(() => new DeepLabV3Plus({ classes: 2, multiGrid: [1, 2] })).toThrow("dilate: multiGrid must hold a whole number");
  });
});
