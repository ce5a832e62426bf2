// The entry `atrous/node`: what needs Node. It is the only place that loads the npm package `webgpu`.
import { openAdapter, type AdapterOptions } from "./node/adapter.js";
import { readPixels } from "./node/read-image.js";
import { Device, type DeviceOptions } from "./runtime/device.js";

// Devices
export { openAdapter };
export type { AdapterChoice, AdapterOptions, OpenedAdapter } from "./node/adapter.js";

// Data in folders
export { FolderDataset, openFolder, type FolderOptions } from "./data/folder.js";
export { splitBySeed, splits, type SampleFiles, type Split } from "./data/folder-layout.js";

// Published data sets
export { openDataset } from "./data/datasets/open.js";

// Files
export { decodeImage, decodeMask, encodePalettePng, encodePng, type DecodeOptions } from "./io/decode.js";
export { ensureDir, listImages, readBytes, writeAtomically } from "./io/files.js";
export { loadModel, saveModel } from "./node/model-files.js";
export { readImage } from "./node/read-image.js";
export { trainingFolder } from "./node/training-folder.js";

export interface CreateDeviceOptions extends AdapterOptions, Pick<DeviceOptions, "readImage"> {
  /** Adopt a device that the program already has, instead of opening one; `destroy()` leaves it alive. */
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
export async function createDevice({ gpuDevice, readImage = readPixels, ...options }: CreateDeviceOptions = {}): Promise<Device> {
  if (gpuDevice) return Device.adopt(gpuDevice, { readImage });
  const { adapter, name, software } = await openAdapter(options);
  return Device.open(adapter, { name, software, readImage });
}
