import { expect, test } from "vitest";
import { testDevice } from "../support/device.js";

test("an adapter opens, says what it is, and finishes work", async () => {
  const device = await testDevice();
  expect(device.adapter.name).not.toBe("");
  expect(device.adapter.limits.maxComputeInvocationsPerWorkgroup).toBeGreaterThanOrEqual(128);
  await device.idle();
});

test("tests of one worker share a device", async () => {
  expect(await testDevice()).toBe(await testDevice());
});
