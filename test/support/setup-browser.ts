import { Device } from "../../src/runtime/device.js";
import { openDevicesWith } from "./device.js";

async function adapter(): Promise<GPUAdapter> {
  const found = await navigator.gpu?.requestAdapter();
  if (!found) throw new Error("This browser offers no WebGPU adapter.");
  return found;
}

openDevicesWith(async () => Device.open(await adapter()), adapter);
