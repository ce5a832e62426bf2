import { describe, expect, test } from "vitest";
import type { DeviceBatch } from "../../src/data/device-batches.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { BatchNorm2d } from "../../src/layers/batch-norm2d.js";
import { Conv2d } from "../../src/layers/conv2d.js";
import { Sequential } from "../../src/layers/sequential.js";
import { recalibrate } from "../../src/train/recalibrate.js";
import { testDevice } from "../support/device.js";
import { random } from "../support/random.js";

const moments = (values: number[]): { mean: number; variance: number } => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { mean, variance: values.reduce((a, b) => a + (b - mean) ** 2, 0) / (values.length - 1) };
};

describe("recalibrate", () => {
  test("replaces running statistics by the average over a pass, and leaves modes, momenta and weights as they were", async () => {
    const device = await testDevice();
    const rng = random("recalibrate");
    const norm = new BatchNorm2d(2, { momentum: 0.3 });
    using model = new Sequential(norm, new Conv2d(2, 3, { kernelSize: 1 })).to(device);
    norm.runningMean.write(Float32Array.of(50, -50));
    model.eval();
    norm.train();
    const before = await model.parameters()[2]!.data();
    const data = [3, 5, 4].map((size) => ({ size, values: Array.from({ length: size * size * 2 }, () => Math.fround(rng.normal() * 2 + 7)) }));
    const batches = data.map(({ size, values }) => tensor(device, values, [1, size, size, 2]));
    expect(await recalibrate(model, batches)).toBe(3);
    batches.forEach((t) => t.dispose());
    const [mean, variance, tracked] = await Promise.all([norm.runningMean.data(), norm.runningVar.data(), norm.numBatchesTracked.data()]);
    for (const c of [0, 1]) {
      const each = data.map(({ values }) => moments(values.filter((_, i) => i % 2 === c)));
      expect(mean[c]).toBeCloseTo(each.reduce((s, m) => s + m.mean, 0) / 3, 4);
      expect(variance[c]).toBeCloseTo(each.reduce((s, m) => s + m.variance, 0) / 3, 4);
    }
    expect(tracked[0]).toBe(3);
    expect([model.training, norm.training, norm.momentum]).toEqual([false, true, 0.3]);
    expect(await model.parameters()[2]!.data()).toEqual(before);
  });

  test("puts modes and momenta back and frees the batch when a batch does not fit or it is stopped", async () => {
    const device = await testDevice();
    using norm = new BatchNorm2d(2, { momentum: 0.3 }).to(device);
    norm.eval();
    using good = tensor(device, [1, 2, 3, 4], [1, 1, 2, 2]);
    let freed = 0;
    const batchOf = (image: Tensor): DeviceBatch => ({ image, dispose: () => freed++ }) as never;
    using single = tensor(device, [1, 2], [1, 1, 1, 2]);
    await expect(recalibrate(norm, [batchOf(good), batchOf(single)])).rejects.toThrow("batchNorm2d: training needs more than one value per channel");
    expect([norm.training, norm.momentum, freed]).toEqual([false, 0.3, 2]);
    await expect(recalibrate(norm, [batchOf(good)], { signal: AbortSignal.abort() })).rejects.toThrow("abort");
    expect([norm.training, norm.momentum, freed]).toEqual([false, 0.3, 3]);
  });

  test("refuses no batches, and has nothing to do without batch norms", async () => {
    const device = await testDevice();
    using norm = new BatchNorm2d(2).to(device);
    norm.runningMean.write(Float32Array.of(5, 6));
    await expect(recalibrate(norm, [])).rejects.toThrow("recalibrate: there is no batch to take statistics from.");
    expect([...(await norm.runningMean.data())]).toEqual([5, 6]);
    using conv = new Conv2d(2, 3, { kernelSize: 1 }).to(device);
    expect(await recalibrate(conv, [])).toBe(0);
  });
});
