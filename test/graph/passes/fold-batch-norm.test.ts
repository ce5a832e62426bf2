import { describe, expect, test } from "vitest";
import { compile } from "../../../src/graph/compile.js";
import { tensor, type Tensor } from "../../../src/graph/tensor.js";
import { BatchNorm2d } from "../../../src/layers/batch-norm2d.js";
import { Conv2d } from "../../../src/layers/conv2d.js";
import { ConvTranspose2d } from "../../../src/layers/conv-transpose2d.js";
import { Module } from "../../../src/layers/module.js";
import { optimise } from "../../../src/graph/optimise.js";
import { foldBatchNorm } from "../../../src/graph/passes/fold-batch-norm.js";
import { relu, square } from "../../../src/ops/pointwise.js";
import { mean } from "../../../src/ops/mean.js";
import { valueAndGrad } from "../../../src/ops/value-and-grad.js";
import { sgd } from "../../../src/optim/index.js";
import { captureGraph, furthest, opNames, runWith } from "../../support/capture-graph.js";
import { countingDevice } from "../../support/counting-device.js";
import { testDevice } from "../../support/device.js";
import { random } from "../../support/random.js";

type Floats = Tensor<"f32">;

class Net extends Module {
  readonly conv = new Conv2d(3, 8, { kernelSize: 3, padding: 1, bias: false });
  readonly norm = new BatchNorm2d(8);
  readonly grouped = new Conv2d(8, 6, { kernelSize: 1, groups: 2 });
  readonly norm2 = new BatchNorm2d(6);
  readonly up = new ConvTranspose2d(6, 4, { kernelSize: 2, stride: 2 });
  readonly norm3 = new BatchNorm2d(4);
  forward(x: Tensor): Floats {
    const a = relu(this.norm.forward(this.conv.forward(x)));
    return relu(this.norm3.forward(this.up.forward(this.norm2.forward(this.grouped.forward(a))))) as Floats;
  }
  /** Statistics and factors that a training would have left. */
  settle(): this {
    const rng = random("settled");
    for (const norm of [this.norm, this.norm2, this.norm3]) {
      norm.runningMean.write(Float32Array.from({ length: norm.runningMean.size }, () => rng.normal()));
      norm.runningVar.write(Float32Array.from({ length: norm.runningVar.size }, () => rng.uniform(0.2, 2)));
      norm.weight.write(Float32Array.from({ length: norm.weight.size }, () => rng.uniform(-1, 2)));
      norm.bias.write(Float32Array.from({ length: norm.bias.size }, () => rng.normal()));
    }
    return this;
  }
}

const image = (): Float32Array => {
  const rng = random("image");
  return Float32Array.from({ length: 7 * 6 * 3 }, () => rng.normal());
};

describe("foldBatchNorm", () => {
  test("leaves no batch norm in a prediction, and the same numbers", async () => {
    const device = await testDevice();
    using model = new Net().to(device).settle().eval();
    using x = tensor(device, image(), [1, 7, 6, 3]);
    const body = (t: Floats): Tensor[] => [model.forward(t)];
    const plain = await runWith(device, [x], body);
    const folded = await runWith(device, [x], body, foldBatchNorm);
    const all = await runWith(device, [x], body, optimise);
    expect(opNames(plain.plan.graph).filter((name) => /batchNorm/.test(name)).length).toBe(3);
    expect(opNames(folded.plan.graph).filter((name) => /batchNorm/.test(name)).length).toBe(0);
    expect(furthest(folded.results, plain.results)).toBeLessThan(1e-5);
    expect(furthest(all.results, plain.results)).toBeLessThan(1e-5);
    expect(all.plan.lowered.calls.length).toBe(3);
    expect(all.plan.describe()).toMatch(/3 dispatches and \d+ that only follow parameter changes/);
    for (const { plan } of [plain, folded, all]) plan.dispose();
  });

  test("computes the new weights when parameters or statistics have changed, and only then", async () => {
    const { device, counts } = await countingDevice();
    using model = new Net().to(device).settle().eval();
    const predict = compile((t: Floats) => model.forward(t));
    using x = tensor(device, image(), [1, 7, 6, 3]);
    const plan = await predict.prepare(x);
    const ran: number[] = [];
    const encode = plan.program.run.bind(plan.program);
    plan.program.run = (run) => {
      ran.push(run.from);
      encode(run);
    };
    const value = async (): Promise<string> => {
      using y = predict(x);
      return String(await y.data());
    };
    const first = await value();
    expect(await value()).toBe(first);
    counts.reset();
    expect(await value()).toBe(first);
    expect(counts.created()).toEqual({});
    model.norm2.runningVar.write(new Float32Array(6).fill(3));
    const second = await value();
    expect(second).not.toBe(first);
    expect(await value()).toBe(second);
    model.conv.weight.write(new Float32Array(8 * 27).fill(0.1));
    const third = await value();
    expect(third).not.toBe(second);
    const all = plan.lowered.statics.length;
    expect(all).toBeGreaterThan(0);
    expect(ran).toEqual([0, all, all, 0, all, 0]);

    // A training step in between moves them on too.
    const optimizer = sgd(model.parameters(), { learningRate: 0.1 });
    const step = compile((t: Floats) => {
      const { value, grads } = valueAndGrad(model, () => mean(square(model.forward(t)) as Floats));
      optimizer.update(grads);
      return value;
    });
    model.train();
    step(x).dispose();
    model.eval();
    const fourth = await value();
    expect(fourth).not.toBe(third);
    const plain = await runWith(device, [x], (t) => [model.forward(t)]);
    using y = predict(x);
    expect(furthest([await y.data()], plain.results)).toBeLessThan(1e-5);
    await device.destroy();
  });

  test("does not touch what is trained, shared, or normalised by the batch", async () => {
    const device = await testDevice();
    using model = new Net().to(device);
    const folded = (body: (x: Floats) => Tensor[]): number => opNames(foldBatchNorm(captureGraph(device, [[2, 7, 6, 3]], body))).filter((name) => /^batchNorm(Train|Inference)$/.test(name)).length;
    expect(folded((x) => [model.forward(x)])).toBe(3);
    model.eval();
    expect(folded((x) => [model.forward(x)])).toBe(0);
    expect(folded((x) => {
      const conv = model.conv.forward(x);
      return [model.norm.forward(conv), conv];
    })).toBe(1);
    // Training with frozen batch norm: the convolution's weight changes in this very plan.
    const optimizer = sgd(model.parameters(), { learningRate: 0.1 });
    expect(folded((x) => {
      const { value, grads } = valueAndGrad(model, () => mean(square(model.forward(x)) as Floats));
      optimizer.update(grads);
      return [value];
    })).toBe(3);
    optimizer.dispose();
  });
});
