import { describe, expect, test } from "vitest";
import type { EncoderName } from "../../src/models/encoders/create.js";
import { SmpFPN } from "../../src/models/smp-fpn.js";
import { SmpUnet } from "../../src/models/smp-unet.js";
import { SmpUnetPlusPlus } from "../../src/models/smp-unet-plus-plus.js";
import { OptionError, ShapeError } from "../../src/runtime/errors.js";
import { pytorchNetworks } from "../support/networks.js";
import { testModel } from "./contract.js";

const models = { SmpUnet, SmpUnetPlusPlus, SmpFPN };

// segmentation_models_pytorch 0.5, in_channels=3, classes=1, defaults.
describe("segmentation_models_pytorch", () => {
  test.each([
    ["SmpUnet", [14_328_209, 24_436_369, 32_521_105, 6_628_945, 6_251_469]],
    ["SmpUnetPlusPlus", [15_970_449, 26_078_609, 48_985_745, 6_824_721, 6_569_581]],
    ["SmpFPN", [13_047_233, 23_155_393, 26_116_033, 4_215_425, 5_759_485]],
  ] as ["SmpUnet", number[]][])("%s has its parameters with five encoders", (name, parameters) => {
    const encoders: EncoderName[] = ["resnet18", "resnet34", "resnet50", "mobilenet_v2", "efficientnet-b0"];
    expect(encoders.map((encoder) => new models[name]({ encoder, classes: 1 }).parameterCount())).toEqual(parameters);
  });

  test("Unet on vgg16_bn has two convolutions in the middle", () => {
    const model = new SmpUnet({ encoder: "vgg16_bn", classes: 1 });
    expect(model.parameterCount()).toBe(23_756_689);
    expect([...model.namedVariables()].map(([path]) => path)).toEqual(expect.arrayContaining(["decoder.center.0.0.weight", "decoder.center.1.1.running_var"]));
  });

  test("names the parts of scse", () => {
    const names = [...new SmpUnet({ classes: 1, decoderAttention: "scse" }).namedVariables()].map(([path]) => path);
    expect(names).toEqual(expect.arrayContaining(["cSE.1.weight", "cSE.3.bias", "sSE.0.weight"].map((part) => `decoder.blocks.4.attention2.attention.${part}`)));
  });

  test("refuses sizes with a remainder, except Unet", () => {
    const shape = [1, 64, 80, 3];
    expect(() => new SmpFPN({ classes: 2 }).outputShape(shape)).toThrow(ShapeError);
    expect(() => new SmpFPN({ classes: 2 }).outputShape(shape)).toThrow("SmpFPN: height and width must be multiples of 32. Pad the image to 64 × 96, or use predict, which does");
    expect(new SmpFPN({ classes: 2, encoderDepth: 4 }).outputShape(shape)).toEqual([1, 64, 80, 2]);
    expect(new SmpUnetPlusPlus({ classes: 2, encoderDepth: 3 }).outputShape([1, 8, 16, 3])).toEqual([1, 8, 16, 2]);
    expect(new SmpUnet({ classes: 2 }).outputShape([1, 41, 33, 3])).toEqual([1, 41, 33, 2]);
  });

  test("says what is wrong with options", () => {
    expect(() => new SmpUnet({ classes: 1, encoderDepth: 2 })).toThrow(new OptionError("SmpUnet: encoderDepth must be a whole number between 3 and 5 but is 2."));
    expect(() => new SmpUnet({ classes: 1, decoderChannels: [16, 8] })).toThrow(new OptionError("SmpUnet: decoderChannels must be 5 whole numbers of at least 1, one for each stage of the encoder, but is [16,8]."));
    expect(() => new SmpUnetPlusPlus({ classes: 1, decoderAttention: "se" as "scse" })).toThrow(new OptionError('SmpUnetPlusPlus: decoderAttention must be "scse" or null but is "se".'));
    expect(() => new SmpFPN({ classes: 1, mergePolicy: "mean" as "add" })).toThrow(new OptionError('SmpFPN: mergePolicy must be "add" or "cat" but is "mean".'));
    expect(() => new SmpFPN({ classes: 1, decoderChannels: [1] } as never)).toThrow(OptionError);
  });
});

