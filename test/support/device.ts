import { PlanCache } from "../../src/graph/plan-cache.js";
import type { Device } from "../../src/runtime/device.js";

/** On `globalThis`, so that it is one per worker however often this module is loaded. */
const shared = ((globalThis as { [key: symbol]: unknown })[Symbol.for("atrous.test-device")] ??= {}) as {
  open?: () => Promise<Device>;
  adapter?: () => Promise<GPUAdapter>;
  device?: Promise<Device>;
};

/** Called by the setup file of each project: how a device, or an adapter, is opened there. */
export function openDevicesWith(open: () => Promise<Device>, adapter: () => Promise<GPUAdapter>): void {
  shared.open = open;
  shared.adapter = adapter;
}

/** The device that the tests of this worker share. */
export function testDevice(): Promise<Device> {
  return (shared.device ??= newDevice());
}

/** A device of its own, for tests that lose or destroy it. */
export function newDevice(): Promise<Device> {
  if (!shared.open) throw new Error("No setup file said how to open a device.");
  return shared.open();
}

/** A fresh adapter, for tests that put something between it and the library. */
export function newAdapter(): Promise<GPUAdapter> {
  if (!shared.adapter) throw new Error("No setup file said how to open an adapter.");
  return shared.adapter();
}

/**
 * What tensors hold: without slabs, which plans share, and without plans that are kept for later calls, because a full cache
 * drops some of them at any time.
 */
export function heldMemory(device: Device): { tensors: number; live: number } {
  PlanCache.of(device).clear();
  device.slabs.clear();
  const { tensors, live } = device.memory();
  return { tensors, live };
}
