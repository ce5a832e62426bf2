// How browsers open a device; Node has its own way in src/node.ts.
import { withTuning, type Tuning } from "./kernels/tuning.js";
import { Device, type DeviceOptions, type Pixels } from "./runtime/device.js";
import { drawnPixels } from "./runtime/drawable.js";
import { checkOptions, DeviceError, FileError, ImageError } from "./runtime/errors.js";

export interface CreateDeviceOptions extends Pick<DeviceOptions, "readImage"> {
  /** Which GPU to take where there are two. Default "high-performance". */
  powerPreference?: GPUPowerPreference | undefined;
  /** Adopt a device that the page already has, instead of opening one; `destroy()` leaves it alive. */
  gpuDevice?: GPUDevice | undefined;
  /** Kernels to choose, by what `tune` and `calibrate` measured on this adapter. Default: what the cost model says. */
  tuning?: Tuning | undefined;
}

/** Why there is no adapter here, and what helps, in one sentence. */
function whyNone(): string {
  if (typeof navigator === "undefined" || !("isSecureContext" in globalThis))
    return 'createDevice of "atrous" is for browsers: in Node, import it from "atrous/node".';
  if (!isSecureContext) return "Browsers offer WebGPU to secure pages only: serve this one over https or from localhost.";
  if (!navigator.gpu) return "This browser has no WebGPU: use a current Chrome, Edge, Safari or Firefox, with hardware acceleration switched on in its settings.";
  return "No WebGPU adapter was found: switch on hardware acceleration in the browser's settings, update the graphics driver, or start Chrome with --enable-unsafe-webgpu (on Linux also --enable-features=Vulkan).";
}

/**
 * Opens a device in a browser, in a page or a worker.
 *
 *     const device = await createDevice();
 *     console.log(device.adapter.name);
 *
 * @throws DeviceError when there is no adapter, with the remedy, or when it refuses a device; OptionError for a table of another
 *   adapter, driver or version of the library.
 */
export async function createDevice(options: CreateDeviceOptions = {}): Promise<Device> {
  checkOptions("createDevice", options, ["powerPreference", "gpuDevice", "readImage", "tuning"]);
  const { powerPreference = "high-performance", gpuDevice, readImage = readImageInBrowser, tuning } = options;
  if (gpuDevice) return withTuning(Device.adopt(gpuDevice, { readImage }), tuning);
  const adapter = typeof navigator === "undefined" ? undefined : await navigator.gpu?.requestAdapter({ powerPreference });
  if (!adapter) throw new DeviceError(whyNone());
  return withTuning(await Device.open(adapter, { readImage }), tuning);
}

/** Decodes an image as the browser does, upright, with the values that the file stores where the browser allows. */
async function readImageInBrowser(source: string | URL | Blob): Promise<Pixels> {
  const blob = source instanceof Blob ? source : await download(source);
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none", imageOrientation: "from-image" });
  } catch (error) {
    throw new ImageError(`${nameOf(source)} is not an image that this browser can read.`, { cause: error });
  }
  try {
    return drawnPixels(bitmap);
  } finally {
    bitmap.close();
  }
}

const nameOf = (source: string | URL | Blob): string => (source instanceof Blob ? ((source as Partial<File>).name ?? "The image") : String(source));

async function download(address: string | URL): Promise<Blob> {
  let response: Response;
  try {
    response = await fetch(address);
  } catch (error) {
    throw new FileError(`${String(address)} could not be loaded: the network or the other site's permissions (CORS) are in the way.`, { cause: error });
  }
  if (!response.ok) throw new FileError(`${String(address)} could not be loaded: the server answered ${response.status}.`);
  return response.blob();
}
