import { expect, test } from "vitest";
import { relu } from "../../src/ops/pointwise.js";
import type { Device } from "../../src/runtime/device.js";
import { newDevice, testDevice } from "../support/device.js";
import { tinyTraining } from "../support/tiny-training.js";

/** The bits of losses and weights after a hundred steps. */
async function train(device: Device, read: boolean): Promise<string> {
  const { step, x, y, model, dispose } = tinyTraining(device);
  const bits: string[] = [];
  for (let i = 0; i < 100; i++) {
    using loss = step(x, y);
    if (!read && i % 20 !== 19) continue;
    bits.push(String(await loss.item()));
    if (!read) relu(x).dispose(); // other work in between changes nothing
  }
  const weights = await Promise.all(model.parameters().map((p) => p.data()));
  dispose();
  return [bits.filter((_, i) => !read || i % 20 === 19), ...weights].map(String).join("\n");
}

test("a training gives the same bits again: on the same device, on another, awaited or not", async () => {
  const device = await testDevice();
  const first = await train(device, true);
  expect(first).not.toMatch(/NaN/);
  expect(await train(device, false)).toBe(first);
  device.poisonPool(true);
  device.slabs.clear();
  expect(await train(device, false)).toBe(first);
  device.poisonPool(false);
  await using other = await newDevice();
  expect(await train(other, false)).toBe(first);
});
