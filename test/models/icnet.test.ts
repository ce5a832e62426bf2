import { describe, expect, test } from "vitest";
import { tensor } from "../../src/graph/tensor.js";
import { ICNet, icnetWindow } from "../../src/models/icnet.js";
import { summary } from "../../src/models/summary.js";
import { testDevice } from "../support/device.js";
import { pytorchNetworks } from "../support/networks.js";
import { testModel } from "./contract.js";

const narrow = { width: 4, blocks: [1, 2, 1, 1] } as const;

testModel("ICNet", {
  full: () => new ICNet({ classes: 19, aux: false }),
  parameters: 6_699_987,
  entries: 380,
  names: [
    "conv1_1_3x3_s2.weight", "conv1_1_3x3_s2_bn.running_mean", "conv1_3_3x3_bn.bias", "conv2_1_1x1_reduce.weight", "conv2_1_1x1_proj.weight", "conv2_1_1x1_proj_bn.weight", "conv3_4_3x3.weight", "conv4_6_1x1_increase_bn.running_var",
    "conv5_3_1x1_increase.weight", "conv5_4_k1.weight", "conv_sub4.weight", "conv_sub4_bn.weight", "conv3_1_sub2_proj.weight", "conv_sub2_bn.num_batches_tracked", "conv1_sub1.weight", "conv3_sub1_proj_bn.bias", "conv6_cls.weight", "conv6_cls.bias",
  ],
  narrow: () => new ICNet({ classes: 2, ...narrow }),
  sizes: [[21, 30], [1, 3], [33, 65], [1, 1], [40, 23]],
  macs: { size: [1025, 2049], billions: 29.81 },
  steps: 120,
  learningRate: 0.04,
  imageSize: 64,
  coarse: true,
});

describe("ICNet", () => {
  test("has two heads more for training", () => {
    const model = new ICNet({ classes: 19 });
    expect(model.parameterCount()).toBe(6_699_987 + (256 + 1) * 19 + (128 + 1) * 19);
    expect([...model.namedVariables()].map(([name]) => name).slice(-4)).toEqual(["sub4_out.weight", "sub4_out.bias", "sub24_out.weight", "sub24_out.bias"]);
    expect(summary(model, [1, 65, 97, 3]).macs).toBe(summary(new ICNet({ classes: 19, aux: false }), [1, 65, 97, 3]).macs);
  });

  test("pools the windows of the prototxt on 33×65, and others on other sizes", () => {
    const levels = [{ bins: 1, share: 1 }, { bins: 2, share: 1 / 2 }, { bins: 3, share: 10 / 32 }, { bins: 6, share: 5 / 32 }];
    const windows = (n: number): number[][] => levels.map((level) => Object.values(icnetWindow(n, level)));
    expect(windows(33)).toEqual([[33, 32], [17, 16], [13, 10], [8, 5]]);
    expect(windows(65)).toEqual([[65, 64], [33, 32], [25, 20], [15, 10]]);
    expect(windows(7)).toEqual([[7, 6], [4, 3], [5, 1], [2, 1]]);
    expect(windows(1)).toEqual([[1, 1], [1, 1], [1, 1], [1, 1]]);
  });

  test("compares its heads with the labels that lie under their corners", async () => {
    const device = await testDevice();
    const model = new ICNet({ classes: 2, ...narrow });
    using mask = tensor(device, Uint8Array.from({ length: 33 * 65 }, (_, i) => i % 251), [1, 33, 65]);
    using logits = tensor(device, new Float32Array(3 * 5 * 2), [1, 3, 5, 2]);
    using labels = model.matchMask(mask, logits);
    expect([...(await labels.data())]).toEqual([0, 16, 32].flatMap((y) => [0, 16, 32, 48, 64].map((x) => (65 * y + x) % 251)));
  });

  test("refuses options that make no sense", () => {
    expect(() => new ICNet({ classes: 2, width: 0.5 })).toThrow("ICNet: width must be a whole number of at least 1 but is 0.5.");
    expect(() => new ICNet({ classes: 2, auxWeights: [1] as never })).toThrow("ICNet: auxWeights must be two numbers of at least 0 but is [1].");
  });
});

await pytorchNetworks("icnet", {
  "odd size": () => new ICNet({ classes: 3, ...narrow }),
  training: () => new ICNet({ classes: 3, ...narrow, width: 2 }),
  "wide image": () => new ICNet({ classes: 4, width: 2, blocks: [2, 3, 1, 2], aux: false }),
});
