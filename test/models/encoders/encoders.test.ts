import { describe, expect, test } from "vitest";
import { compile } from "../../../src/graph/compile.js";
import { tensor, type Tensor } from "../../../src/graph/tensor.js";
import type { Conv2d } from "../../../src/layers/conv2d.js";
import { StochasticDepth } from "../../../src/layers/dropout.js";
import { AvgPool2d, MaxPool2d } from "../../../src/layers/pooling.js";
import { createEncoder, encoderNames, type EncoderName } from "../../../src/models/encoders/create.js";
import { dilate } from "../../../src/models/encoders/dilate.js";
import type { Encoder } from "../../../src/models/encoders/encoder.js";
import { MobileNetV2 } from "../../../src/models/encoders/mobilenet-v2.js";
import { MobileNetV3 } from "../../../src/models/encoders/mobilenet-v3.js";
import { ResNet } from "../../../src/models/encoders/resnet.js";
import { OptionError } from "../../../src/runtime/errors.js";
import { testDevice } from "../../support/device.js";
import { tier } from "../../support/tier.js";
import { featureShapes } from "./feature-shapes.js";

/** Parameters, state-dict entries (torchvision's and lukemelas' networks without their classifiers) and channels (segmentation_models_pytorch). */
const published: [EncoderName, number, number, number[]][] = [
  ["resnet18", 11_176_512, 120, [3, 64, 64, 128, 256, 512]],
  ["resnet34", 21_284_672, 216, [3, 64, 64, 128, 256, 512]],
  ["resnet50", 23_508_032, 318, [3, 64, 256, 512, 1024, 2048]],
  ["resnet101", 42_500_160, 624, [3, 64, 256, 512, 1024, 2048]],
  ["resnet152", 58_143_808, 930, [3, 64, 256, 512, 1024, 2048]],
  ["resnext50_32x4d", 22_979_904, 318, [3, 64, 256, 512, 1024, 2048]],
  ["resnext101_32x8d", 86_742_336, 624, [3, 64, 256, 512, 1024, 2048]],
  ["vgg11", 9_220_480, 16, [64, 128, 256, 512, 512, 512]],
  ["vgg11_bn", 9_225_984, 56, [64, 128, 256, 512, 512, 512]],
  ["vgg13", 9_404_992, 20, [64, 128, 256, 512, 512, 512]],
  ["vgg13_bn", 9_410_880, 70, [64, 128, 256, 512, 512, 512]],
  ["vgg16", 14_714_688, 26, [64, 128, 256, 512, 512, 512]],
  ["vgg16_bn", 14_723_136, 91, [64, 128, 256, 512, 512, 512]],
  ["vgg19", 20_024_384, 32, [64, 128, 256, 512, 512, 512]],
  ["vgg19_bn", 20_035_392, 112, [64, 128, 256, 512, 512, 512]],
  ["densenet121", 6_953_856, 725, [3, 64, 256, 512, 1024, 1024]],
  ["densenet161", 26_472_000, 965, [3, 96, 384, 768, 2112, 2208]],
  ["densenet169", 12_484_480, 1013, [3, 64, 256, 512, 1280, 1664]],
  ["densenet201", 18_092_928, 1205, [3, 64, 256, 512, 1792, 1920]],
  ["mobilenet_v2", 2_223_872, 312, [3, 16, 24, 32, 96, 1280]],
  ["efficientnet-b0", 4_007_548, 358, [3, 32, 24, 40, 112, 320]],
  ["efficientnet-b1", 6_513_184, 506, [3, 32, 24, 40, 112, 320]],
  ["efficientnet-b2", 7_700_994, 506, [3, 32, 24, 48, 120, 352]],
  ["efficientnet-b3", 10_696_232, 572, [3, 40, 32, 48, 136, 384]],
  ["efficientnet-b4", 17_548_616, 704, [3, 48, 32, 56, 160, 448]],
  ["efficientnet-b5", 28_340_784, 852, [3, 48, 40, 64, 176, 512]],
  ["efficientnet-b6", 40_735_704, 984, [3, 56, 40, 72, 200, 576]],
  ["efficientnet-b7", 63_786_960, 1198, [3, 64, 48, 80, 224, 640]],
];

