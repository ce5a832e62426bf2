import { describe, expect, test } from "vitest";
import { Conv2d } from "../../src/layers/conv2d.js";
import { DeepLabV3, type DeepLabV3Options } from "../../src/models/deeplab-v3.js";
import { summary } from "../../src/models/summary.js";
import { testModel } from "./contract.js";

const backbone = { depth: 50, width: 4, blocks: [1, 1, 1, 3], momentum: 0.1 } as const;
const narrow = { ...backbone, channels: 16 } as const;

testModel("DeepLabV3", {
  full: () => new DeepLabV3({ classes: 21 }),
  parameters: 58_040_661,
  entries: 662,
  names: [
    "backbone.conv1.weight", "backbone.bn1.running_mean", "backbone.layer3.22.conv2.weight", "backbone.layer4.0.downsample.1.bias", "aspp.convs.0.0.weight", "aspp.convs.1.0.weight",
    "aspp.convs.3.1.running_var", "aspp.convs.4.1.weight", "aspp.convs.4.2.num_batches_tracked", "aspp.project.0.weight", "aspp.project.1.bias", "logits.weight", "logits.bias",
  ],
  narrow: () => new DeepLabV3({ classes: 2, ...narrow, rates: [1, 2], outputStride: 8 }),
  sizes: [[33, 41], [20, 30], [1, 3], [65, 33]],
  macs: { size: [513, 513], billions: 71.06 },
  steps: 80,
  learningRate: 0.02,
  imageSize: 64,
  coarse: true,
});

/** Dilations of the 3×3 convolutions whose path begins so. */
const dilations = (options: DeepLabV3Options, path: string): number[] =>
  [...new DeepLabV3(options).modules()].flatMap(([name, module]) => (name.startsWith(path) && module instanceof Conv2d && module.weight.shape[1] === 3 ? [module.dilation[0]] : []));

describe("DeepLabV3", () => {
  test("takes 246.2 billion multiply-adds at output stride 8", () => {
    expect((summary(new DeepLabV3({ classes: 21, outputStride: 8 }), [1, 513, 513, 3]).macs / 1e9).toFixed(1)).toBe("246.2");
  });

  // A block of the cascade: 3 · (2048 · 512 + 9 · 512² + 512 · 2048) weights and 3 · 2 · (512 + 512 + 2048) of batch norms, 54 entries.
  test.each([
    [{ depth: 50, classes: 21 }, 39_048_533, 356],
    [{ depth: 101, classes: 21, outputStride: 8 }, 58_040_661, 662],
    [{ depth: 50, classes: 21, cascade: 5 }, 23_508_032 + 13_387_776 + 43_029, 318 + 54 + 2],
    [{ depth: 101, classes: 21, cascade: 7 }, 42_500_160 + 3 * 13_387_776 + 43_029, 624 + 3 * 54 + 2],
  ] as [DeepLabV3Options, number, number][])("%j has %d parameters", (options, parameters, entries) => {
    const model = new DeepLabV3(options);
    expect(model.parameterCount()).toBe(parameters);
    expect([...model.namedVariables()]).toHaveLength(entries);
  });

  test("dilates block3, block4, the cascade and the ASPP as the paper does", () => {
    expect(dilations({ classes: 2, ...narrow }, "backbone.layer4")).toEqual([2, 4, 8]);
    expect(dilations({ classes: 2, ...narrow, outputStride: 8 }, "backbone.layer3")).toEqual([2]);
    expect(dilations({ classes: 2, ...narrow, outputStride: 8 }, "backbone.layer4")).toEqual([4, 8, 16]);
    expect(dilations({ classes: 2, ...narrow }, "aspp")).toEqual([6, 12, 18]);
    expect(dilations({ classes: 2, ...narrow, outputStride: 8 }, "aspp")).toEqual([12, 24, 36]);
    expect(dilations({ classes: 2, ...narrow, rates: [3, 5], multiGrid: [1, 1, 1] }, "")).toEqual([1, 1, 1, 2, 2, 2, 3, 5]);
    expect(dilations({ classes: 2, ...backbone, cascade: 7 }, "")).toEqual([1, 1, 1, 2, 4, 2, 4, 8, 4, 8, 16, 8, 16, 32, 16]);
    expect(dilations({ classes: 2, ...backbone, cascade: 5, outputStride: 8 }, "")).toEqual([1, 1, 2, 4, 8, 4, 8, 16, 8]);
  });

  test("says what is wrong with its options", () => {
    expect(() => new DeepLabV3({ classes: 2, outputStride: 4 as 8 })).toThrow("DeepLabV3: outputStride must be 8 or 16 but is 4.");
    expect(() => new DeepLabV3({ classes: 2, depth: 34 as 50 })).toThrow("DeepLabV3: depth must be 50 or 101 but is 34.");
    expect(() => new DeepLabV3({ classes: 2, cascade: 4 as 5 })).toThrow("DeepLabV3: cascade must be 5, 6 or 7, the last block, but is 4.");
    expect(() => new DeepLabV3({ classes: 2, cascade: 5, rates: [6] })).toThrow("DeepLabV3: rates and channels belong to the ASPP, which a network with a cascade does not have.");
    expect(() => new DeepLabV3({ classes: 2, depth: 50, multiGrid: [1, 2] })).toThrow("dilate: multiGrid must hold a whole number of at least 1 for each of the 3 blocks of the last stage but is [1, 2].");
    expect(() => new DeepLabV3({ classes: 2, rates: [0] })).toThrow("ASPP: rates must be whole numbers of at least 1, as [6, 12, 18], but is [0].");
  });
});
