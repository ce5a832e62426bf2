import { describe, expect, test } from "vitest";
import { tensor } from "../../src/graph/tensor.js";
import { Identity, ReLU } from "../../src/layers/activation.js";
import { BatchNorm2d } from "../../src/layers/batch-norm2d.js";
import { Conv2d } from "../../src/layers/conv2d.js";
import { ConvTranspose2d } from "../../src/layers/conv-transpose2d.js";
import { AvgPool2d, MaxPool2d } from "../../src/layers/pooling.js";
import { Resize, Upsample } from "../../src/layers/resize.js";
import { Sequential } from "../../src/layers/sequential.js";
import { testDevice } from "../support/device.js";

describe("Sequential", () => {
  test("names layers by their numbers, those without parameters included", () => {
    const net = new Sequential(new Conv2d(1, 2, { kernelSize: 3, bias: false }), new BatchNorm2d(2), new ReLU(), new Sequential(new Identity(), new Conv2d(2, 1, { kernelSize: 1 })));
    expect([...net.namedVariables()].map(([name]) => name)).toEqual([
      "0.weight", "1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked", "3.1.weight", "3.1.bias",
    ]);
  });
});

describe("convolution layers", () => {
  test("start as PyTorch's do: U(−b, b) with b = 1 / √fan-in", async () => {
    const device = await testDevice();
    for (const [layer, fan] of [
      [new Conv2d(16, 32, { kernelSize: 3, groups: 2 }), 8 * 9],
      [new ConvTranspose2d(16, 32, { kernelSize: [2, 3], groups: 2 }), 16 * 6],
    ] as const) {
      using placed = layer.to(device, { seed: 4 });
      const [weight, bias] = [await placed.weight.data(), await placed.bias!.data()];
      const bound = 1 / Math.sqrt(fan);
      expect(Math.max(...weight.map(Math.abs))).toBeLessThanOrEqual(Math.fround(bound));
      expect(Math.max(...weight)).toBeGreaterThan(0.95 * bound);
      expect(Math.min(...weight)).toBeLessThan(-0.95 * bound);
      expect(Math.max(...bias.map(Math.abs))).toBeGreaterThan(0.7 * bound);
    }
  });

  test("the same seed gives the same weights, another seed others", async () => {
    const device = await testDevice();
    using layer = new Conv2d(3, 4, { kernelSize: 3 });
    const draw = async (seed: number) => (await layer.to(device, { seed }).weight.data()).join();
    expect(await draw(1)).toBe(await draw(1));
    expect(await draw(1)).not.toBe(await draw(2));
  });

  test("pass their options on", async () => {
    const device = await testDevice();
    using x = tensor(device, new Float32Array(2 * 9 * 11 * 4), [2, 9, 11, 4]);
    using conv = new Conv2d(4, 6, { kernelSize: [3, 5], stride: [2, 1], padding: { top: 1, bottom: 0, left: 4, right: 4 }, dilation: [1, 2], groups: 2 }).to(device);
    using a = conv.forward(x);
    expect(a.shape).toEqual([2, 4, 11, 6]);
    using up = new ConvTranspose2d(4, 6, { kernelSize: 3, stride: 2, padding: 1, outputPadding: 1, dilation: 2, groups: 2, bias: false }).to(device);
    using b = up.forward(x);
    expect(b.shape).toEqual([2, 20, 24, 6]);
    expect(up.bias).toBeUndefined();
  });

  test("refuse what does not fit", () => {
    expect(() => new Conv2d(3, 4, { kernelSize: 3, groups: 2 })).toThrow("Conv2d: groups (2) must divide inChannels (3).");
    expect(() => new Conv2d(3.5, 4, { kernelSize: 3 })).toThrow("Conv2d: inChannels must be a whole number of at least 1 but is 3.5.");
    expect(() => new Conv2d(3, 4, { kernelSize: 3, dilatation: 2 } as never)).toThrow('Conv2d: unknown option "dilatation". Did you mean "dilation"? Options: kernelSize, stride, padding, paddingMode, dilation, groups, bias, init, biasInit.');
    expect(() => new Conv2d(3, 4, { kernelSize: 3, padding: { top: -1 } })).toThrow("Conv2d: padding.top must be a whole number of at least 0 but is -1.");
    expect(() => new ConvTranspose2d(3, 4, { kernelSize: 2, stride: NaN })).toThrow("ConvTranspose2d: stride must be a whole number of at least 1, or two of them [vertical, horizontal], but is NaN.");
  });
});

test("pooling and resizing layers do what their operators do", async () => {
  const device = await testDevice();
  using x = tensor(device, [1, 2, 3, 4, 5, 6], [1, 2, 3, 1]);
  const run = async (layer: { forward(t: typeof x): typeof x }): Promise<[readonly number[], number[]]> => {
    using out = layer.forward(x);
    return [out.shape, [...(await out.data())]];
  };
  expect(await run(new MaxPool2d({ kernelSize: 2, ceilMode: true }))).toEqual([[1, 1, 2, 1], [5, 6]]);
  expect(await run(new AvgPool2d({ kernelSize: 2 }))).toEqual([[1, 1, 1, 1], [3]]);
  expect(await run(new Resize({ size: [1, 3], mode: "nearest" }))).toEqual([[1, 1, 3, 1], [1, 2, 3]]);
  expect(await run(new Upsample({ mode: "nearest" }))).toEqual([[1, 4, 6, 1], [1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 4, 4, 5, 5, 6, 6]]);
  expect((await run(new Upsample({ scale: 3, alignCorners: true })))[0]).toEqual([1, 6, 9, 1]);
  expect((await run(new Upsample({ scale: [1.5, 0.7], mode: "bicubic" })))[0]).toEqual([1, 3, 2, 1]);
  expect(() => new Upsample({ scale: -1.5 })).toThrow("Upsample: scale must be a positive number, or two of them [vertical, horizontal], but is -1.5.");
  expect(() => new Upsample({ mode: "nearest", alignCorners: true })).toThrow('Upsample: alignCorners goes with modes "bilinear" and "bicubic" only, not with "nearest".');
  expect(() => new Resize({})).toThrow("Resize: needs either size or scaleFactor.");
});
