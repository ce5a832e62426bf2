import { describe, expect, test } from "vitest";
import { tensor } from "../../src/graph/tensor.js";
import { Dropout2d } from "../../src/layers/dropout.js";
import { ENet } from "../../src/models/enet.js";
import { ERFNet } from "../../src/models/erfnet.js";
import { ESPNet } from "../../src/models/espnet.js";
import { testDevice } from "../support/device.js";
import { pytorchNetworks } from "../support/networks.js";
import { testModel } from "./contract.js";

// Multiply-adds are those of PyTorch's layers in scripts/reference/models/efficient.py.
testModel("ENet", {
  sibling: true,
  full: () => new ENet({ classes: 12 }),
  parameters: 350_652,
  entries: 622,
  names: [
    "initial_block.main_branch.weight", "initial_block.batch_norm.weight", "initial_block.out_activation.weight", "downsample1_0.ext_conv1.0.weight", "downsample1_0.ext_conv3.2.weight", "regular1_4.out_activation.weight",
    "dilated2_2.ext_conv2.0.weight", "asymmetric2_3.ext_conv2.3.weight", "asymmetric2_7.ext_conv2.5.weight", "regular3_0.ext_conv3.1.running_mean", "dilated3_7.ext_conv1.0.weight",
    "upsample4_0.main_conv1.0.weight", "upsample4_0.ext_tconv1.weight", "upsample5_0.ext_tconv1_bnorm.running_var", "upsample5_0.ext_conv2.1.bias", "regular4_2.ext_conv1.0.weight", "regular5_1.ext_conv3.1.weight", "transposed_conv.weight",
  ],
  narrow: () => new ENet({ classes: 2, width: 8 }),
  sizes: [[21, 30], [7, 8], [32, 32], [7, 7], [23, 17]],
  macs: { size: [360, 480], billions: 1.287 },
  steps: 160,
  learningRate: 0.02,
});

testModel("ERFNet", {
  sibling: true,
  full: () => new ERFNet({ classes: 20 }),
  parameters: 2_066_836,
  entries: 345,
  names: [
    "encoder.initial_block.conv.weight", "encoder.initial_block.bn.running_mean", "encoder.layers.0.conv.bias", "encoder.layers.1.conv3x1_1.weight", "encoder.layers.6.bn.weight", "encoder.layers.14.conv1x3_2.weight",
    "encoder.layers.14.bn2.num_batches_tracked", "encoder.output_conv.weight", "decoder.layers.0.conv.weight", "decoder.layers.5.bn1.bias", "decoder.output_conv.weight", "decoder.output_conv.bias",
  ],
  narrow: () => new ERFNet({ classes: 2, width: 8, dropout: 0 }),
  sizes: [[21, 30], [1, 3], [32, 32], [1, 1], [23, 17]],
  macs: { size: [512, 1024], billions: 26.613 },
  steps: 110,
  learningRate: 0.02,
  coarse: true,
});

testModel("ESPNet", {
  full: () => new ESPNet({ classes: 12 }),
  parameters: 354_517,
  entries: 210,
  names: [
    "encoder.level1.conv.weight", "encoder.b1.act.weight", "encoder.level2_0.c1.conv.weight", "encoder.level2_0.bn.running_mean", "encoder.level2.1.d16.conv.weight", "encoder.level2.1.bn.bn.weight", "encoder.b2.bn.bias", "encoder.level3_0.act.weight",
    "encoder.level3.7.bn.act.weight", "encoder.b3.bn.running_var", "encoder.classifier.conv.weight", "level3_C.conv.weight", "br.weight", "conv.conv.weight", "conv.act.weight", "up_l3.0.weight",
    "combine_l2_l3.0.bn.weight", "combine_l2_l3.1.d1.conv.weight", "combine_l2_l3.1.bn.act.weight", "up_l2.0.weight", "up_l2.1.act.weight", "classifier.weight",
  ],
  narrow: () => new ESPNet({ classes: 2, width: 8, q: 2 }),
  sizes: [[21, 30], [1, 3], [32, 32], [1, 1], [23, 17]],
  macs: { size: [360, 480], billions: 1.335 },
  steps: 100,
  learningRate: 0.03,
});

describe("networks for real time", () => {
  test.each([
    ["ENet of 20 classes", () => new ENet({ classes: 20 }), 351_804, 622],
    ["ERFNet of 12 classes", () => new ERFNet({ classes: 12 }), 2_065_284, 345],
    ["ESPNet of 20 classes", () => new ESPNet({ classes: 20 }), 365_109, 210],
  ] as const)("%s has the parameters of the original", (_name, make, parameters, entries) => {
    const model = make();
    expect(model.parameterCount()).toBe(parameters);
    expect([...model.namedVariables()]).toHaveLength(entries);
  });

  test("ESPNet of twelve classes has 358,193 values, running statistics included", () => {
    const sizes = [...new ESPNet({ classes: 12 }).namedVariables()].flatMap(([name, { size }]) => (name.endsWith("num_batches_tracked") ? [] : [size]));
    expect(sizes.reduce((a, b) => a + b)).toBe(358_193);
  });

  test("ERFNet's encoder has logits of its own, an eighth of the size", async () => {
    const device = await testDevice();
    using model = new ERFNet({ classes: 2, width: 4 }).to(device).eval();
    using image = tensor(device, new Uint8Array(20 * 25 * 3).fill(90), [1, 20, 25, 3]);
    using logits = model.encoderLogits(image);
    expect(logits.shape).toEqual([1, 3, 4, 2]);
    expect((await logits.data()).every(Number.isFinite)).toBe(true);
  });

  test("ERFNet drops maps in its encoder at the rates of the original", () => {
    const rates = (model: ERFNet): number[] => [...model.modules()].flatMap(([, module]) => (module instanceof Dropout2d ? [module.rate] : []));
    expect(rates(new ERFNet({ classes: 2 }))).toEqual([...Array<number>(5).fill(0.03), ...Array<number>(8).fill(0.3), 0, 0, 0, 0]);
    expect(new Set(rates(new ERFNet({ classes: 2, dropout: 0 })))).toEqual(new Set([0]));
  });

  test("options that make no sense are refused", () => {
    expect(() => new ENet({ classes: 2, width: 10 })).toThrow("ENet: width must be a multiple of 4 above inChannels (3) but is 10.");
    expect(() => new ENet({ classes: 2 }).outputShape([1, 6, 20, 3])).toThrow("ENet: the image must have at least 7 rows and columns, of which three halvings leave one.");
    expect(() => new ERFNet({ classes: 2, width: 3 })).toThrow("ERFNet: width must be a whole number above inChannels (3) but is 3.");
    expect(() => new ERFNet({ classes: 2, dropout: -1 })).toThrow("ERFNet: dropout must be between 0 and 1 but is -1.");
    expect(() => new ESPNet({ classes: 2, p: 0 })).toThrow("ESPNet: p must be a whole number of at least 1 but is 0.");
    expect(() => new ESPNet({ classes: 2, width: 1 })).toThrow("ESPNet: width must be a whole number of at least 2 but is 1.");
  });
});

await pytorchNetworks("efficient", {
  enet: () => new ENet({ classes: 5, width: 8 }),
  erfnet: () => new ERFNet({ classes: 5, width: 4 }),
  "erfnet, multiple of 8": () => new ERFNet({ classes: 3, width: 4 }),
  espnet: () => new ESPNet({ classes: 6, p: 1, q: 2, width: 4 }),
  "espnet, two classes": () => new ESPNet({ classes: 2, p: 2, q: 3, width: 4 }),
});
