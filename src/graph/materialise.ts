import { Variable } from "./variable.js";
import type { Device } from "../runtime/device.js";
import { DeviceError } from "../runtime/errors.js";
import { alignUp, BINDING_ALIGNMENT, mebibytes } from "../runtime/gpu.js";
import { Storage } from "../runtime/storage.js";
import { draw } from "./init.js";
import type { Parameter, Statistic } from "./parameter.js";

/**
 * Gives parameters and statistics memory on a device and their first values. Parameters share flat buffers (each at
 * its own aligned offset), so that an optimizer updates all of them in one dispatch; statistics have one each,
 * because a dispatch may read some while it writes others.
 */
export function materialise(device: Device, parameters: readonly Parameter[], statistics: readonly Statistic[], seed: number): void {
  const limit = Math.min(device.adapter.limits.maxStorageBufferBindingSize, device.adapter.limits.maxBufferSize);
  for (const { name, shape, bytes } of parameters)
    if (bytes > limit) throw new DeviceError(`${name}: a parameter of shape [${shape.join(", ")}] needs ${mebibytes(bytes)}, more than this adapter binds at once (${mebibytes(limit)}).`);
  for (let from = 0; from < parameters.length; ) {
    let bytes = 0;
    let to = from;
    while (to < parameters.length && (to === from || bytes + parameters[to]!.bytes <= limit)) bytes = alignUp(bytes + parameters[to++]!.bytes, BINDING_ALIGNMENT);
    layOut(device, parameters.slice(from, to), bytes, seed);
    from = to;
  }
  for (const statistic of statistics) {
    statistic.storage = shared(device, statistic.bytes, statistic.name);
    const values = draw(statistic.init, statistic.shape, seed, statistic.name);
    statistic.write(statistic.dtype === "i32" ? Int32Array.from(values) : values);
  }
}

function layOut(device: Device, parameters: readonly Parameter[], bytes: number, seed: number): void {
  const flat = new Variable([bytes / 4], "f32");
  flat.name = "parameters";
  flat.storage = shared(device, bytes, "parameters");
  const values = new Float32Array(bytes / 4);
  let users = parameters.length;
  let start = 0;
  for (const parameter of parameters) {
    values.set(draw(parameter.init, parameter.shape, seed, parameter.name), start);
    parameter.slab = { flat, start };
    parameter.storage = new Storage(device, flat.storage.buffer, start * 4, parameter.bytes, () => {
      if (--users === 0) flat.storage!.release();
    });
    parameter.version++;
    start += alignUp(parameter.bytes, BINDING_ALIGNMENT) / 4;
  }
  flat.write(values);
  for (const { storage } of parameters) storage!.epoch = flat.storage.epoch;
}

/** Memory outside the pool, with zeros in it. */
export function shared(device: Device, bytes: number, label: string): Storage {
  const buffer = device.allocateShared(Math.max(16, bytes), label);
  const storage = new Storage(device, buffer, 0, bytes, () => device.releaseShared(buffer));
  storage.epoch = device.failures.epoch;
  return storage;
}
