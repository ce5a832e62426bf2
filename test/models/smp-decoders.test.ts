import { describe, expect, test } from "vitest";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors.js";
import { loadWeights, weightsOf } from "../../src/io/weights.js";
import type { EncoderName } from "../../src/models/encoders/create.js";
import type { SegmentationModel } from "../../src/models/segmentation-model.js";
import { SmpDeepLabV3, SmpDeepLabV3Plus } from "../../src/models/smp-deeplab.js";
import { SmpLinknet } from "../../src/models/smp-linknet.js";
import { SmpMAnet } from "../../src/models/smp-manet.js";
import type { SmpOptions } from "../../src/models/smp-model.js";
import { SmpPAN } from "../../src/models/smp-pan.js";
import { SmpPSPNet } from "../../src/models/smp-pspnet.js";
import { OptionError, ShapeError } from "../../src/runtime/errors.js";
import { testDevice } from "../support/device.js";
import { pytorchNetworks } from "../support/networks.js";
import { testModel } from "./contract.js";

// segmentation_models_pytorch 0.5, in_channels=3, classes=1, defaults.
describe("segmentation_models_pytorch's light decoders", () => {
  test.each([
    [SmpPSPNet, [11_329_825, 21_437_985, 24_300_993, 2_263_353, 4_055_811], 244],
    [SmpDeepLabV3, [15_898_945, 26_007_105, 39_633_729, 12_647_937, 7_304_573], 260],
    [SmpDeepLabV3Plus, [12_329_297, 22_437_457, 26_677_585, 4_378_513, 4_907_469], 277],
    [SmpLinknet, [11_663_777, 21_771_937, 31_177_777, 4_319_859, 4_167_169], 313],
    [SmpMAnet, [21_675_473, 31_783_633, 147_439_993, 48_888_741, 9_092_357], 366],
    [SmpPAN, [11_367_656, 21_475_816, 24_259_816, 2_416_552, 4_098_660], 316],
  ] as [new (options: SmpOptions) => SegmentationModel, number[], number][])("%o has its parameters with five encoders, and its entries", (Model, parameters, entries) => {
    const encoders: EncoderName[] = ["resnet18", "resnet34", "resnet50", "mobilenet_v2", "efficientnet-b0"];
    expect(encoders.map((encoder) => new Model({ encoder, classes: 1 }).parameterCount())).toEqual(parameters);
    expect([...new Model({ classes: 1 }).namedVariables()]).toHaveLength(entries);
  });

  test("take sizes that the encoder divides, and say so otherwise", () => {
    expect(() => new SmpLinknet({ classes: 2 }).outputShape([1, 64, 80, 3])).toThrow("SmpLinknet: height and width must be multiples of 32. Pad the image to 64 × 96, or use predict, which does");
    expect(() => new SmpDeepLabV3({ classes: 2 }).outputShape([1, 64, 81, 3])).toThrow("Pad the image to 64 × 88");
    expect(new SmpDeepLabV3({ classes: 2 }).outputShape([1, 24, 40, 3])).toEqual([1, 24, 40, 2]);
    expect(new SmpDeepLabV3Plus({ classes: 2, outputStride: 8 }).outputShape([1, 24, 40, 3])).toEqual([1, 24, 40, 2]);
    expect(new SmpPSPNet({ classes: 2, encoderDepth: 4 }).outputShape([1, 32, 48, 3])).toEqual([1, 32, 48, 2]);
    const pan = new SmpPAN({ classes: 2 });
    expect(() => pan.outputShape([1, 112, 160, 3])).toThrow(ShapeError);
    expect(() => pan.outputShape([1, 112, 160, 3])).toThrow("SmpPAN: height and width must be at least 128. Pad the image, or use predict, which does");
    expect([pan.inputSize(20), pan.inputSize(130)]).toEqual([{ size: 128, before: 0 }, { size: 144, before: 0 }]);
  });

  test("say what is wrong with options", () => {
    expect(() => new SmpDeepLabV3({ classes: 1, outputStride: 32 as 8 })).toThrow(new OptionError("SmpDeepLabV3: outputStride must be 8 or 16 but is 32."));
    expect(() => new SmpPAN({ classes: 1, outputStride: 8 as 16 })).toThrow(new OptionError("SmpPAN: outputStride must be 16 or 32 but is 8."));
    expect(() => new SmpMAnet({ classes: 1, pabChannels: 0 })).toThrow(new OptionError("SmpMAnet: pabChannels must be a whole number of at least 1 but is 0."));
    expect(() => new SmpMAnet({ classes: 1, decoderChannels: [8] })).toThrow("SmpMAnet: decoderChannels must be 5 whole numbers");
    expect(() => new SmpPSPNet({ classes: 1, outputStride: 8 } as never)).toThrow(OptionError);
  });

  test("DeepLabV3 of older versions, whose decoder is a list, loads", async () => {
    const device = await testDevice();
    const make = (): SmpDeepLabV3 => new SmpDeepLabV3({ classes: 1, ...narrow, decoderChannels: 8 });
    using model = make().to(device, { seed: 5 });
    using copy = make().to(device, { seed: 6 });
    const bytes = await weightsOf(model);
    const { tensors } = readSafetensors(bytes);
    const parts: Record<string, string> = { aspp: "0", conv: "1", bn: "2" };
    const older = new Map([...tensors].map(([name, tensor]) => [name.replace(/^decoder\.(aspp|conv|bn)\./, (_, part: string) => `module.decoder.${parts[part]!}.`), tensor]));
    expect([...older.keys()]).toContain("module.decoder.0.convs.0.0.weight");
    expect(loadWeights(copy, writeSafetensors(older, {}))).toEqual({ missing: [], unexpected: [] });
    expect(await weightsOf(copy)).toEqual(bytes);
  });
});

