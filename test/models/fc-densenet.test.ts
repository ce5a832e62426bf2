import { describe, expect, test } from "vitest";
import { FCDenseNet } from "../../src/models/fc-densenet.js";
import { pytorchNetworks } from "../support/networks.js";
import { testModel } from "./contract.js";

testModel("FCDenseNet", {
  full: () => new FCDenseNet({ classes: 11 }),
  parameters: 9_322_091,
  entries: 686,
  names: [
    "firstconv.weight", "firstconv.bias", "denseBlocksDown.0.layers.0.norm.weight", "denseBlocksDown.4.layers.11.conv.bias", "transDownBlocks.4.norm.running_var", "transDownBlocks.0.conv.weight",
    "bottleneck.bottleneck.layers.14.conv.weight", "transUpBlocks.0.convTrans.weight", "transUpBlocks.4.convTrans.bias", "denseBlocksUp.4.layers.3.norm.num_batches_tracked", "finalConv.weight", "finalConv.bias",
  ],
  narrow: () => new FCDenseNet({ classes: 2, growth: 6, blocks: [2, 2, 2, 2, 2], width: 12, dropout: 0.05 }),
  sizes: [[21, 30], [4, 5], [32, 32], [4, 4], [23, 17]],
  // Those of PyTorch's layers in scripts/reference/models/fc_densenet.py.
  macs: { size: [224, 224], billions: 20.073 },
  steps: 60,
  learningRate: 0.02,
});

describe("FCDenseNet", () => {
  test.each([
    [{ depth: 56 }, 1_376_795, 357],
    [{ depth: 67 }, 3_463_243, 434],
    [{ depth: 103 }, 9_322_091, 686],
  ] as const)("%j has %d parameters", (options, parameters, entries) => {
    const model = new FCDenseNet({ classes: 11, ...options });
    expect(model.parameterCount()).toBe(parameters);
    expect([...model.namedVariables()]).toHaveLength(entries);
    expect(model.multipleOf).toBe(32);
  });

  test("keeps sizes that are odd on every level", () => {
    const model = new FCDenseNet({ depth: 56, classes: 11 });
    for (const [h, w] of [[360, 480], [63, 95], [32, 33], [61, 47]] as const) expect(model.outputShape([1, h, w, 3])).toEqual([1, h, w, 11]);
  });

  test("upsamples what the last block found, and nothing else", () => {
    const model = new FCDenseNet({ depth: 56, classes: 11 });
    expect(model.transUpBlocks.map(({ convTrans }) => convTrans.weight.shape)).toEqual(Array(5).fill([48, 3, 3, 48]));
  });

  test("refuses options that make no sense", () => {
    expect(() => new FCDenseNet({ classes: 2, depth: 57 as never })).toThrow("FCDenseNet: depth must be 56, 67 or 103 but is 57.");
    expect(() => new FCDenseNet({ classes: 2, blocks: [2, 2] })).toThrow("FCDenseNet: blocks must be an odd number of whole numbers of 1 to 256, three or more, but is [2,2].");
    expect(() => new FCDenseNet({ classes: 2, growth: 0 })).toThrow("FCDenseNet: growth must be a whole number of at least 1 but is 0.");
    expect(() => new FCDenseNet({ classes: 2, dropout: 2 })).toThrow("FCDenseNet: dropout must be between 0 and 1 but is 2.");
  });
});

await pytorchNetworks("fc-densenet", {
  "two levels": () => new FCDenseNet({ classes: 5, growth: 4, blocks: [2, 3, 2, 2, 1], width: 8 }),
  "five levels": () => new FCDenseNet({ classes: 11, growth: 4, blocks: [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2], width: 12 }),
});