const narrow = {
  ResNet: () => new ResNet({ depth: 50, width: 4, blocks: [1, 1, 2, 2] }),
  "ResNet-D": () => new ResNet({ depth: 50, width: 4, blocks: [1, 1, 2, 2], stem: "deep", averageDown: true }),
  VGG: () => createEncoder("vgg11", { width: 1 / 16 }),
  MobileNetV2: () => new MobileNetV2({ width: 1 / 4, lastChannels: 32 }),
  MobileNetV3: () => new MobileNetV3({ width: 1 / 4 }),
  "MobileNetV3 small": () => new MobileNetV3({ variant: "small", width: 1 / 4 }),
  EfficientNet: () => createEncoder("efficientnet-b0", { width: 1 / 4, blocks: [1, 1, 1, 1, 1, 2, 1] }),
  DenseNet: () => createEncoder("densenet121", { width: 1 / 8, blocks: [1, 1, 2, 2] }),
} satisfies Record<string, () => Encoder>;
const kinds = Object.keys(narrow) as (keyof typeof narrow)[];

describe("encoders", () => {
  test.each(published)("%s has %d parameters and %d entries", (name, parameters, entries, channels) => {
    const encoder = createEncoder(name);
    expect(encoder.parameterCount()).toBe(parameters);
    expect([...encoder.namedVariables()]).toHaveLength(entries);
    expect(encoder.channels).toEqual(channels);
  });

  test.each(kinds)("%s gives maps of the channels and strides that it states", (kind) => {
    const encoder = narrow[kind]();
    expect(featureShapes(encoder, 64, 96)).toEqual(encoder.channels.map((c, i) => [1, 64 >> i, 96 >> i, c]));
    expect(featureShapes(encoder, 67, 45).map(([, , , c]) => c)).toEqual(encoder.channels);
    for (const outputStride of [16, 8, 4, 2])
      expect(featureShapes(dilate(narrow[kind](), { outputStride }), 64, 96).map(([, h]) => h), `output stride ${outputStride}`).toEqual(encoder.channels.map((_, i) => 64 / Math.min(2 ** i, outputStride)));
  });

  test.each(kinds)("%s stops at the depth that is asked for", (kind) => {
    const encoder = narrow[kind]();
    for (const depth of [1, 2, 3, 4]) expect(featureShapes(encoder, 64, 64, depth)).toEqual(featureShapes(encoder, 64, 64).slice(0, depth + 1));
  });

  test("says what it does not know", () => {
    expect(() => createEncoder("resnet35" as EncoderName)).toThrow(new OptionError(`There is no encoder "resnet35". Encoders: ${encoderNames.join(", ")}.`));
    expect(() => createEncoder("resnet34", { width: 0 })).toThrow("createEncoder: width must be a number above 0 but is 0.");
    expect(() => createEncoder("mobilenet_v2", { blocks: [1, 2] })).toThrow("MobileNetV2: blocks must be seven whole numbers of 1 to 256 but is [1,2].");
    expect(() => createEncoder("efficientnet-b0", { blocks: [1, 2] })).toThrow("EfficientNet: blocks must be seven whole numbers of 1 to 256 but is [1,2].");
    expect(() => createEncoder("vgg16", { blocks: [0, 1, 1, 1, 1] })).toThrow("VGG: blocks must be five whole numbers of 1 to 256 but is [0,1,1,1,1].");
    expect(() => createEncoder("densenet121", { blocks: [1] })).toThrow("DenseNet: blocks must be four whole numbers of 1 to 256 but is [1].");
  });
});

/**
 * The algorithme à trous: with the strides gone and gaps in what follows, the map at output stride 8 holds that at stride 32 at every 4th position,
 * and fifteen maps like it in between. Away from the edges, where paddings differ.
 */
