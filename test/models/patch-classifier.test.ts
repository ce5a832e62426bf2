import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { PatchClassifier } from "../../src/models/patch-classifier.js";
import { slidingWindow } from "../../src/models/sliding-window.js";
import { crossEntropy } from "../../src/ops/cross-entropy.js";
import { reshape } from "../../src/ops/reshape.js";
import { valueAndGrad } from "../../src/ops/value-and-grad.js";
import { heldMemory, testDevice } from "../support/device.js";
import { testModel } from "./contract.js";

testModel("PatchClassifier", {
  full: () => new PatchClassifier({ classes: 2 }),
  // 4·4·3·24 + 24, 4·4·24·48 + 48, 3·3·48·100 + 100, 100·2 + 2
  parameters: 1_176 + 18_480 + 43_300 + 202,
  entries: 8,
  names: ["stages.0.conv.weight", "stages.1.conv.bias", "hidden.weight", "classifier.bias"],
  narrow: () => new PatchClassifier({ classes: 2, widths: [12], hidden: 32 }),
  sizes: [[21, 30], [4, 5], [1, 1], [40, 3]],
  steps: 100,
  learningRate: 0.02,
});

describe("PatchClassifier", () => {
  test.each([
    [{}, 21],
    [{ widths: [4] }, 9],
    [{ widths: [3, 4, 5], kernelSize: 3, top: 2 }, 30],
    [{ widths: [4, 4], kernelSize: 5, top: 1 }, 16],
    [{ widths: [4, 4, 4, 4], top: 3 }, 93],
  ] as const)("with %j looks at %d rows and columns", (options, size) => {
    expect(new PatchClassifier({ classes: 2, ...options }).patchSize).toBe(size);
  });

  // Odd and even patches, one to three stages, images smaller and larger than a patch.
  test.each([
    [{ widths: [6, 5], hidden: 7 }, 3, 13, 10, 64],
    [{ widths: [6], kernelSize: 3, top: 3, hidden: 4 }, 1, 11, 17, 50],
    [{ widths: [4, 4, 3], kernelSize: 3, top: 2, hidden: 5, inChannels: 1 }, 4, 9, 8, 31],
  ] as const)("with %j gives one patch at a time and the whole image at once the same scores", async (options, classes, height, width, batchSize) => {
    const device = await testDevice();
    using model = new PatchClassifier({ classes, ...options }).to(device, { seed: 4 });
    const channels = model.inChannels;
    model.normalisation = { mean: Array<number>(channels).fill(0.4), std: Array<number>(channels).fill(0.3) };
    const image = { width, height, channels, data: Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 89 + (i >> 3) * 7) % 256) };
    const before = heldMemory(device);
    const slid = await slidingWindow(model, image, { batchSize });
    expect(heldMemory(device)).toEqual(before);
    using x = tensor(device, image.data, [1, height, width, channels]);
    using whole = compile((x: Tensor) => model.forward(x))(x);
    const dense = await whole.data();
    expect([slid.width, slid.height, slid.logits.length]).toEqual([width, height, dense.length]);
    expect(new Set(dense).size).toBeGreaterThan(dense.length / 2);
    for (const [i, v] of dense.entries()) expect(Math.abs(slid.logits[i]! - v), `logit ${i}`).toBeLessThan(2e-6 * (1 + Math.abs(v)));
  });

  test("trains patch by patch as it trains on whole images", async () => {
    const device = await testDevice();
    using model = new PatchClassifier({ classes: 3, widths: [4, 5], kernelSize: 2, top: 2, hidden: 6, inChannels: 1 }).to(device, { seed: 1 });
    const side = model.patchSize;
    expect(side).toBe(11);
    const [height, width] = [6, 7];
    const image = Float32Array.from({ length: height * width }, (_, i) => Math.sin(i * 1.7));
    const labels = Uint8Array.from({ length: height * width }, (_, i) => (i * i) % 3);
    const at = (y: number, x: number): number => image[Math.min(height - 1, Math.max(0, y)) * width + Math.min(width - 1, Math.max(0, x))]!;
    const patches = Float32Array.from({ length: height * width * side * side }, (_, i) => {
      const [pixel, y, x] = [Math.floor(i / side ** 2), Math.floor(i / side) % side, i % side];
      return at(Math.floor(pixel / width) + y - 5, (pixel % width) + x - 5);
    });
    using x = tensor(device, image, [1, height, width, 1]);
    using single = tensor(device, patches, [height * width, side, side, 1]);
    using masks = tensor(device, labels, [1, height, width]);
    const grads = compile((forward: "dense" | "patches", x: Tensor, masks: Tensor) => {
      const { value, grads } = valueAndGrad(model, () => (forward === "dense" ? crossEntropy(model.forward(x), masks) : crossEntropy(model.classify(x), reshape(masks, [height * width]))));
      return [value, ...model.parameters().map((p) => grads.get(p)!)];
    });
    const [dense, patched] = [grads("dense", x, masks), grads("patches", single, masks)];
    for (const [i, whole] of dense.entries()) {
      const [a, b] = [await whole.data(), await patched[i]!.data()];
      const scale = Math.max(...a.map((v) => Math.abs(Number(v))));
      for (const [k, v] of a.entries()) expect(Math.abs(Number(v) - Number(b[k])) / scale, `gradient ${i}, element ${k}`).toBeLessThan(1e-5);
    }
    for (const t of [...dense, ...patched]) t.dispose();
    grads.dispose();
  });

  test("refuses options and patches that make no sense", async () => {
    expect(() => new PatchClassifier({ classes: 2, widths: [] })).toThrow("PatchClassifier: widths must be at least one whole number of at least 1 but is [].");
    expect(() => new PatchClassifier({ classes: 2, kernelSize: 0 })).toThrow("PatchClassifier: kernelSize must be a whole number of at least 1 but is 0.");
    expect(() => new PatchClassifier({ classes: 2, widht: [4] } as never)).toThrow('PatchClassifier: unknown option "widht".');
    const device = await testDevice();
    using model = new PatchClassifier({ classes: 2, widths: [4], hidden: 4 }).to(device);
    using patches = tensor(device, new Float32Array(3 * 8 * 9 * 3), [3, 8, 9, 3]);
    expect(() => model.classify(patches)).toThrow("PatchClassifier: patches have 9×9 pixels.\n  patches  [3, 8, 9, 3]  NHWC");
    await expect(slidingWindow(model, { data: new Uint8Array(12), width: 2, height: 2 }, { batchSize: 0 })).rejects.toThrow("slidingWindow: batchSize must be a whole number of at least 1 but is 0.");
    await expect(slidingWindow(model, { data: new Uint8Array(20), width: 2, height: 2, channels: 5 })).rejects.toThrow("slidingWindow: the model takes images of 3 channels but this one has 5.");
  });
});
