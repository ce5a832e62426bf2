import { describe, expect, test } from "vitest";
import { tensor } from "../../src/graph/tensor.js";
import { createModel } from "../../src/models/create.js";
import { DeepLabV1 } from "../../src/models/deeplab-v1.js";
import { DeepLabV2 } from "../../src/models/deeplab-v2.js";
import { MultiScale } from "../../src/models/multi-scale.js";
import { UNet } from "../../src/models/unet.js";
import { testDevice } from "../support/device.js";
import { pytorchNetworks } from "../support/networks.js";
import { testModel } from "./contract.js";

const v1 = { classes: 3, hidden: 16, width: 2 };

await pytorchNetworks("deeplab-classic", {
  v1: () => new DeepLabV1(v1),
  "v1 4x4": () => new DeepLabV1({ ...v1, kernelSize: 4, rate: 4 }),
  "v1 7x7": () => new DeepLabV1({ ...v1, kernelSize: 7, rate: 4 }),
  "v2 VGG": () => new DeepLabV2({ backbone: "vgg16", classes: 3, rates: [2, 4, 8, 12], hidden: 8, width: 2 }),
  "v2 ResNet": () => new DeepLabV2({ classes: 3, width: 4, blocks: [1, 2, 2, 1] }),
  "v2 ResNet, other sizes": () => new DeepLabV2({ classes: 3, rates: [6, 12], width: 4, blocks: [1, 2, 2, 1] }),
  "v2 in three sizes": () => new MultiScale({ base: new DeepLabV2({ classes: 3, rates: [6, 12], width: 4, blocks: [1, 1, 1, 1] }) }),
});

testModel("DeepLabV1", {
  full: () => new DeepLabV1({ classes: 21 }),
  parameters: 20_505_429,
  entries: 32,
  names: ["conv1_1.weight", "conv5_3.bias", "fc6.weight", "fc7.bias", "fc8.weight"],
  macs: { size: [321, 321], billions: 50.93 },
  narrow: () => {
    const model = new DeepLabV1({ classes: 2, rate: 2, hidden: 64, width: 6 });
    // Without batch norm, and with so few channels, it learns from centred images only.
    model.normalisation = { mean: [0.4, 0.4, 0.4], std: [0.15, 0.15, 0.15] };
    return model;
  },
  sizes: [[21, 30], [1, 5], [65, 33], [32, 32]],
  imageSize: 57,
  steps: 100,
  learningRate: 0.002,
  dropout: false,
});

testModel("DeepLabV2", {
  sibling: true,
  full: () => new DeepLabV2({ classes: 21 }),
  parameters: 44_048_532,
  entries: 632,
  names: ["layer1.conv1.conv.weight", "layer1.conv1.bn.running_var", "layer2.block1.reduce.conv.weight", "layer2.block1.shortcut.bn.weight", "layer4.block23.conv3x3.conv.weight", "layer5.block3.increase.bn.bias", "aspp.c0.weight", "aspp.c3.bias"],
  macs: { size: [513, 513], billions: 188.886 },
  narrow: () => new DeepLabV2({ classes: 2, rates: [1, 2], width: 8, blocks: [1, 1, 1, 1] }),
  sizes: [[21, 30], [1, 5], [65, 33], [32, 32]],
  imageSize: 57,
  steps: 50,
  learningRate: 0.01,
});

testModel("MultiScale", {
  sibling: true,
  full: () => new MultiScale({ base: new DeepLabV2({ classes: 21 }) }),
  parameters: 44_048_532,
  entries: 632,
  names: ["base.layer1.conv1.conv.weight", "base.aspp.c3.bias"],
  narrow: () => new MultiScale({ base: new UNet({ classes: 2, widths: [8, 16] }), scales: [0.5, 1], fusion: "mean" }),
  sizes: [[21, 30], [4, 5], [32, 32]],
  steps: 50,
  learningRate: 0.02,
});

describe("DeepLabV1", () => {
  test.each([
    [7, 4, 134_346_581],
    [4, 4, 65_140_565],
    [4, 8, 65_140_565],
  ])("with fc6 of %d rows and columns at rate %d has %d parameters", (kernelSize, rate, parameters) => {
    const model = new DeepLabV1({ classes: 21, kernelSize, rate, hidden: 4096 });
    expect(model.parameterCount()).toBe(parameters);
    expect([...model.namedVariables()]).toHaveLength(32);
    expect(model.outputShape([1, 321, 321, 3])).toEqual([1, 321, 321, 21]);
  });

  test("is trained on the labels of every eighth pixel", async () => {
    const device = await testDevice();
    using model = new DeepLabV1({ ...v1, width: 1, hidden: 2 }).to(device);
    for (const [height, width, rows, columns] of [[41, 57, 6, 8], [40, 66, 6, 10], [1, 9, 1, 2]] as const) {
      using x = tensor(device, new Uint8Array(height * width * 3), [1, height, width, 3]);
      const labels = Uint8Array.from({ length: height * width }, (_, i) => i % 251);
      using mask = tensor(device, labels, [1, height, width]);
      const { logits } = model.outputs(x);
      expect(logits.shape).toEqual([1, rows, columns, 3]);
      using matched = model.matchMask(mask, logits);
      const expected = Array.from({ length: rows * columns }, (_, i) => {
        const [row, column] = [8 * Math.floor(i / columns), 8 * (i % columns)];
        return row < height && column < width ? labels[row * width + column]! : 255;
      });
      expect([...(await matched.data())], `${height} × ${width}`).toEqual(expected);
      logits.dispose();
    }
  });

  test("refuses options that make no sense", () => {
    expect(() => new DeepLabV1({ classes: 2, rate: 0 })).toThrow("DeepLabV1: rate must be a whole number of at least 1 but is 0.");
    expect(() => new DeepLabV1({ kernel: 3 } as never)).toThrow('DeepLabV1: unknown option "kernel".');
  });
});