const narrow = { encoder: "resnet18", encoderWidth: 1 / 8, encoderBlocks: [1, 1, 1, 1] } as const;
const names = ["encoder.layer1.0.conv1.weight", "encoder.layer4.0.downsample.1.running_var", "segmentation_head.0.weight", "segmentation_head.0.bias"];

testModel("SmpLinknet", {
  full: () => new SmpLinknet({ classes: 1 }), parameters: 21_771_937, entries: 313,
  names: [...names, "decoder.blocks.0.block.0.0.weight", "decoder.blocks.0.block.1.0.weight", "decoder.blocks.0.block.1.0.bias", "decoder.blocks.4.block.2.1.running_mean"],
  macs: { size: [256, 256], billions: 5.03 },
  narrow: () => new SmpLinknet({ ...narrow, classes: 2, encoderDepth: 3 }), sizes: [[32, 40], [8, 16], [64, 24]],
  steps: 60, learningRate: 0.02,
});

testModel("SmpMAnet", {
  sibling: true,
  full: () => new SmpMAnet({ classes: 1 }), parameters: 31_783_633, entries: 366,
  names: [
    ...names, "decoder.center.top_conv.weight", "decoder.center.center_conv.bias", "decoder.center.bottom_conv.weight", "decoder.center.out_conv.bias", "decoder.blocks.0.hl_conv.0.0.weight",
    "decoder.blocks.0.hl_conv.1.1.bias", "decoder.blocks.0.SE_ll.1.weight", "decoder.blocks.3.SE_hl.3.bias", "decoder.blocks.4.conv1.0.weight", "decoder.blocks.4.conv2.1.running_mean",
  ],
  narrow: () => new SmpMAnet({ ...narrow, classes: 2, encoderDepth: 3, decoderChannels: [16, 8, 8], pabChannels: 8 }), sizes: [[32, 40], [8, 16], [64, 24]],
  steps: 60, learningRate: 0.02,
});

testModel("SmpPAN", {
  sibling: true,
  full: () => new SmpPAN({ classes: 1 }), parameters: 21_475_816, entries: 316,
  names: [
    ...names, "decoder.fpa.branch1.1.conv.weight", "decoder.fpa.mid.0.bn.bias", "decoder.fpa.down1.1.conv.bias", "decoder.fpa.down3.2.bn.running_var", "decoder.fpa.conv2.conv.weight",
    "decoder.gau3.conv1.1.bn.weight", "decoder.gau2.conv2.conv.weight", "decoder.gau1.conv2.bn.running_mean",
  ],
  narrow: () => new SmpPAN({ ...narrow, classes: 2, encoderDepth: 3, decoderChannels: 8 }), sizes: [[64, 72], [72, 64], [128, 96]],
  steps: 60, learningRate: 0.02, imageSize: 64, coarse: true,
});

testModel("SmpPSPNet", {
  sibling: true,
  full: () => new SmpPSPNet({ classes: 1 }), parameters: 21_437_985, entries: 244,
  names: [...names, "decoder.psp.blocks.0.pool.1.0.weight", "decoder.psp.blocks.0.pool.1.0.bias", "decoder.psp.blocks.1.pool.1.0.weight", "decoder.psp.blocks.3.pool.1.1.running_var", "decoder.conv.0.weight", "decoder.conv.1.bias"],
  macs: { size: [256, 256], billions: 2.34 },
  narrow: () => new SmpPSPNet({ ...narrow, classes: 2, pspChannels: 16 }), sizes: [[32, 40], [8, 8], [64, 24]],
  steps: 60, learningRate: 0.02, imageSize: 64, coarse: true,
});

