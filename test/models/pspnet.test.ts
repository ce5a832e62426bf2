import { describe, expect, test } from "vitest";
import { PSPNet, type PSPNetOptions } from "../../src/models/pspnet.js";
import { summary } from "../../src/models/summary.js";
import { pytorchNetworks } from "../support/networks.js";
import { testModel } from "./contract.js";

const narrow = { width: 4, blocks: [1, 1, 1, 1] } as const;

testModel("PSPNet", {
  full: () => new PSPNet({ classes: 150 }),
  parameters: 49_180_908,
  entries: 370,
  names: [
    "layer0.0.weight", "layer0.1.running_mean", "layer0.3.weight", "layer0.4.bias", "layer0.6.weight", "layer0.7.weight", "layer1.0.conv1.weight", "layer1.0.downsample.1.bias", "layer2.3.bn3.running_var",
    "layer3.5.conv2.weight", "layer4.2.conv3.weight", "ppm.features.0.1.weight", "ppm.features.3.2.num_batches_tracked", "cls.0.weight", "cls.1.weight", "cls.4.weight", "cls.4.bias", "aux.0.weight", "aux.1.bias", "aux.4.bias",
  ],
  narrow: () => new PSPNet({ classes: 2, ...narrow }),
  sizes: [[21, 30], [1, 3], [33, 41], [1, 1], [40, 23]],
  macs: { size: [473, 473], billions: 161.875 },
  steps: 70,
  learningRate: 0.02,
  imageSize: 64,
  coarse: true,
});

describe("PSPNet", () => {
  test.each([
    [{ depth: 50, classes: 150, aux: false }, 46_782_550, 362],
    [{ depth: 101, classes: 21, aux: false }, 65_708_501, 668],
    [{ depth: 101, classes: 21 }, 68_073_706, 676],
    [{ depth: 101, classes: 19, aux: false }, 65_707_475, 668],
  ] as [PSPNetOptions, number, number][])("%j has %d parameters", (options, parameters, entries) => {
    const model = new PSPNet(options);
    expect(model.parameterCount()).toBe(parameters);
    expect([...model.namedVariables()]).toHaveLength(entries);
  });

  // The Caffe release has the stride in the first 1×1 convolution.
  test.each([
    [{ depth: 50, classes: 150, strideIn: "first" }, 473, "161.5"],
    [{ depth: 101, classes: 21 }, 473, "229.8"],
    [{ depth: 101, classes: 19 }, 713, "517.2"],
  ] as [PSPNetOptions, number, string][])("%j for images of %d pixels squared takes %s billion multiply-adds", (options, size, billions) => {
    expect((summary(new PSPNet(options), [1, size, size, 3]).macs / 1e9).toFixed(1)).toBe(billions);
  });
});

const small = { classes: 3, width: 2, blocks: [1, 1, 1, 1] } as const;

await pytorchNetworks("pspnet", {
  semseg: () => new PSPNet({ ...small, blocks: [1, 2, 2, 2] }),
  training: () => new PSPNet(small),
  Caffe: () => new PSPNet({ ...small, strideIn: "first", aux: false }),
  "other bins": () => new PSPNet({ ...small, classes: 1, bins: [1, 4] }),
});