const narrow = { encoder: "resnet18", encoderWidth: 1 / 8, encoderBlocks: [1, 1, 1, 1] } as const;

testModel("SmpUnet", {
  full: () => new SmpUnet({ classes: 1 }), parameters: 24_436_369, entries: 278,
  names: ["encoder.layer1.0.conv1.weight", "decoder.blocks.0.conv1.0.weight", "decoder.blocks.4.conv2.1.running_mean", "segmentation_head.0.bias"],
  macs: { size: [256, 256], billions: 7.81 },
  narrow: () => new SmpUnet({ ...narrow, classes: 2, encoderDepth: 3, decoderChannels: [16, 16, 8] }), sizes: [[33, 41], [8, 17], [40, 64]],
  steps: 60, learningRate: 0.02,
});

testModel("SmpUnetPlusPlus", {
  sibling: true,
  full: () => new SmpUnetPlusPlus({ classes: 1 }), parameters: 26_078_609, entries: 350,
  names: ["decoder.blocks.x_0_0.conv1.0.weight", "decoder.blocks.x_2_3.conv2.1.weight", "decoder.blocks.x_0_4.conv1.0.weight"],
  macs: { size: [256, 256], billions: 18.38 },
  narrow: () => new SmpUnetPlusPlus({ ...narrow, classes: 2, encoderDepth: 3, decoderChannels: [16, 8, 8] }), sizes: [[32, 40], [8, 16], [64, 24]],
  steps: 60, learningRate: 0.02,
});

testModel("SmpFPN", {
  sibling: true,
  full: () => new SmpFPN({ classes: 1 }), parameters: 23_155_393, entries: 247,
  names: ["decoder.p5.weight", "decoder.p4.skip_conv.bias", "decoder.seg_blocks.0.block.2.block.1.weight", "decoder.seg_blocks.3.block.0.block.0.weight", "segmentation_head.0.weight"],
  macs: { size: [256, 256], billions: 6.86 },
  narrow: () => new SmpFPN({ ...narrow, classes: 2, encoderDepth: 3, pyramidChannels: 16, segmentationChannels: 32 }), sizes: [[32, 24], [24, 16], [64, 40]],
  steps: 90, learningRate: 0.02,
});

const thin = { encoder: "resnet18", encoderWidth: 1 / 8, encoderBlocks: [1, 1, 1, 1], classes: 2 } as const;

await pytorchNetworks("smp", {
  unet: () => new SmpUnet({ ...thin, decoderChannels: [32, 16, 16, 16, 16] }),
  "unet of an odd size, scse": () => new SmpUnet({ ...thin, decoderChannels: [32, 16, 16, 16, 16], decoderAttention: "scse" }),
  "unet of three stages": () => new SmpUnet({ ...thin, encoderDepth: 3, decoderChannels: [16, 8, 4] }),
  "unet on vgg11_bn": () => new SmpUnet({ encoder: "vgg11_bn", encoderWidth: 1 / 16, classes: 2, decoderChannels: [32, 16, 8, 8, 4] }),
  "unet on efficientnet-b0": () => new SmpUnet({ encoder: "efficientnet-b0", encoderWidth: 0.25, encoderBlocks: [1, 1, 1, 1, 1, 1, 1], classes: 2, decoderChannels: [32, 16, 8, 8, 4] }),
  "unet++": () => new SmpUnetPlusPlus({ ...thin, encoderDepth: 4, decoderChannels: [16, 8, 8, 8] }),
  "unet++ on densenet121, scse": () => new SmpUnetPlusPlus({ encoder: "densenet121", encoderWidth: 0.25, encoderBlocks: [1, 1, 1, 1], classes: 2, decoderChannels: [32, 32, 16, 16, 16], decoderAttention: "scse" }),
  fpn: () => new SmpFPN({ ...thin, pyramidChannels: 32, segmentationChannels: 32 }),
  "fpn of four stages, side by side": () => new SmpFPN({ ...thin, encoderDepth: 4, pyramidChannels: 16, segmentationChannels: 32, mergePolicy: "cat" }),
});