testModel("SmpDeepLabV3", {
  sibling: true,
  full: () => new SmpDeepLabV3({ classes: 1 }), parameters: 26_007_105, entries: 260,
  names: [...names, "decoder.aspp.convs.0.0.weight", "decoder.aspp.convs.3.1.bias", "decoder.aspp.convs.4.1.weight", "decoder.aspp.project.1.weight", "decoder.conv.weight", "decoder.bn.running_var"],
  macs: { size: [256, 256], billions: 27.3 },
  narrow: () => new SmpDeepLabV3({ ...narrow, classes: 2, decoderChannels: 16 }), sizes: [[32, 40], [8, 8], [64, 24]],
  steps: 60, learningRate: 0.02, imageSize: 64, coarse: true,
});

testModel("SmpDeepLabV3Plus", {
  sibling: true,
  full: () => new SmpDeepLabV3Plus({ classes: 1 }), parameters: 22_437_457, entries: 277,
  names: [
    ...names, "decoder.aspp.0.convs.0.0.weight", "decoder.aspp.0.convs.1.0.0.weight", "decoder.aspp.0.convs.1.0.1.weight", "decoder.aspp.0.convs.1.1.weight", "decoder.aspp.0.convs.4.1.weight", "decoder.aspp.0.project.0.weight",
    "decoder.aspp.1.0.weight", "decoder.aspp.1.1.weight", "decoder.aspp.2.running_mean", "decoder.block1.0.weight", "decoder.block1.1.bias", "decoder.block2.0.0.weight", "decoder.block2.0.1.weight", "decoder.block2.1.weight",
  ],
  macs: { size: [256, 256], billions: 7.88 },
  narrow: () => new SmpDeepLabV3Plus({ ...narrow, classes: 2, decoderChannels: 16 }), sizes: [[32, 48], [16, 16], [64, 32]],
  steps: 80, learningRate: 0.02, imageSize: 64, dropout: false,
});

const two = { ...narrow, classes: 2 } as const;

await pytorchNetworks("smp-decoders", {
  linknet: () => new SmpLinknet(two),
  "linknet of three stages": () => new SmpLinknet({ ...two, encoderDepth: 3 }),
  manet: () => new SmpMAnet({ ...two, decoderChannels: [16, 16, 8, 8, 8], pabChannels: 8 }),
  "manet of three stages": () => new SmpMAnet({ ...two, encoderDepth: 3, decoderChannels: [16, 16, 8], pabChannels: 4 }),
  pan: () => new SmpPAN({ ...two, decoderChannels: 8 }),
  "pan of stride 32": () => new SmpPAN({ ...two, decoderChannels: 8, outputStride: 32 }),
  "pan of three stages": () => new SmpPAN({ ...two, decoderChannels: 8, encoderDepth: 3 }),
  pspnet: () => new SmpPSPNet({ ...two, pspChannels: 16 }),
  "pspnet of four stages": () => new SmpPSPNet({ ...two, pspChannels: 16, encoderDepth: 4 }),
  deeplabv3: () => new SmpDeepLabV3({ ...two, decoderChannels: 12 }),
  "deeplabv3 of stride 16, separable": () => new SmpDeepLabV3({ ...two, decoderChannels: 12, outputStride: 16, asppSeparable: true, atrousRates: [1, 2, 3] }),
  "deeplabv3 on mobilenet_v2": () => new SmpDeepLabV3({ encoder: "mobilenet_v2", encoderWidth: 0.25, encoderBlocks: [1, 1, 1, 1, 1, 1, 1], classes: 2, decoderChannels: 8 }),
  "deeplabv3+": () => new SmpDeepLabV3Plus({ ...two, decoderChannels: 12 }),
  "deeplabv3+ of stride 8": () => new SmpDeepLabV3Plus({ ...two, decoderChannels: 12, outputStride: 8, asppSeparable: false, atrousRates: [2, 3, 4] }),
  "deeplabv3+ on efficientnet-b0": () => new SmpDeepLabV3Plus({ encoder: "efficientnet-b0", encoderWidth: 0.25, encoderBlocks: [1, 1, 1, 1, 1, 1, 1], classes: 2, decoderChannels: 8 }),
});
