import { Device } from "../../src/runtime/device.js";
import { openDevicesWith } from "./device.js";

openDevicesWith(async () => {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) throw new Error("This browser offers no WebGPU adapter.");
  return Device.open(adapter);
});
