import { describe, expect, test } from "vitest";
import { tensor } from "../../src/graph/tensor.js";
import { compile } from "../../src/graph/compile.js";
import { relu } from "../../src/ops/pointwise.js";
import { Device } from "../../src/runtime/device.js";
import { AtrousError, DeviceLostError } from "../../src/runtime/errors.js";
import { newAdapter, newDevice } from "../support/device.js";
import { openWrapped } from "../support/wrapped-device.js";
import { tinyTraining } from "../support/tiny-training.js";

/** How a promise ends, or "pending" after a second. */
const ending = (promise: Promise<unknown>): Promise<unknown> =>
  Promise.race([promise.then(() => "kept", (error: unknown) => error), new Promise((resolve) => setTimeout(() => resolve("pending"), 1000))]);

const destroyed = "The device was destroyed: create a new one.";

describe("a device that is lost", () => {
  test("after any submit of two training steps ends every pending promise in a second, and a new device goes on", async () => {
    let count = 0;
    for (let n = 0; ; n++) {
      let submits = 0;
      let lose!: () => void;
      const lost = new Promise<void>((resolve) => (lose = resolve));
      const device = await openWrapped({
        intercept(method, args, call, gpu) {
          const result = call(...args);
          if (method === "submit" && submits++ === n) {
            gpu.destroy();
            lose();
          }
          return result;
        },
      });
      const { step, x, y, model } = tinyTraining(device);
      const pending: Promise<unknown>[] = [step.prepare(x, y), device.idle()];
      for (let i = 0; i < 2; i++) {
        try {
          const loss = step(x, y);
          pending.push(loss.item(), model.first.data(), loss.data());
        } catch (error) {
          expect(error).toBeInstanceOf(DeviceLostError);
        }
      }
      pending.push(device.idle());
      await Promise.race([lost, Promise.allSettled(pending)]); // until then, compilers may be busy
      for (const end of await Promise.all(pending.map(ending))) {
        if (end === "kept") continue;
        expect(end, `destroyed after submit ${n}`).toBeInstanceOf(DeviceLostError);
        expect((end as Error).message).toBe(destroyed);
      }
      if (submits <= n) break;
      count++;
      expect(() => step(x, y)).toThrow(DeviceLostError);
      expect(() => tensor(device, [1])).toThrow(destroyed);
      expect(await ending(device.idle())).toBeInstanceOf(DeviceLostError);
      await device.destroy();
    }
    expect(count).toBeGreaterThan(4);
    await using device = await newDevice();
    const { step, x, y } = tinyTraining(device);
    expect(await step(x, y).item()).toBeGreaterThan(0);
  });

  test("while kernels are being compiled", async () => {
    const device = await newDevice();
    const { step, x, y } = tinyTraining(device);
    const pending = [step.prepare(x, y), step(x, y).item(), x.data(), device.idle()];
    device.gpu.destroy();
    for (const end of await Promise.all(pending.map(ending))) expect(end).toBeInstanceOf(DeviceLostError);
    await device.destroy();
  });
});

describe("a destroyed device", () => {
  test("refuses everything with one sentence, and can be destroyed again", async () => {
    const device = await newDevice();
    const { step, x, y, model } = tinyTraining(device);
    const read = step(x, y).item();
    await device.destroy();
    await device.destroy();
    expect(await read).toBeGreaterThan(0); // destroying waits
    expect(() => step(x, y)).toThrow(destroyed);
    expect(() => tensor(device, [1, 2])).toThrow(destroyed);
    expect(() => relu(x)).toThrow(destroyed);
    expect(() => model.first.write(new Float32Array(24))).toThrow(destroyed);
    await expect(x.data()).rejects.toThrow(destroyed);
    await expect(device.idle()).rejects.toThrow(DeviceLostError);
    x.dispose();
    model.dispose();
  });

  test("that was adopted leaves the app's device alone, and is as dead", async () => {
    const gpu = await (await newAdapter()).requestDevice();
    const device = Device.adopt(gpu);
    const x = tensor(device, [-1, 2]);
    expect([...(await relu(x).data())]).toEqual([0, 2]);
    await device.destroy();
    expect(() => relu(x)).toThrow(destroyed);
    await using again = Device.adopt(gpu);
    using y = tensor(again, [-3, 4]);
    expect([...(await relu(y).data())]).toEqual([0, 4]);
    gpu.destroy();
  });

  test("is not mixed with another", async () => {
    const [one, other] = [await newDevice(), await newDevice()];
    using x = tensor(one, [1]);
    using y = tensor(other, [2]);
    const both = compile(function both(a: typeof x, b: typeof y) {
      return [relu(a), relu(b)];
    });
    expect(() => both(x, y)).toThrow("both: the arguments are on two devices.");
    const { model } = tinyTraining(other);
    const mixed = compile((a: typeof x) => [relu(a), relu(model.first)]);
    expect(() => mixed(x)).toThrow("must be on one device");
    await one.destroy();
    expect((await relu(y).data())[0]).toBe(2);
    await other.destroy();
  });
});

test("an adapter that refuses a device is a sentence", async () => {
  const adapter = await newAdapter();
  await using device = await Device.open(adapter);
  expect(device.adapter.name).not.toBe("");
  const again = await Device.open(adapter).catch((error: unknown) => error);
  if (again instanceof Device) await again.destroy(); // some implementations give a second one
  else expect(again).toBeInstanceOf(AtrousError);
});
