import { expect, test } from "vitest";
import { SegNet, SegNetBasic, SegNetBilinear } from "../../src/models/segnet.js";
import { pytorchNetworks } from "../support/networks.js";
import { testModel } from "./contract.js";

await pytorchNetworks("segnet", {
  "SegNet-Basic": () => new SegNetBasic({ classes: 3, width: 6 }),
  SegNet: () => new SegNet({ classes: 3, widths: [4, 6, 8, 8, 8] }),
  "SegNet, one row": () => new SegNet({ classes: 3, widths: [4, 6, 8, 8, 8] }),
  bilinear: () => new SegNetBilinear({ classes: 3, width: 6 }),
});

testModel("SegNetBasic", {
  full: () => new SegNetBasic({ classes: 11 }),
  parameters: 1_416_587,
  entries: 58,
  macs: { size: [360, 480], billions: 59.2 },
  names: ["encoder.0.0.weight", "encoder.3.1.running_mean", "decoder.0.0.bias", "decoder.3.1.num_batches_tracked", "classifier.weight", "classifier.bias"],
  narrow: () => new SegNetBasic({ classes: 2, width: 8 }),
  sizes: [[21, 30], [5, 3], [32, 32], [1, 2], [45, 60]],
  steps: 80,
  learningRate: 0.03,
});

testModel("SegNetBilinear", {
  sibling: true,
  full: () => new SegNetBilinear({ classes: 11 }),
  parameters: 613_003,
  entries: 30,
  names: ["encoder.0.0.weight", "encoder.3.1.running_mean", "classifier.bias"],
  narrow: () => new SegNetBilinear({ classes: 2, width: 8 }),
  sizes: [[21, 30], [5, 3], [32, 32], [1, 2], [45, 60]],
  imageSize: 64,
  steps: 80,
  learningRate: 0.03,
  coarse: true,
});

testModel("SegNet", {
  sibling: true,
  full: () => new SegNet({ classes: 11 }),
  parameters: 29_449_355,
  entries: 177,
  macs: { size: [360, 480], billions: 106.7 },
  names: ["encoder.0.0.weight", "encoder.4.7.running_var", "decoder.0.6.weight", "decoder.4.0.weight", "decoder.4.1.weight", "classifier.weight", "classifier.bias"],
  narrow: () => new SegNet({ classes: 2, widths: [8, 8, 16, 16, 16] }),
  sizes: [[21, 30], [33, 35], [32, 32], [1, 2], [45, 60]],
  steps: 80,
  learningRate: 0.02,
});

test("SegNet has the counts of other numbers of classes", () => {
  expect(new SegNet({ classes: 12 }).parameterCount()).toBe(29_449_932);
  expect(new SegNet({ classes: 21 }).parameterCount()).toBe(29_455_125);
});

test("SegNet pools as Caffe does: 45 to 23 to 12", () => {
  const pooled = new SegNet({ classes: 11 }).trace([1, 360, 480, 3]).nodes.filter(({ op }) => op.name === "maxPool2dWithIndices").map((node) => node.outputs["out"]!.shape.slice(1, 3));
  expect(pooled).toEqual([[180, 240], [90, 120], [45, 60], [23, 30], [12, 15]]);
});

test("SegNetBilinear is what the paper calls 0.625 M when its interpolation counts as fixed 7×7 kernels", () => {
  const kernels = 4 * 64 * 7 * 7;
  expect(new SegNetBilinear({ classes: 11 }).parameterCount() + kernels).toBe(625_547);
  expect(() => new SegNetBilinear({ classes: 2, width: 0 })).toThrow("SegNetBilinear: width must be a whole number of at least 1 but is 0.");
});

test("SegNet refuses widths that are no five numbers", () => {
  expect(() => new SegNet({ classes: 2, widths: [8, 8] })).toThrow("SegNet: widths must be five whole numbers of at least 1 but is [8,8].");
});
