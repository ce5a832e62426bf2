import { describe, expect, test } from "vitest";
import { BatchNorm2d } from "../../src/layers/batch-norm2d.js";
import { MobileNetV3, type MobileNetV3Options } from "../../src/models/encoders/mobilenet-v3.js";
import { DeepLabV3MobileNetV3, DeepLabV3ResNet } from "../../src/models/deeplab-v3-torchvision.js";
import { FCNResNet } from "../../src/models/fcn-resnet.js";
import { LRASPP } from "../../src/models/lraspp.js";
import type { SegmentationModel } from "../../src/models/segmentation-model.js";
import { summary } from "../../src/models/summary.js";
import { pytorchNetworks } from "../support/networks.js";
import { testModel } from "./contract.js";

const small = { width: 4, blocks: [1, 1, 1, 1] } as const;
/** MobileNetV3's running statistics take hundreds of steps to follow (momentum 0.01); for the few here, tens. */
function quick<M extends SegmentationModel>(model: M): M {
  for (const [, module] of model.modules()) if (module instanceof BatchNorm2d) module.momentum = 0.1;
  return model;
}

const sizes = [[33, 46], [1, 3], [65, 97], [1, 1]] as const;

testModel("FCNResNet", {
  sibling: true,
  full: () => new FCNResNet({ classes: 21 }),
  parameters: 35_322_218,
  entries: 334,
  names: ["backbone.conv1.weight", "backbone.layer1.0.downsample.0.weight", "backbone.layer4.2.bn3.running_var", "classifier.0.weight", "classifier.1.num_batches_tracked", "classifier.4.weight", "classifier.4.bias", "aux_classifier.0.weight", "aux_classifier.4.bias"],
  narrow: () => new FCNResNet({ classes: 2, ...small }),
  sizes,
  macs: { size: [520, 520], billions: 152.717 },
  steps: 60,
  learningRate: 0.02,
  imageSize: 64,
  coarse: true,
});

testModel("DeepLabV3ResNet", {
  sibling: true,
  full: () => new DeepLabV3ResNet({ classes: 21 }),
  parameters: 42_004_074,
  entries: 370,
  names: [
    "backbone.layer3.5.conv2.weight", "classifier.0.convs.0.0.weight", "classifier.0.convs.0.1.weight", "classifier.0.convs.1.0.weight", "classifier.0.convs.3.1.running_mean", "classifier.0.convs.4.1.weight", "classifier.0.convs.4.2.bias",
    "classifier.0.project.0.weight", "classifier.0.project.1.weight", "classifier.1.weight", "classifier.2.running_var", "classifier.4.weight", "classifier.4.bias", "aux_classifier.1.weight", "aux_classifier.4.weight",
  ],
  narrow: () => new DeepLabV3ResNet({ classes: 2, ...small, asppChannels: 16 }),
  sizes,
  macs: { size: [520, 520], billions: 178.722 },
  steps: 60,
  learningRate: 0.02,
  imageSize: 64,
  coarse: true,
});

testModel("DeepLabV3MobileNetV3", {
  sibling: true,
  full: () => new DeepLabV3MobileNetV3({ classes: 21 }),
  parameters: 11_029_328,
  entries: 360,
  names: [
    "backbone.0.0.weight", "backbone.0.1.running_mean", "backbone.1.block.0.0.weight", "backbone.1.block.1.0.weight", "backbone.4.block.2.fc1.weight", "backbone.4.block.2.fc2.bias", "backbone.4.block.3.0.weight", "backbone.16.1.num_batches_tracked",
    "classifier.0.convs.4.1.weight", "classifier.4.bias", "aux_classifier.0.weight",
  ],
  narrow: () => quick(new DeepLabV3MobileNetV3({ classes: 2, width: 0.1, asppChannels: 8 })),
  sizes,
  macs: { size: [520, 520], billions: 10.452 },
  steps: 150,
  learningRate: 0.02,
  imageSize: 64,
  coarse: true,
});

