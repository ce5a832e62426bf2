import { describe, expect, test } from "vitest";
import { batches } from "../../src/data/batches.js";
import { SyntheticMicroscopy } from "../../src/data/synthetic.js";
import { tensor } from "../../src/graph/tensor.js";
import { UNet } from "../../src/models/unet.js";
import { UNetOriginal } from "../../src/models/unet-original.js";
import { evaluate } from "../../src/train/evaluate.js";
import { testDevice } from "../support/device.js";
import { pytorchNetworks } from "../support/networks.js";
import { testModel } from "./contract.js";

await pytorchNetworks("unet-original", {
  "five levels": () => new UNetOriginal({ widths: [2, 4, 8, 16, 16] }),
  "three levels": () => new UNetOriginal({ inChannels: 3, widths: [4, 8, 12] }),
});

testModel("UNetOriginal", {
  full: () => new UNetOriginal(),
  parameters: 31_030_658,
  entries: 46,
  names: ["inc.double_conv.0.weight", "inc.double_conv.2.bias", "down4.maxpool_conv.1.double_conv.2.weight", "up1.up.weight", "up4.conv.double_conv.0.weight", "outc.conv.bias"],
  macs: { size: [572, 572], billions: 150.4 },
  narrow: () => new UNetOriginal({ inChannels: 3, classes: 2, widths: [8, 16] }),
  sizes: [[18, 32], [22, 18], [48, 48]],
  lost: 16,
  imageSize: 64,
  steps: 120,
  learningRate: 0.004,
});

const small = (): UNetOriginal => new UNetOriginal({ inChannels: 3, widths: [4, 6, 8] });

describe("UNetOriginal", () => {
  test("gives 388 × 388 logits for 572 × 572 pixels, and has the entries of UNet without norm", () => {
    const model = new UNetOriginal();
    expect(model.outputShape([1, 572, 572, 1])).toEqual([1, 388, 388, 2]);
    const entries = (m: UNet | UNetOriginal): unknown => [...m.namedVariables()].map(([name, { shape }]) => [name, shape]);
    expect(entries(model)).toEqual(entries(new UNet({ inChannels: 1, classes: 2, norm: "none" })));
  });

  test.each([[1, 188], [4, 188], [5, 204], [388, 572], [389, 588]])("wants, for %d pixels, %d with 92 before them", (length, size) => {
    const model = new UNetOriginal();
    expect(model.inputSize(length)).toEqual({ size, before: 92 });
    expect(model.outputShape([1, size, 188, 1])).toEqual([1, size - 184, 4, 2]);
  });

  test("refuses sizes that poolings would cut", () => {
    const message = "UNetOriginal: without padding the network takes a height of 188, 204, 220, … pixels but x has 512. Take 524, or predict(), which mirrors images on.";
    expect(() => new UNetOriginal().outputShape([1, 512, 572, 1])).toThrow(message);
    expect(() => new UNetOriginal().outputShape([1, 572, 100, 1])).toThrow("takes a width of 188, 204, 220, … pixels but x has 100. Take 188, or");
    expect(() => new UNetOriginal({ widths: [8] })).toThrow("UNetOriginal: widths must be at least two whole numbers of at least 1 but is [8].");
  });

  test("predicts images of any size from their mirrored surroundings", async () => {
    const device = await testDevice();
    using model = small().to(device, { seed: 2 });
    const [height, width] = [13, 30];
    const { image } = new SyntheticMicroscopy({ length: 1, size: [height, width], radius: [3, 5] }).get(0);
    const found = await model.predict({ data: image, width, height }, { probabilities: true });
    expect([found.classes.length, found.probabilities!.length]).toEqual([390, 780]);
    // Mirrored by hand, 20 pixels before the first; the frame is wider than the image is high.
    const [rows, columns] = [model.inputSize(height), model.inputSize(width)];
    const mirrored = (i: number, n: number): number => ((i %= 2 * n), i < 0 ? mirrored(i + 2 * n, n) : i < n ? i : 2 * n - 1 - i);
    const pixels = Uint8Array.from({ length: rows.size * columns.size * 3 }, (_, i) => {
      const [y, x] = [Math.floor(i / 3 / columns.size), Math.floor(i / 3) % columns.size];
      return image[(mirrored(y - rows.before, height) * width + mirrored(x - columns.before, width)) * 3 + (i % 3)]!;
    });
    using x = tensor(device, pixels, [1, rows.size, columns.size, 3]);
    using logits = model.eval().forward(x);
    const values = await logits.data();
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const at = (y * logits.shape[2]! + x) * 2;
        expect(found.probabilities![(y * width + x) * 2]).toBeCloseTo(1 / (1 + Math.exp(values[at + 1]! - values[at]!)), 4);
      }
  });

  test("is evaluated on whole images: every pixel counts once, and what is predicted is what is judged", async () => {
    const device = await testDevice();
    using model = small().to(device, { seed: 2 });
    const dataset = new SyntheticMicroscopy({ length: 2, size: [13, 30], radius: [3, 5] });
    const { matrix } = await evaluate(model, dataset);
    const counts = [0, 0, 0, 0];
    for (const i of [0, 1]) {
      const { image, mask } = dataset.get(i);
      const { classes } = await model.predict({ data: image, width: 30, height: 13 });
      mask!.forEach((truth, at) => counts[truth * 2 + classes[at]!]!++);
    }
    expect([...matrix.counts].map(Number)).toEqual(counts);
  });

  test("trains on the middle of masks", async () => {
    const device = await testDevice();
    const model = small();
    const mask = Uint8Array.from({ length: 48 * 52 }, (_, i) => i % 251);
    using y = tensor(device, mask, [1, 48, 52]);
    using logits = tensor(device, new Float32Array(8 * 12 * 2), [1, 8, 12, 2]);
    using cut = model.matchMask(y, logits);
    expect([...(await cut.data())]).toEqual(Array.from({ length: 96 }, (_, i) => mask[(20 + Math.floor(i / 12)) * 52 + 20 + (i % 12)]!));
  });
});

test("batches stand images where inputSize says", async () => {
  const dataset = new SyntheticMicroscopy({ length: 1, size: [5, 6], radius: [2, 3] });
  const { image, mask } = dataset.get(0);
  for await (const batch of batches(dataset, { batchSize: 1, epoch: 0, inputSize: (n) => ({ size: n + 7, before: 3 }) })) {
    expect([batch.height, batch.width]).toEqual([12, 13]);
    for (let y = 0; y < 12; y++)
      for (let x = 0; x < 13; x++) {
        const inside = y >= 3 && y < 8 && x >= 3 && x < 9;
        expect(batch.masks[y * 13 + x]).toBe(inside ? mask![(y - 3) * 6 + x - 3] : 255);
        if (inside) expect(batch.images[(y * 13 + x) * 3]).toBe(image[((y - 3) * 6 + x - 3) * 3]);
      }
  }
  expect(() => batches(dataset, { batchSize: 1, multiple: 2, inputSize: (n) => ({ size: n, before: 0 }) })).toThrow("batches: give multiple or inputSize, not both.");
});
