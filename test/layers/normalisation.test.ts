import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import * as activations from "../../src/layers/activation.js";
import { BatchNorm2d } from "../../src/layers/batch-norm2d.js";
import type { Layer } from "../../src/layers/layer.js";
import { Conv2d } from "../../src/layers/conv2d.js";
import { Linear } from "../../src/layers/linear.js";
import { ChannelAffine, GroupNorm, InstanceNorm2d, LayerNorm, LocalResponseNorm } from "../../src/layers/normalisation.js";
import { Sequential } from "../../src/layers/sequential.js";
import { add, mul, sub } from "../../src/ops/pointwise.js";
import { max } from "../../src/ops/max.js";
import { testDevice } from "../support/device.js";
import { random } from "../support/random.js";

const values = (count: number): number[] => {
  const rng = random("layers");
  return Array.from({ length: count }, () => rng.normal());
};

describe("layers of norms", () => {
  test("have PyTorch's names, and normalise", async () => {
    const device = await testDevice();
    using x = tensor(device, values(2 * 4 * 4 * 6), [2, 4, 4, 6]);
    const names: [Layer, string[]][] = [
      [new GroupNorm(3, 6), ["weight", "bias"]],
      [new GroupNorm(3, 6, { affine: false, eps: 0 }), []],
      [new InstanceNorm2d(6), []],
      [new InstanceNorm2d(6, { affine: true }), ["weight", "bias"]],
      [new LayerNorm(6), ["weight", "bias"]],
      [new LayerNorm([4, 4, 6], { bias: false }), ["weight"]],
      [new LayerNorm([4, 6], { elementwiseAffine: false }), []],
    ];
    for (const [layer, expected] of names) {
      layer.to(device);
      expect([...layer.namedVariables()].map(([name]) => name)).toEqual(expected);
      using y = layer.forward(x);
      const data = await y.data();
      const [mean, square] = [data.reduce((a, b) => a + b, 0), data.reduce((a, b) => a + b * b, 0)].map((s) => s / data.length);
      expect(mean).toBeCloseTo(0, 4);
      expect(square).toBeCloseTo(1, 3);
      layer.dispose();
    }
    using lrn = new LocalResponseNorm({ size: 3 }).forward(x);
    expect(lrn.shape).toEqual(x.shape);
  });

  test("a per-channel affine is folded into the convolution before it", async () => {
    const device = await testDevice();
    using x = tensor(device, values(5 * 5 * 3), [1, 5, 5, 3]);
    const [conv, affine] = [new Conv2d(3, 4, { kernelSize: 3 }), new ChannelAffine(4)];
    using model = new Sequential(conv, affine).to(device);
    affine.weight.write(Float32Array.of(2, -1, 0.5, 3));
    affine.bias.write(Float32Array.of(1, 2, 3, 4));
    const folded = compile((t: Tensor) => model.forward(t));
    expect(folded.plan(x).describe()).not.toMatch(/channelAffine/);
    const difference = compile((t: Tensor) => max(sub(model.forward(t), add(mul(conv.forward(t), affine.weight), affine.bias))));
    using largest = difference(x);
    expect(Math.abs(await largest.item())).toBeLessThan(1e-5);
    folded.dispose();
    difference.dispose();
  });

  test("batch norm with momentum null averages all batches", async () => {
    const device = await testDevice();
    using norm = new BatchNorm2d(1, { momentum: null }).to(device);
    for (const v of [[1, 3], [5, 9], [0, 2]]) {
      using x = tensor(device, v, [2, 1, 1, 1]);
      norm.forward(x).dispose();
    }
    expect((await norm.runningMean.data())[0]).toBeCloseTo((2 + 7 + 1) / 3, 5);
    expect((await norm.runningVar.data())[0]).toBeCloseTo((2 + 8 + 2) / 3, 5);
    expect((await norm.numBatchesTracked.data())[0]).toBe(3);
  });

  test("refuse what makes no sense", () => {
    expect(() => new GroupNorm(4, 6)).toThrow("GroupNorm: groups (4) must divide channels (6).");
    expect(() => new LayerNorm([])).toThrow("LayerNorm: normalizedShape must hold whole numbers of at least 1 but is [].");
    expect(() => new InstanceNorm2d(3, { trackRunningStats: true } as object)).toThrow('InstanceNorm2d: unknown option "trackRunningStats".');
  });
});

