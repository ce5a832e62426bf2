import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { Conv2d } from "../../src/layers/conv2d.js";
import { ConvTranspose2d } from "../../src/layers/conv-transpose2d.js";
import { Layer } from "../../src/layers/layer.js";
import { Linear } from "../../src/layers/linear.js";
import { relu } from "../../src/ops/activations.js";
import { mean } from "../../src/ops/mean.js";
import { square } from "../../src/ops/pointwise.js";
import { valueAndGrad } from "../../src/ops/value-and-grad.js";
import { adam, sgd } from "../../src/optim/index.js";
import type { Optimizer } from "../../src/optim/optimizer.js";
import type { Parameter } from "../../src/graph/parameter.js";
import type { Device } from "../../src/runtime/device.js";
import { random } from "../support/random.js";
import { newDevice } from "../support/device.js";
import { openWrapped } from "../support/wrapped-device.js";

/** A convolution whose kernel (36 kB) is larger than 16 kB, and a fully connected layer (20 kB). */
class Wide extends Layer {
  readonly conv = new Conv2d(16, 63, { kernelSize: 3, padding: 1 });
  readonly linear = new Linear(63, 81);

  forward(x: Tensor): Tensor<"f32"> {
    return this.linear.forward(relu(this.conv.forward(x)));
  }
}

const small = (): Promise<Device> => openWrapped({ limits: { maxStorageBufferBindingSize: 16384 } });
const values = Float32Array.from({ length: 2 * 3 * 4 * 16 }, ((rng) => () => rng.normal())(random("large parameters")));

/** Weights after three steps, and their optimizer's state. */
async function trained(device: Device, make: (parameters: Parameter[]) => Optimizer): Promise<{ state: number[][]; moments: Map<string, Float32Array>; out: number[]; model: Wide; optimizer: Optimizer }> {
  const model = new Wide().to(device, { seed: 5 });
  const optimizer = make(model.parameters());
  using x = tensor(device, values, [2, 3, 4, 16]);
  const step = compile((x: Tensor) => {
    const { value, grads } = valueAndGrad(model, () => mean(square(model.forward(x))));
    optimizer.update(grads);
    return value;
  });
  for (let i = 0; i < 3; i++) step(x).dispose();
  using y = model.forward(x);
  const out = [...(await y.data())];
  const state = await Promise.all(model.parameters().map(async (p) => [...(await p.data())]));
  const { tensors } = await optimizer.state();
  step.dispose();
  return { state, moments: tensors, out, model, optimizer };
}

const near = (a: ArrayLike<number>, b: ArrayLike<number>): void => {
  expect(a.length).toBe(b.length);
  expect(Math.max(...Array.from(a, (v, i) => Math.abs(v - b[i]!)))).toBeLessThan(2e-6);
};

describe("parameters larger than a binding", () => {
  test.each([["sgd", (p: Parameter[]) => sgd(p, { learningRate: 0.1, momentum: 0.9, weightDecay: 1e-3 })], ["adam", (p: Parameter[]) => adam(p, { learningRate: 1e-3 })]] as const)("train as others do, %s", async (_, make) => {
    const [large, few] = [await newDevice(), await small()];
    const [a, b] = [await trained(large, make), await trained(few, make)];
    expect(a.model.conv.weight.parts).toBeUndefined();
    expect(b.model.conv.weight.parts!.map(({ name, shape }) => [name, shape[0]])).toEqual([["conv.weight[0:24]", 24], ["conv.weight[24:48]", 24], ["conv.weight[48:63]", 15]]);
    expect(b.model.linear.weight.parts).toHaveLength(2);
    near(a.out, b.out);
    a.state.forEach((s, i) => near(s, b.state[i]!));
    expect([...b.moments.keys()].sort()).toEqual([...a.moments.keys()].sort());
    for (const [k, v] of a.moments) near(v, b.moments.get(k)!);
    // What one adapter saved, the other takes up.
    b.optimizer.loadState({ step: 3, tensors: a.moments });
    for (const [k, v] of (await b.optimizer.state()).tensors) near(v, a.moments.get(k)!);
    [a, b].forEach(({ model, optimizer }) => {
      optimizer.dispose();
      model.dispose();
    });
    await Promise.all([large.destroy(), few.destroy()]);
  });

  test("are written and read whole, and go to another device", async () => {
    const device = await small();
    const model = new Wide().to(device);
    const { weight } = model.conv;
    const numbers = Float32Array.from({ length: weight.size }, (_, i) => i);
    weight.write(numbers);
    expect(await weight.data()).toEqual(numbers);
    expect(await weight.parts![1]!.data()).toEqual(numbers.slice(24 * 144, 48 * 144));
    expect(() => weight.write(numbers.subarray(1))).toThrow('write: "conv.weight" has 9072 elements but the data has 9071');
    const other = await newDevice();
    model.to(other);
    expect(weight.parts).toBeUndefined();
    model.dispose();
    await Promise.all([device.destroy(), other.destroy()]);
  });

  test("are refused by name where they cannot be split", async () => {
    const device = await small();
    using transposed = new ConvTranspose2d(64, 16, { kernelSize: 3 }).to(device);
    using x = tensor(device, new Float32Array(64), [1, 1, 1, 64]);
    expect(() => transposed.forward(x)).toThrow('conv2dInputGradient: "weight" is larger than this adapter binds at once and lies in 3 parts, which only conv2d without groups and Linear can read.');
    expect(() => new Conv2d(1000, 8, { kernelSize: 3 }).to(device)).toThrow("weight: four rows of a parameter of shape [8, 3, 3, 1000] need 0.137 MiB, more than this adapter binds at once (0.016 MiB).");
    await device.destroy();
  });
});