testModel("LRASPP", {
  full: () => new LRASPP({ classes: 21 }),
  parameters: 3_221_538,
  entries: 319,
  names: ["backbone.12.block.2.fc1.bias", "classifier.cbr.0.weight", "classifier.cbr.1.running_var", "classifier.scale.1.weight", "classifier.low_classifier.weight", "classifier.high_classifier.bias"],
  narrow: () => quick(new LRASPP({ classes: 2, width: 0.1, headChannels: 16 })),
  sizes,
  macs: { size: [520, 520], billions: 2.086 },
  steps: 60,
  learningRate: 0.02,
  imageSize: 64,
  coarse: true,
});

describe("torchvision's networks", () => {
  test.each([
    ["fcn_resnet50 without its auxiliary head", () => new FCNResNet({ classes: 21, aux: false }), 32_957_013, 326, "142.726"],
    ["fcn_resnet101", () => new FCNResNet({ depth: 101, classes: 21 }), 54_314_346, 640, "232.738"],
    ["deeplabv3_resnet50 without its auxiliary head", () => new DeepLabV3ResNet({ classes: 21, aux: false }), 39_638_869, 362, "168.731"],
    ["deeplabv3_resnet101", () => new DeepLabV3ResNet({ depth: 101, classes: 21 }), 60_996_202, 676, "258.743"],
  ] as [string, () => SegmentationModel, number, number, string][])("%s: %o has %d parameters, %d entries, %s billion multiply-adds", (_, make, parameters, entries, billions) => {
    const model = make();
    expect(model.parameterCount()).toBe(parameters);
    expect([...model.namedVariables()]).toHaveLength(entries);
    expect((summary(model, [1, 520, 520, 3]).macs / 1e9).toFixed(3)).toBe(billions);
  });

  // torchvision's mobilenet_v3_large and _small without their classifiers; width_mult, reduced_tail.
  test.each([
    [{}, 2_971_952, 308], [{ reducedTail: true }, 1_620_512, 308], [{ width: 0.5, reducedTail: true }, 444_104, 308],
    [{ variant: "small" }, 927_008, 240], [{ variant: "small", reducedTail: true }, 438_704, 240], [{ variant: "small", width: 0.5, reducedTail: true }, 131_960, 240],
  ] as [MobileNetV3Options, number, number][])("MobileNetV3 %j has %d parameters", (options, parameters, entries) => {
    const encoder = new MobileNetV3(options);
    expect(encoder.parameterCount()).toBe(parameters);
    expect([...encoder.namedVariables()]).toHaveLength(entries);
  });

  test("refuse options that they do not know", () => {
    expect(() => new MobileNetV3({ variant: "tiny" as "small" })).toThrow('MobileNetV3: variant must be "large" or "small" but is "tiny".');
    expect(() => new MobileNetV3({ width: 0 })).toThrow("MobileNetV3: width must be a number above 0 but is 0.");
    expect(() => new LRASPP({ classes: 2, aux: true } as never)).toThrow("aux");
  });
});

const bottlenecks = { classes: 3, width: 8, blocks: [1, 1, 2, 2] } as const;

await pytorchNetworks("torchvision", {
  fcn_resnet50: () => new FCNResNet({ classes: 21 }),
  fcn_resnet101: () => new FCNResNet({ depth: 101, classes: 21 }),
  deeplabv3_resnet50: () => new DeepLabV3ResNet({ classes: 21 }),
  deeplabv3_resnet101: () => new DeepLabV3ResNet({ depth: 101, classes: 21 }),
  deeplabv3_mobilenet_v3_large: () => new DeepLabV3MobileNetV3({ classes: 21 }),
  lraspp_mobilenet_v3_large: () => new LRASPP({ classes: 21 }),
  "narrow fcn_resnet": () => new FCNResNet(bottlenecks),
  "narrow deeplabv3_resnet": () => new DeepLabV3ResNet({ ...bottlenecks, asppChannels: 12 }),
  "narrow deeplabv3_mobilenet_v3": () => new DeepLabV3MobileNetV3({ classes: 3, width: 0.25, asppChannels: 12 }),
  "narrow lraspp": () => new LRASPP({ classes: 1, width: 0.25, headChannels: 16 }),
  "narrow lraspp in training": () => new LRASPP({ classes: 3, width: 0.1, headChannels: 12 }),
});
