import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { Parameter } from "../../src/graph/parameter.js";
import { zeros } from "../../src/graph/init.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { Module } from "../../src/layers/module.js";
import { matmul } from "../../src/ops/matmul.js";
import { add, mul, relu } from "../../src/ops/pointwise.js";
import { DeviceError, OutOfMemoryError } from "../../src/runtime/errors.js";
import { newDevice, testDevice } from "../support/device.js";
import { openWrapped } from "../support/wrapped-device.js";
import { tinyTraining } from "../support/tiny-training.js";

describe("a small device", () => {
  const limits = { maxStorageBufferBindingSize: 65536, maxBufferSize: 131072 };

  test("refuses what is too large by name, before anything is submitted", async () => {
    let submits = 0;
    await using device = await openWrapped({
      limits,
      intercept: (method, args, call) => {
        if (method === "submit") submits++;
        return call(...args);
      },
    });
    const before = device.memory();
    expect(() => tensor(device, new Float32Array(16385), [16385])).toThrow("tensor: needs 0.063 MiB, more than this adapter allows in one buffer (0.063 MiB). Use a smaller batch or image.");
    using column = tensor(device, new Float32Array(256), [256, 1]);
    using row = tensor(device, new Float32Array(257), [1, 257]);
    const outer = compile(function outer(a: Tensor<"f32">, b: Tensor<"f32">) {
      return relu(matmul(a, b));
    });
    expect(() => outer(column, row)).toThrow("outer: matmul [256, 257] needs 0.251 MiB, more than this adapter binds at once (0.063 MiB). Use a smaller batch or image.");
    expect(() => matmul(column, row)).toThrow(DeviceError);
    class Large extends Module {
      readonly weight = new Parameter([4, 8192], zeros);
    }
    expect(() => new Large().to(device)).toThrow("weight: four rows of a parameter of shape [4, 8192] need 0.125 MiB, more than this adapter binds at once (0.063 MiB).");
    await device.idle();
    expect(submits).toBe(0);
    column.dispose();
    row.dispose();
    expect(device.memory()).toEqual({ ...before, pooled: device.memory().pooled, peak: device.memory().peak });
  });

  test("gives the same bits for what fits, and spreads parameters over several buffers", async () => {
    await using small = await openWrapped({ limits });
    const large = await testDevice();
    class Many extends Module {
      readonly parts = [1, 2, 3].map(() => new Part());
    }
    class Part extends Module {
      readonly weight = new Parameter([100, 100], { kind: "uniform", low: -1, high: 1 });
    }
    const results: string[] = [];
    for (const device of [small, large]) {
      using model = new Many().to(device);
      const f = compile((x: Tensor<"f32">) => model.parts.reduce((y, { weight }) => relu(matmul(y, weight)) as Tensor<"f32">, x));
      using x = tensor(device, Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i)), [10, 100]);
      using y = f(x);
      results.push(String(await y.data()));
      expect(new Set(model.parameters().map((p) => p.slab!.flat)).size).toBe(device === small ? 3 : 1);
      f.dispose();
    }
    expect(results[0]).toBe(results[1]);
  });
});

describe("out of memory", () => {
  /** A device whose GPU has no memory for buffers above a size. */
  const scarce = async (largest: { bytes: number }) => {
    class GPUOutOfMemoryError {
      readonly message = "no memory";
    }
    const scopes: { error: unknown; filter: unknown }[] = [];
    return openWrapped({
      intercept(method, args, call) {
        if (method === "pushErrorScope") scopes.push({ error: null, filter: args[0] });
        if (method === "popErrorScope") {
          const scope = scopes.pop()!;
          return (call() as Promise<unknown>).then((error) => scope.error ?? error);
        }
        if (method !== "createBuffer" || (args[0] as GPUBufferDescriptor).size <= largest.bytes) return call(...args);
        scopes.findLast(({ filter }) => filter === "out-of-memory")!.error = new GPUOutOfMemoryError();
        const [buffer] = [call({ ...(args[0] as object), usage: 1 | 128 })]; // an invalid one, whose own error is not the point
        scopes.findLast(({ filter }) => filter === "validation")!.error = false;
        return buffer;
      },
    });
  };

  test("is an error of its own; memory is given back and smaller work goes on", async () => {
    const largest = { bytes: 100_000 };
    await using device = await scarce(largest);
    const square = compile(function square(x: Tensor<"f32">) {
      return relu(matmul(x, x));
    });
    using small = tensor(device, new Float32Array(64 * 64).fill(1), [64, 64]);
    const works = async (): Promise<void> => {
      using y = square(small);
      expect((await y.data())[5]).toBe(64);
    };
    await works();
    const { tensors, live } = device.memory();
    for (const attempt of [1, 2]) {
      largest.bytes = 100_000;
      // A tensor.
      const big = tensor(device, new Float32Array(40_000), [200, 200]);
      await expect(big.data(), `attempt ${attempt}`).rejects.toThrow(OutOfMemoryError);
      expect(() => square(big)).toThrow(OutOfMemoryError);
      big.dispose();
      await works();
      // The result and the memory inside a plan.
      largest.bytes = 1e9;
      using medium = tensor(device, new Float32Array(180 * 180).fill(1), [180, 180]);
      await medium.data();
      largest.bytes = 100_000;
      const y = square(medium);
      await expect(y.data()).rejects.toThrow(/square: the GPU is out of memory|slab \d: the GPU is out of memory/);
      y.dispose();
      await works();
      largest.bytes = 1e9;
      using again = square(medium);
      expect((await again.data())[7]).toBe(180);
      again.dispose();
      medium.dispose();
      device.slabs.clear();
      await works();
      expect(device.memory().tensors).toBe(tensors);
      expect(device.memory().live).toBe(live);
    }
  });

  test("in a training step leaves the parameters usable", async () => {
    const largest = { bytes: 1e9 };
    await using device = await scarce(largest);
    const { step, x, y, model } = tinyTraining(device);
    const before = String(await model.first.data());
    largest.bytes = 1000;
    await expect(step(x, y).item()).rejects.toThrow(OutOfMemoryError);
    expect(String(await model.first.data())).toBe(before);
    largest.bytes = 1e9;
    expect(await step(x, y).item()).toBeGreaterThan(0);
  });

  test("of SwiftShader itself, which has less than this asks for", async (context) => {
    const device = await newDevice();
    context.skip(!/swiftshader/i.test(device.adapter.name), "only SwiftShader runs out of memory");
    const limit = Math.min(device.adapter.limits.maxStorageBufferBindingSize, device.adapter.limits.maxBufferSize);
    const storages = Array.from({ length: 16 }, () => device.allocate(limit, "huge"));
    await expect(device.idle()).rejects.toThrow(OutOfMemoryError);
    for (const storage of storages) storage.release();
    using x = tensor(device, [1, -2]);
    using twice = mul(x, 2);
    using y = add(twice, 1);
    expect([...(await y.data())]).toEqual([3, -3]);
    expect(device.memory().tensors).toBe(3);
    await device.destroy();
  });
});
