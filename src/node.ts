// The entry `atrous/node`: what needs Node. It is the only place that loads the npm package `webgpu`.
import { withTuning, type Tuning } from "./kernels/tuning.js";
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
  /** Kernels to choose, by what `tune` and `calibrate` measured on this adapter. Default: what the cost model says. */
  tuning?: Tuning | undefined;
}

/**
 * Opens a device on the best adapter of this machine; see `openAdapter` for the order in which they are tried.
 *
 *     const device = await createDevice();
 *     console.log(device.adapter.name);
 *
 * @throws OptionError for an unknown adapter name, and for a table of another adapter, driver or version of the library; DeviceError when there is no adapter, or it refuses a device.
 */
export async function createDevice({ gpuDevice, readImage = readPixels, tuning, ...options }: CreateDeviceOptions = {}): Promise<Device> {
  if (gpuDevice) return withTuning(Device.adopt(gpuDevice, { readImage }), tuning);
  const { adapter, name, software } = await openAdapter(options);
  return withTuning(await Device.open(adapter, { name, software, readImage }), tuning);
}