describe("DeepLabV2", () => {
  test("on VGG-16 has 37,877,652 parameters, with one branch those of v1 LargeFOV", () => {
    const names = (m: DeepLabV1 | DeepLabV2): string[] => [...m.namedVariables()].map(([name]) => name);
    const aspp = new DeepLabV2({ backbone: "vgg16", classes: 21 });
    expect(aspp.parameterCount()).toBe(37_877_652);
    expect(names(aspp)).toHaveLength(50);
    expect(names(aspp)).toEqual(expect.arrayContaining(["conv1_1.weight", "fc6_1.weight", "fc7_4.bias", "fc8_4.weight"]));
    expect(new DeepLabV2({ backbone: "vgg16", classes: 21, rates: [2, 4, 8, 12] }).parameterCount()).toBe(37_877_652);
    expect(names(new DeepLabV2({ backbone: "vgg16", classes: 21, rates: [12] }))).toEqual(names(new DeepLabV1({ classes: 21 })));
  });

  test("refuses options that make no sense", () => {
    expect(() => new DeepLabV2({ classes: 2, backbone: "vgg" as never })).toThrow('DeepLabV2: backbone must be "resnet101" or "vgg16" but is "vgg".');
    expect(() => new DeepLabV2({ classes: 2, rates: [] })).toThrow("DeepLabV2: rates must be whole numbers of at least 1, and one at least, but is [].");
    expect(() => new DeepLabV2({ classes: 2, hidden: 8 })).toThrow("DeepLabV2: hidden belongs to vgg16; branches on the ResNet have no hidden layer.");
    expect(() => new DeepLabV2({ classes: 2, backbone: "vgg16", blocks: [1, 1, 1, 1] })).toThrow("DeepLabV2: blocks are those of the ResNet. Leave them out for vgg16.");
  });
});

describe("MultiScale", () => {
  const base = (): DeepLabV2 => new DeepLabV2({ classes: 2, rates: [1], width: 1, blocks: [1, 1, 1, 1] });

  test("has a loss for every scale beside that of the fused logits, at the sizes of DeepLab", async () => {
    const device = await testDevice();
    using model = new MultiScale({ base: base() }).to(device).eval();
    using x = tensor(device, new Uint8Array(81 * 65 * 3).map((_, i) => i % 253), [1, 81, 65, 3]);
    using mask = tensor(device, new Uint8Array(81 * 65).map((_, i) => i % 251), [1, 81, 65]);
    const { logits, auxiliary } = model.outputs(x);
    expect(logits.shape).toEqual([1, 11, 9, 2]);
    expect(auxiliary.map(({ name, weight, logits: { shape } }) => [name, weight, ...shape.slice(1, 3)])).toEqual([["scale0.5", 1, 6, 5], ["scale0.75", 1, 8, 7], ["scale1", 1, 11, 9]]);
    using fine = model.matchMask(mask, logits);
    using every = (model.base as DeepLabV2).matchMask(mask, logits);
    expect(await fine.data()).toEqual(await every.data());
    using coarse = model.matchMask(mask, auxiliary[0]!.logits);
    // Every sixteenth label.
    expect([...(await coarse.data())]).toEqual(Array.from({ length: 30 }, (_, i) => (16 * (65 * Math.floor(i / 5) + (i % 5))) % 251));
    for (const each of [logits, ...auxiliary.map((head) => head.logits)]) each.dispose();
  });

  test("takes over names and normalisation, and is described with its base", () => {
    const inner = base();
    inner.normalisation = { mean: [0.1, 0.2, 0.3], std: [1, 1, 1] };
    const model = new MultiScale({ base: inner, scales: [1, 1.25], fusion: "mean" });
    expect(model.normalisation).toEqual(inner.normalisation);
    expect(model.options).toEqual({ inChannels: 3, classes: 2, base: { architecture: "deeplab-v2", options: inner.options }, scales: [1, 1.25], fusion: "mean" });
    const described = { architecture: "multi-scale", options: JSON.parse(JSON.stringify({ ...model.options })) as object };
    expect(createModel(described).options).toEqual(model.options);
  });

  test("refuses options that make no sense", () => {
    expect(() => new MultiScale({ base: {} as never })).toThrow("MultiScale: base must be a model, such as new DeepLabV2({ classes: 21 }).");
    expect(() => new MultiScale({ base: base(), classes: 3 })).toThrow("MultiScale: the base takes 3 channels and tells 2 classes apart, not 3 and 3. Leave inChannels and classes out.");
    expect(() => new MultiScale({ base: base(), scales: [0.5, 0.75] })).toThrow("MultiScale: scales must be different positive numbers, 1 among them, but is [0.5,0.75].");
    expect(() => new MultiScale({ base: base(), fusion: "sum" as never })).toThrow('MultiScale: fusion must be "max" or "mean" but is "sum".');
  });
});
