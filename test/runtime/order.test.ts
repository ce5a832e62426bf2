import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { add, mul, relu } from "../../src/ops/pointwise.js";
import { newDevice, testDevice } from "../support/device.js";
import { tinyTraining } from "../support/tiny-training.js";

describe("work that nobody awaits", () => {
  test("fifty reads at once come back right, with a ring of eight", async () => {
    const device = await testDevice();
    const before = device.memory().tensors;
    const reads = Array.from({ length: 50 }, (_, i) => {
      using x = tensor(device, Float32Array.from({ length: 1 + 7 * i }, (_, k) => i + k));
      using y = mul(x, 2);
      return y.data();
    });
    for (const [i, data] of (await Promise.all(reads)).entries()) expect([...data]).toEqual(Array.from({ length: 1 + 7 * i }, (_, k) => 2 * (i + k)));
    expect(device.memory().tensors).toBe(before);
  });

  test("reads of one buffer that changes in between see what it was", async () => {
    const device = await newDevice();
    const { step, x, y, model, dispose } = tinyTraining(device);
    await step.prepare(x, y);
    const history: string[] = [];
    for (let i = 0; i < 12; i++) {
      step(x, y).dispose();
      history.push(String(await model.second.data()));
    }
    dispose();
    const again = tinyTraining(device);
    const reads = Array.from({ length: 12 }, () => {
      again.step(again.x, again.y).dispose();
      return again.model.second.data();
    });
    expect((await Promise.all(reads)).map(String)).toEqual(history);
    expect(new Set(history).size).toBe(12);
    await device.destroy();
  });

  test("twenty predictions equal the same ones after each other", async () => {
    const device = await newDevice();
    const predict = compile((x: Tensor<"f32">) => relu(add(mul(x, x), -3)));
    const inputs = Array.from({ length: 20 }, (_, i) => Float32Array.from({ length: 100 + (i % 3) }, (_, k) => Math.sin(i * 100 + k) * 3));
    const atOnce = inputs.map((data) => {
      using x = tensor(device, data);
      using y = predict(x);
      return y.data();
    });
    const together = (await Promise.all(atOnce)).map(String);
    for (const [i, data] of inputs.entries()) {
      using x = tensor(device, data);
      using y = predict(x);
      expect(String(await y.data())).toBe(together[i]);
    }
    await device.destroy();
  });

  test("a first call that must compile keeps its place among uploads, reads, disposals and writes", async () => {
    const device = await newDevice();
    device.poisonPool(true);
    const { step, x, y, model, dispose } = tinyTraining(device);
    const predict = compile((input: Tensor<"f32">) => model.forward(input));
    const source = Float32Array.from({ length: 6 }, (_, i) => i);
    const log: Promise<unknown>[] = [];
    // None of this is awaited, so all of it stands behind the compilers.
    for (let round = 0; round < 3; round++) {
      const fresh = tensor(device, source, [2, 3]);
      source.fill(-1); // the upload must have taken a copy
      source.set([0, 1, 2, 3, 4, 5]);
      log.push(predict(fresh).data(), fresh.data());
      fresh.dispose();
      log.push(step(x, y).item(), model.bias.data());
      if (round === 1) model.bias.write(new Float32Array(8).fill(0.25));
    }
    const late = (await Promise.all(log)).map(String);
    dispose();

    const again = tinyTraining(device);
    const predictAgain = compile((input: Tensor<"f32">) => again.model.forward(input));
    const early: string[] = [];
    for (let round = 0; round < 3; round++) {
      using fresh = tensor(device, [0, 1, 2, 3, 4, 5], [2, 3]);
      early.push(String(await predictAgain(fresh).data()), String(await fresh.data()));
      early.push(String(await again.step(again.x, again.y).item()), String(await again.model.bias.data()));
      if (round === 1) {
        again.model.bias.write(new Float32Array(8).fill(0.25));
        await device.idle();
      }
    }
    expect(late).toEqual(early);
    await device.destroy();
  });
});

describe("disposing", () => {
  test("twice, and while the work is still queued, frees once", async () => {
    const device = await newDevice();
    const x = tensor(device, [1, 2, 3]);
    const y = mul(x, 3); // waits for its kernel
    x.dispose();
    x.dispose();
    expect(x.disposed).toBe(true);
    expect(() => relu(x)).toThrow("the tensor was disposed");
    expect(() => x.data()).toThrow("data: the tensor was disposed.");
    const others = Array.from({ length: 4 }, (_, i) => tensor(device, [i, i, i]));
    expect([...(await y.data())]).toEqual([3, 6, 9]);
    y.dispose();
    for (const [i, t] of others.entries()) {
      expect([...(await t.data())]).toEqual([i, i, i]);
      t.dispose();
    }
    expect(device.memory().tensors).toBe(0);
    await device.destroy();
  });
});