describe("Linear", () => {
  test("is x · weightᵀ + bias on the last axis", async () => {
    const device = await testDevice();
    using layer = new Linear(2, 3).to(device);
    expect([...layer.namedVariables()].map(([name, v]) => [name, ...v.shape])).toEqual([["weight", 3, 2], ["bias", 3]]);
    layer.weight.write(Float32Array.of(1, 2, 3, 4, 5, 6));
    layer.bias!.write(Float32Array.of(0.5, 0, -0.5));
    using x = tensor(device, [1, 1, 2, -1], [1, 2, 1, 2]);
    using y = layer.forward(x);
    expect(y.shape).toEqual([1, 2, 1, 3]);
    expect([...(await y.data())]).toEqual([3.5, 7, 10.5, 0.5, 2, 3.5]);
    using wrong = tensor(device, [1, 2, 3]);
    expect(() => layer.forward(wrong)).toThrow("Linear: the layer takes 2 features but the last axis of x has 3.");
  });
});

describe("layers of activations", () => {
  test("give what their functions give", async () => {
    const device = await testDevice();
    using x = tensor(device, [-2, 0.5]);
    const expected: [Layer, number[]][] = [
      [new activations.ReLU(), [0, 0.5]], [new activations.ReLU6(), [0, 0.5]], [new activations.LeakyReLU(), [-0.02, 0.5]], [new activations.LeakyReLU({ negativeSlope: 0.5 }), [-1, 0.5]],
      [new activations.PReLU(), [-0.5, 0.5]], [new activations.PReLU({ channels: 2, init: 1 }), [-2, 0.5]], [new activations.ELU(), [Math.expm1(-2), 0.5]], [new activations.ELU({ alpha: 2 }), [2 * Math.expm1(-2), 0.5]],
      [new activations.SELU(), [-1.5201665, 0.5253505]], [new activations.GELU(), [-0.0455003, 0.3457312]], [new activations.GELU({ approximate: "tanh" }), [-0.0454023, 0.3457140]],
      [new activations.SiLU(), [-0.2384058, 0.3112297]], [new activations.Mish(), [-0.2525015, 0.3752453]], [new activations.Hardsigmoid(), [1 / 6, 3.5 / 6]], [new activations.Hardswish(), [-1 / 3, 1.75 / 6]],
      [new activations.Softplus(), [0.1269280, 0.9740770]], [new activations.Softplus({ beta: 2, threshold: 0.5 }), [Math.log1p(Math.exp(-4)) / 2, 0.5]], [new activations.Softsign(), [-2 / 3, 1 / 3]],
      [new activations.Sigmoid(), [0.1192029, 0.6224593]], [new activations.LogSigmoid(), [-2.1269280, -0.4740770]], [new activations.Tanh(), [Math.tanh(-2), Math.tanh(0.5)]], [new activations.Identity(), [-2, 0.5]],
    ];
    for (const [layer, wanted] of expected) {
      layer.to(device);
      const y = layer.forward(x);
      for (const [i, v] of (await y.data()).entries()) expect(v).toBeCloseTo(wanted[i]!, 5);
      if (y !== x) y.dispose();
      layer.dispose();
    }
  });

  test("refuse what makes no sense", () => {
    expect(() => new activations.LeakyReLU({ negativeSlope: NaN })).toThrow("LeakyReLU: negativeSlope must be a finite number but is NaN.");
    expect(() => new activations.GELU({ approximate: "erf" as never })).toThrow('GELU: approximate must be "none" or "tanh" but is "erf".');
    expect(() => new activations.Softplus({ beta: 0 })).toThrow("Softplus: beta must not be 0.");
    expect(() => new activations.PReLU({ channels: 0 })).toThrow("PReLU: channels must be a whole number of at least 1 but is 0.");
  });
});
