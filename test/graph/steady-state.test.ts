import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { heNormal, zeros } from "../../src/graph/init.js";
import { Parameter } from "../../src/graph/parameter.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { BatchNorm2d } from "../../src/layers/batch-norm2d.js";
import { Dropout } from "../../src/layers/dropout.js";
import { Module } from "../../src/layers/module.js";
import { argmax } from "../../src/ops/argmax.js";
import { concat } from "../../src/ops/concat.js";
import { conv2d } from "../../src/ops/conv2d.js";
import { crossEntropy } from "../../src/ops/cross-entropy.js";
import { flip } from "../../src/ops/flip.js";
import { maxPool2d } from "../../src/ops/max-pool2d.js";
import { relu } from "../../src/ops/pointwise.js";
import { resize } from "../../src/ops/resize.js";
import { valueAndGrad } from "../../src/ops/value-and-grad.js";
import { adamW } from "../../src/optim/index.js";
import { countingDevice } from "../support/counting-device.js";
import { random } from "../support/random.js";

/** Everything that a real network has, in small: convolutions, batch norm, dropout, pooling, a skip connection. */
class SmallNet extends Module {
  readonly down = new Parameter([4, 3, 3, 3], heNormal(27));
  readonly norm = new BatchNorm2d(4);
  readonly drop = new Dropout(0.25);
  readonly deep = new Parameter([4, 3, 3, 4], heNormal(36));
  readonly out = new Parameter([2, 1, 1, 8], heNormal(8));
  readonly bias = new Parameter([2], zeros);

  forward(x: Tensor): Tensor<"f32"> {
    const skip = relu(this.norm.forward(conv2d(x, this.down, { padding: 1 }))) as Tensor<"f32">;
    const out = maxPool2d(skip, { kernelSize: 2 });
    const deep = this.drop.forward(relu(conv2d(out, this.deep, { padding: 1 })));
    const up = resize(deep, { size: [x.shape[1]!, x.shape[2]!] });
    return conv2d(concat([skip, up]), this.out, { bias: this.bias }) as Tensor<"f32">;
  }
}

describe("the steady state", () => {
  test("of training and prediction creates nothing, and writes only inputs and one step block", async () => {
    const { device, counts } = await countingDevice();
    const model = new SmallNet().to(device);
    const optimizer = adamW(model.parameters(), { learningRate: 1e-3 });
    const step = compile(function step(image: Tensor<"f32">, mask: Tensor<"u32">): Tensor {
      const { value, grads } = valueAndGrad(model, () => crossEntropy(model.forward(image), mask));
      optimizer.update(grads);
      return value;
    });
    const predict = compile(function predict(image: Tensor<"f32">): Tensor {
      return argmax(model.forward(image));
    });
    const rng = random("steady state");
    const pixels = Float32Array.from({ length: 2 * 8 * 8 * 3 }, () => rng.normal());
    const labels = Uint32Array.from({ length: 2 * 8 * 8 }, () => rng.integer(2));
    const train = async (): Promise<number> => {
      using image = tensor(device, pixels, [2, 8, 8, 3]);
      using mask = tensor(device, labels, [2, 8, 8]);
      using loss = step(image, mask);
      return loss.item();
    };
    const look = async (): Promise<number> => {
      using image = tensor(device, pixels, [2, 8, 8, 3]);
      using classes = predict(image);
      return (await classes.data()).length;
    };
    for (let warmUp = 0; warmUp < 2; warmUp++) {
      model.train();
      await train();
      model.eval();
      await look();
    }
    const memory = device.memory();

    model.train();
    counts.reset();
    for (let i = 0; i < 3; i++) await train();
    expect(counts.created()).toEqual({});
    const inputs = [4 * pixels.length, 4 * labels.length];
    expect([...counts.writes].sort((a, b) => a - b)).toEqual([256, 256, 256, ...inputs, ...inputs, ...inputs].sort((a, b) => a - b));
    expect(counts.calls.get("submit")).toBe(2 * 3); // the step, and the read of its loss

    model.eval();
    counts.reset();
    for (let i = 0; i < 3; i++) await look();
    expect(counts.created()).toEqual({});
    expect(counts.writes).toEqual([inputs[0], inputs[0], inputs[0]]);
    expect(counts.calls.get("submit")).toBe(2 * 3);

    expect(device.memory()).toEqual(memory);
    await device.destroy();
  });

  test("of a long plan is three submissions, the first of them short, and creates nothing either", async () => {
    const { device, counts } = await countingDevice();
    const turn = compile((x: Tensor) => {
      let y = x;
      for (let i = 0; i < 71; i++) y = flip(y, { axes: [i % 2] });
      return y;
    });
    using x = tensor(device, [1, 2, 3, 4, 5, 6], [2, 3]);
    for (let i = 0; i < 3; i++) {
      counts.reset();
      using y = turn(x);
      expect([...(await y.data())]).toEqual([3, 2, 1, 6, 5, 4]);
    }
    expect(turn.plan(x).lowered.calls).toHaveLength(71);
    expect(counts.calls.get("submit")).toBe(3 + 1);
    expect(counts.created()).toEqual({});
    await device.destroy();
  });

  test("of eager calls creates nothing either, once their plans are there", async () => {
    const { device, counts } = await countingDevice();
    const round = async (): Promise<void> => {
      using x = tensor(device, [1, -2, 3]);
      using y = relu(x);
      await y.data();
    };
    for (let i = 0; i < 2; i++) await round();
    counts.reset();
    await round();
    expect(counts.created()).toEqual({});
    await device.destroy();
  });
});

describe("memory", () => {
  test("is flat over two hundred training steps, errors included", async () => {
    const { device } = await countingDevice();
    const model = new SmallNet().to(device);
    const optimizer = adamW(model.parameters(), { learningRate: 1e-3 });
    const step = compile((image: Tensor<"f32">, mask: Tensor<"u32">) => {
      const { value, grads } = valueAndGrad(model, () => crossEntropy(model.forward(image), mask));
      return [value, optimizer.update(grads).gradientNorm];
    });
    const wrong = compile((image: Tensor<"f32">) => conv2d(relu(image), model.deep));
    const pixels = new Float32Array(8 * 8 * 3).fill(0.5);
    let after20: unknown;
    for (let i = 0; i < 200; i++) {
      if (i === 20) after20 = device.memory();
      using image = tensor(device, pixels, [1, 8, 8, 3]);
      using mask = tensor(device, new Uint32Array(64), [1, 8, 8]);
      for (const t of step(image, mask)) t.dispose();
      expect(() => wrong(image)).toThrow("conv2d: weight expects 4 input channels but x has 3.");
      expect(() => conv2d(image, model.deep)).toThrow("conv2d");
      expect(() => step(image, image as never)).toThrow();
      if (i % 10 === 0) await device.idle();
    }
    expect(device.memory()).toEqual(after20);
    step.dispose();
    optimizer.dispose();
    model.dispose();
    device.slabs.clear();
    await device.idle();
    expect(device.memory()).toMatchObject({ live: 0, tensors: 0 });
    await device.destroy();
  });
});
