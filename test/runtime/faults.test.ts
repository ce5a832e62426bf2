import { describe, expect, test } from "vitest";
import type { Device } from "../../src/runtime/device.js";
import { AtrousError } from "../../src/runtime/errors.js";
import { testDevice } from "../support/device.js";
import { faultNames, faultyDevice, type Fault, type FaultyDevice } from "../support/faulty-device.js";
import { tier } from "../support/tier.js";
import { tinyTraining } from "../support/tiny-training.js";

const outcome = <T>(promise: Promise<T>): Promise<T | Error> => promise.catch((error: unknown) => error as Error);

/** The losses of the first steps when nothing goes wrong. */
async function losses(device: Device, steps: number): Promise<number[]> {
  const training = tinyTraining(device);
  const found: number[] = [];
  for (let i = 0; i < steps; i++) {
    using value = training.step(training.x, training.y);
    found.push(await value.item());
  }
  training.dispose();
  return found;
}

/** A training step with the `k`-th call of a kind broken; false when there is no such call. */
async function provoke({ device, arm, disarm }: FaultyDevice, fault: Fault, k: number, warm: boolean, sound: readonly number[]): Promise<boolean> {
  const title = `${fault} ${k}`;
  device.poisonPool(true);
  const training = tinyTraining(device);
  const { step, model, x, y } = training;
  if (warm) {
    step(x, y).dispose();
    await device.idle();
  }
  const before = String(await model.first.data());
  arm(fault, k);
  let loss: number | Error;
  try {
    using value = step(x, y);
    loss = await outcome(value.item());
  } catch (error) {
    loss = error as Error;
  }
  const fired = disarm();
  // A poisoned buffer that could not be filled harms nobody.
  if (!fired || fault === "writeBuffer" && typeof loss === "number") expect(loss, title).toBe(sound[warm ? 1 : 0]);
  else {
    expect(loss, `${title}: the loss`).toBeInstanceOf(AtrousError);
    expect((loss as Error).message, title).toMatch(/^(tinyStep|upload|readback|slab|tensor|optimizer|[\w-]+\.\w+: |\w+ \(derived\))/);
    const after = await outcome(model.first.data());
    if (after instanceof Error) expect(after, title).toBeInstanceOf(AtrousError);
    else if (!/readback/.test((loss as Error).message)) expect(String(after), `${title}: the weights`).toBe(before);
  }
  training.dispose();
  await device.idle().catch(() => undefined);
  device.poisonPool(false);
  expect(await losses(device, 3), `${title}: the same program on the same device afterwards`).toEqual(sound);
  expect(device.memory().tensors, title).toBe(0);
  return fired;
}

let expected: Promise<number[]> | undefined;

describe.each([["first", false], ["warm", true]] as const)("every GPU call of a %s training step may fail", (_, warm) => {
  test.each(faultNames)("%s: a typed error at or before the next read, never numbers", async (fault) => {
    const sound = await (expected ??= testDevice().then((device) => losses(device, 3)));
    let faults = 0;
    // Every call in the full tier, until there is no further one; else a few.
    for (const k of tier() === "full" ? Array.from({ length: 1000 }, (_, i) => i) : warm ? [0] : [1, 6]) {
      const faulty = await faultyDevice();
      const fired = await provoke(faulty, fault, k, warm, sound);
      await faulty.device.destroy();
      if (!fired) break;
      faults++;
    }
    if (!warm) expect(faults).toBeGreaterThan(0);
  });
});