describe("à trous", () => {
  test.skipIf(tier() === "quick").each(kinds)("%s sampled at its old positions is what it was", async (kind) => {
    const device = await testDevice();
    const size = 256;
    using x = tensor(device, Float32Array.from({ length: size * size * 3 }, (_, i) => Math.sin(i * 1.7) + Math.sin((i % (3 * size)) * 0.05)), [1, size, size, 3]);
    const lastMap = async (outputStride: number): Promise<{ data: Float32Array; shape: readonly number[] }> => {
      using encoder = dilate(narrow[kind](), { outputStride }).to(device, { seed: 4 }).eval();
      // Squeeze-and-excitation averages whole maps, edges included: its gates are set to a constant.
      for (const [path, module] of encoder.modules()) if (/(_se_expand|fc2)$/.test(path)) (module as Conv2d).weight.write(new Float32Array((module as Conv2d).weight.size));
      const forward = compile((x: Tensor) => encoder.features(x).at(-1)!);
      using map = forward(x);
      const data = await map.data();
      forward.dispose();
      return { data, shape: map.shape };
    };
    const [strided, dense] = [await lastMap(32), await lastMap(8)];
    const channels = strided.shape[3]!;
    expect([strided.shape, dense.shape]).toEqual([[1, 8, 8, channels], [1, 32, 32, channels]]);
    const largest = strided.data.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    const differences = [0, 1, 2, 3].map((shift) => {
      const at = (map: Float32Array, width: number, row: number, column: number, c: number): number => map[(row * width + column) * channels + c]!;
      let worst = 0;
      for (const row of [3, 4]) for (const column of [3, 4]) for (let c = 0; c < channels; c++)
        worst = Math.max(worst, Math.abs(at(strided.data, 8, row, column, c) - at(dense.data, 32, 4 * row + shift, 4 * column + shift, c)));
      return worst / largest;
    });
    // EfficientNet's strided convolutions look ahead by one pixel (SAME padding), its dilated ones do not: 1 + 2 pixels of the dense map.
    const expected = kind === "EfficientNet" ? 3 : 0;
    for (const [shift, difference] of differences.entries())
      if (shift === expected) expect(difference).toBeLessThan(1e-5);
      else expect(difference).toBeGreaterThan(0.05);
  });

  test.skipIf(tier() === "quick")("poolings with a rate keep the size, and say what they cannot do", async () => {
    const device = await testDevice();
    using x = tensor(device, Float32Array.from([1, 5, 2, 8, 3, 0]), [1, 1, 6, 1]);
    const pools = { max: new MaxPool2d({ kernelSize: [1, 2] }), mean: new AvgPool2d({ kernelSize: [1, 2] }), centred: new MaxPool2d({ kernelSize: [1, 3], stride: 2, padding: [0, 1] }) };
    const results: Record<string, number[]> = {};
    for (const [name, pool] of Object.entries(pools)) {
      expect(pool.stride[1]).toBe(2);
      for (const dilation of [1, 2]) {
        pool.setRate({ stride: 1, dilation });
        expect(pool.stride).toEqual([1, 1]);
        using y = pool.forward(x);
        results[`${name} ${dilation}`] = [...await y.data()];
      }
    }
    expect(results).toEqual({
      "max 1": [5, 5, 8, 8, 3, 0], "max 2": [2, 8, 3, 8, 3, 0],
      "mean 1": [3, 3.5, 5, 5.5, 1.5, 0], "mean 2": [1.5, 6.5, 2.5, 4, 1.5, 0],
      "centred 1": [5, 5, 8, 8, 8, 3], "centred 2": [2, 8, 3, 8, 3, 8],
    });
    expect(() => pools.max.forwardWithIndices(x)).toThrow(new OptionError("MaxPool2d: a pooling with another rate has no indices to unpool by. Use one that `dilate` left as it is."));
    expect(() => pools.max.setRate({ stride: 0, dilation: 1 })).toThrow("MaxPool2d: stride must be a whole number of at least 1");
  });
});

describe("StochasticDepth", () => {
  test("drops whole images in training, scales up the others, and draws anew in every step", async () => {
    const device = await testDevice();
    using layer = new StochasticDepth(0.25).to(device);
    using x = tensor(device, new Float32Array(64 * 6).fill(1), [64, 1, 2, 3]);
    const run = compile((x: Tensor) => layer.forward(x));
    const draws: string[] = [];
    for (let step = 0; step < 3; step++) {
      using y = run(x);
      const data = await y.data();
      const images = Array.from({ length: 64 }, (_, n) => [...data.subarray(6 * n, 6 * n + 6)]);
      for (const image of images) expect(new Set(image).size).toBe(1);
      expect(new Set(data)).toEqual(new Set([0, Math.fround(1 / 0.75)]));
      const kept = images.filter(([v]) => v! > 0).length;
      expect(kept).toBeGreaterThan(36);
      expect(kept).toBeLessThan(60);
      draws.push(images.map(([v]) => (v! > 0 ? 1 : 0)).join(""));
    }
    expect(new Set(draws).size).toBe(3);
    layer.eval();
    using same = compile((x: Tensor) => layer.forward(x))(x);
    expect(new Set(await same.data())).toEqual(new Set([1]));
  });
});
