import type { Device, SharedBuffer } from "./device.js";
import { DeviceError } from "./errors.js";
import { BufferUsage } from "./gpu.js";
import type { Storage } from "./storage.js";

/** Checks that `bytes` from `offset` on can be copied between a tensor and a buffer of the program. */
function check(what: string, buffer: SharedBuffer, usage: "COPY_SRC" | "COPY_DST", offset: number, bytes: number): void {
  if (!(buffer.usage & BufferUsage[usage])) throw new DeviceError(`${what}: the buffer was created without the usage ${usage}.`);
  if (!Number.isInteger(offset) || offset < 0 || offset % 4 !== 0) throw new DeviceError(`${what}: the offset must be a multiple of 4 bytes but is ${offset}.`);
  if (offset + bytes > buffer.size) throw new DeviceError(`${what}: ${bytes} bytes from ${offset} reach beyond the buffer, which has ${buffer.size}.`);
}

/** Queues a copy between a tensor's memory and a buffer that the program owns, in order with everything else. */
export function copyBuffer(what: string, device: Device, storage: Storage, buffer: SharedBuffer, offset: number, direction: "in" | "out"): void {
  check(what, buffer, direction === "in" ? "COPY_SRC" : "COPY_DST", offset, storage.bytes);
  storage.check(what);
  storage.hold();
  const epoch = device.failures.next();
  if (direction === "in") storage.epoch = epoch;
  device.queue.run(() => {
    device.failures.guard(what, () => {
      const encoder = device.gpu.createCommandEncoder();
      if (direction === "in") encoder.copyBufferToBuffer(buffer, offset, storage.buffer, storage.offset, storage.bytes);
      else encoder.copyBufferToBuffer(storage.buffer, storage.offset, buffer, offset, storage.bytes);
      device.gpu.queue.submit([encoder.finish()]);
    }, { epoch });
    storage.letGo();
  });
}
