import { describe, expect, test } from "vitest";
import { BiSeNetV2 } from "../../src/models/bisenet-v2.js";
import { FastSCNN } from "../../src/models/fast-scnn.js";
import { pytorchNetworks } from "../support/networks.js";
import { testModel } from "./contract.js";

testModel("FastSCNN", {
  full: () => new FastSCNN({ classes: 19, aux: false }),
  parameters: 1_138_051,
  entries: 268,
  names: [
    "learning_to_downsample.conv.conv.0.weight", "learning_to_downsample.dsconv1.conv.4.running_mean", "global_feature_extractor.bottleneck1.0.block.0.conv.0.weight", "global_feature_extractor.bottleneck2.1.block.1.conv.1.bias",
    "global_feature_extractor.bottleneck3.2.block.3.weight", "global_feature_extractor.ppm.conv4.conv.0.weight", "global_feature_extractor.ppm.out.conv.1.running_var", "feature_fusion.dwconv.conv.0.weight",
    "feature_fusion.conv_lower_res.0.bias", "feature_fusion.conv_higher_res.1.weight", "classifier.dsconv2.conv.3.weight", "classifier.conv.1.weight", "classifier.conv.1.bias",
  ],
  narrow: () => new FastSCNN({ classes: 2, width: 24 }),
  sizes: [[21, 30], [3, 4], [32, 64], [3, 3], [40, 23]],
  steps: 120,
  learningRate: 0.03,
  imageSize: 64,
  coarse: true,
});

testModel("BiSeNetV2", {
  sibling: true,
  full: () => new BiSeNetV2({ classes: 19 }),
  parameters: 5_231_487,
  entries: 383,
  names: [
    "detail.S1.0.conv.weight", "detail.S3.2.bn.running_mean", "segment.S1S2.left.1.conv.weight", "segment.S1S2.fuse.bn.bias", "segment.S3.0.dwconv1.0.weight", "segment.S3.0.dwconv2.1.weight", "segment.S4.0.shortcut.3.bias",
    "segment.S5_4.3.conv2.1.weight", "segment.S5_5.bn.weight", "segment.S5_5.conv_gap.conv.weight", "bga.left1.2.weight", "bga.left2.0.weight", "bga.right2.1.running_var", "bga.conv.0.weight", "head.conv.conv.weight", "head.conv_out.1.bias",
    "aux2.conv.bn.weight", "aux3.conv_out.0.1.conv.weight", "aux4.conv_out.0.1.bn.num_batches_tracked", "aux5_4.conv_out.1.weight",
  ],
  narrow: () => new BiSeNetV2({ classes: 2, width: 16, aux: false }),
  sizes: [[21, 30], [1, 3], [32, 64], [1, 1], [40, 23]],
  steps: 120,
  learningRate: 0.008,
  imageSize: 64,
  coarse: true,
});

describe("networks for real time", () => {
  test.each([
    ["Fast-SCNN with its auxiliary head", new FastSCNN({ classes: 19 }), 1_157_174, 276],
    ["BiSeNetV2 without the boosters", new BiSeNetV2({ classes: 19, aux: false }), 3_358_627, 327],
  ] as const)("%s has the parameters of the original", (_, model, parameters, entries) => {
    expect(model.parameterCount()).toBe(parameters);
    expect([...model.namedVariables()]).toHaveLength(entries);
  });

  test("tell the heads from the rest", () => {
    const paths = (model: BiSeNetV2): (string | undefined)[] => model.head().map((head) => [...model.children()].find(([, child]) => child === head)?.[0]);
    expect(paths(new BiSeNetV2({ classes: 2, width: 16 }))).toEqual(["head", "aux2", "aux3", "aux4", "aux5_4"]);
    expect(paths(new BiSeNetV2({ classes: 2, width: 16, aux: false }))).toEqual(["head"]);
  });

  test("refuse widths that do not divide", () => {
    expect(() => new FastSCNN({ classes: 2, width: 12 })).toThrow("FastSCNN: width must be a multiple of 8 but is 12.");
    expect(() => new BiSeNetV2({ classes: 2, width: 24 })).toThrow("BiSeNetV2: width must be a multiple of 16 but is 24.");
  });
});

const small = { width: 16, classes: 3 } as const;
const odd = { width: 16, classes: 1, aux: false } as const;

await pytorchNetworks("real-time", {
  "Fast-SCNN": () => new FastSCNN(small),
  "Fast-SCNN, odd size": () => new FastSCNN(odd),
  "Fast-SCNN, training": () => new FastSCNN({ classes: 2, width: 8 }),
  BiSeNetV2: () => new BiSeNetV2(small),
  "BiSeNetV2, odd size": () => new BiSeNetV2(odd),
  "BiSeNetV2, training": () => new BiSeNetV2({ classes: 2, width: 16 }),
});
