// The entry `atrous/node`: what needs Node. It is the only place that loads the npm package `webgpu`.
import { openAdapter, type AdapterOptions } from "./node/adapter.js";
import { Device, type DeviceOptions } from "./runtime/device.js";

export { openAdapter };
export type { AdapterChoice, AdapterOptions, OpenedAdapter } from "./node/adapter.js";

export interface CreateDeviceOptions extends AdapterOptions, Pick<DeviceOptions, "readImage"> {
  /** Adopt a device that the program already has, instead of opening one. */
  gpuDevice?: GPUDevice;
}

/**
 * Opens a device on the best adapter of this machine; see `openAdapter` for the order in which they are tried.
 *
 *     const device = await createDevice();
 *     console.log(device.adapter.name);
 *
 * @throws OptionError for an unknown adapter name; DeviceError when there is no adapter, or it refuses a device.
 */
export async function createDevice({ gpuDevice, readImage, ...options }: CreateDeviceOptions = {}): Promise<Device> {
  const reader = readImage ? { readImage } : {};
  if (gpuDevice) return Device.adopt(gpuDevice, reader);
  const { adapter, name, software } = await openAdapter(options);
  return Device.open(adapter, { name, software, ...reader });
}
