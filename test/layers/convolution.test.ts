import { describe, expect, test } from "vitest";
import { constant, heUniform } from "../../src/graph/init.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { ReLU } from "../../src/layers/activation.js";
import { BatchNorm2d } from "../../src/layers/batch-norm2d.js";
import { Conv2d } from "../../src/layers/conv2d.js";
import { ConvTranspose2d } from "../../src/layers/conv-transpose2d.js";
import { DepthwiseConv2d, SeparableConv2d } from "../../src/layers/separable-conv2d.js";
import { conv2d } from "../../src/ops/conv2d.js";
import { testDevice } from "../support/device.js";

const ramp = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => ((i * 37) % 19) / 9 - 1);

describe("Conv2d", () => {
  test("pads by rule and by mode", async () => {
    const device = await testDevice();
    using x = tensor(device, ramp(1 * 6 * 7 * 2), [1, 6, 7, 2]);
    using same = new Conv2d(2, 3, { kernelSize: [4, 3], padding: "same", paddingMode: "reflect", dilation: [1, 2] }).to(device);
    using a = same.forward(x);
    expect(a.shape).toEqual([1, 6, 7, 3]);
    using b = conv2d(x, same.weight, { bias: same.bias, dilation: [1, 2], paddingMode: "reflect", padding: { top: 1, bottom: 2, left: 2, right: 2 } });
    expect(await a.data()).toEqual(await b.data());
    using strided = new Conv2d(2, 3, { kernelSize: 3, padding: "same-tensorflow", stride: 2 }).to(device);
    using c = strided.forward(x);
    expect(c.shape).toEqual([1, 3, 4, 3]);
  });

  test("refuses rules and modes that do not exist when it is made", () => {
    expect(() => new Conv2d(2, 3, { kernelSize: 3, padding: "same", stride: 2 })).toThrow('Conv2d: padding "same" needs stride 1, as in PyTorch, but stride is [2, 2]. Use "same-tensorflow" for ⌈size / stride⌉ rows and columns, or name the sides.');
    expect(() => new Conv2d(2, 3, { kernelSize: 3, paddingMode: "mirror" as never })).toThrow('Conv2d: paddingMode must be "zeros", "reflect", "replicate", "circular", but is "mirror".');
  });
});

describe("ConvTranspose2d", () => {
  test("starts as it is told, with a bias of zeros then", async () => {
    const device = await testDevice();
    using up = new ConvTranspose2d(2, 3, { kernelSize: 3, init: heUniform(18) }).to(device);
    const bound = Math.sqrt(6 / 18);
    const kernel = (await up.weight.data()) as Float32Array;
    expect(Math.max(...kernel.map(Math.abs))).toBeLessThanOrEqual(bound);
    expect(Math.max(...kernel.map(Math.abs))).toBeGreaterThan(0.8 * bound);
    expect([...(await up.bias!.data())]).toEqual([0, 0, 0]);
    using biased = new ConvTranspose2d(1, 2, { kernelSize: 1, biasInit: constant(3) }).to(device);
    expect([...(await biased.bias!.data())]).toEqual([3, 3]);
  });

  test("gives a size that is asked for", async () => {
    const device = await testDevice();
    using x = tensor(device, ramp(1 * 3 * 4 * 2), [1, 3, 4, 2]);
    using up = new ConvTranspose2d(2, 3, { kernelSize: 3, stride: 2, padding: 1 }).to(device);
    using a = up.forward(x);
    using b = up.forward(x, { outputSize: [6, 7] });
    expect([a.shape, b.shape]).toEqual([[1, 5, 7, 3], [1, 6, 7, 3]]);
  });

  test("refuses what PyTorch refuses when it is made", () => {
    expect(() => new ConvTranspose2d(2, 3, { kernelSize: 3, stride: 2, outputPadding: [1, 2] })).toThrow("ConvTranspose2d: outputPadding must be smaller than the stride or the dilation, but 2 is not below 2.");
    expect(() => new ConvTranspose2d(2, 3, { kernelSize: 3, paddingMode: "circular" })).toThrow('ConvTranspose2d: paddingMode must be "zeros", as in PyTorch, but is "circular". Pad the result with pad2d.');
  });
});

describe("SeparableConv2d", () => {
  test("has the names and shapes of segmentation_models_pytorch's", () => {
    const layer = new SeparableConv2d(6, 4, { kernelSize: 3, padding: 2, dilation: 2 });
    expect([...layer.namedVariables()].map(([name, { shape }]) => [name, shape])).toEqual([["0.weight", [6, 3, 3, 1]], ["1.weight", [4, 1, 1, 6]], ["1.bias", [4]]]);
  });

  test("takes layers between its convolutions, as DeepLab v3+ has them", () => {
    const layer = new SeparableConv2d(3, 4, { kernelSize: 3, multiplier: 2, bias: false, between: [new BatchNorm2d(6), new ReLU()] });
    expect([...layer.namedVariables()].map(([name]) => name)).toEqual(["0.weight", "1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked", "3.weight"]);
  });

  test("is the depthwise and then the pointwise convolution, atrous by dilation", async () => {
    const device = await testDevice();
    using x = tensor(device, ramp(2 * 9 * 8 * 4), [2, 9, 8, 4]);
    using layer = new SeparableConv2d(4, 5, { kernelSize: 3, padding: "same-tensorflow", stride: 2, dilation: 2, multiplier: 3 }).to(device);
    using a = layer.forward(x);
    const [depthwise, pointwise] = layer.layers as [DepthwiseConv2d, Conv2d];
    using between: Tensor = conv2d(x, depthwise.weight, { groups: 4, stride: 2, dilation: 2, padding: "same-tensorflow" });
    expect(between.shape).toEqual([2, 5, 4, 12]);
    using b = conv2d(between, pointwise.weight, { bias: pointwise.bias });
    expect(a.shape).toEqual([2, 5, 4, 5]);
    const [got, want] = [await a.data(), await b.data()];
    expect(Math.max(...got.map((v, i) => Math.abs(v - want[i]!)))).toBeLessThan(1e-6);
  });

  test("refuses what does not fit when it is made", () => {
    expect(() => new SeparableConv2d(3, 4, { kernelSize: 3, groups: 3 } as never)).toThrow('SeparableConv2d: unknown option "groups". Options: kernelSize, stride, padding, paddingMode, dilation, multiplier, bias, between.');
    expect(() => new SeparableConv2d(3, 0, { kernelSize: 3 })).toThrow("SeparableConv2d: outChannels must be a whole number of at least 1 but is 0.");
    expect(() => new DepthwiseConv2d(3, { kernelSize: 3, multiplier: 0.5 })).toThrow("DepthwiseConv2d: multiplier must be a whole number of at least 1 but is 0.5.");
    expect(() => new DepthwiseConv2d(3, { kernelSize: 0 })).toThrow("Conv2d: kernelSize must be a whole number of at least 1");
  });
});
