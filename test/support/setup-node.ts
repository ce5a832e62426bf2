import { createDevice, openAdapter } from "../../src/node.js";
import { openDevicesWith } from "./device.js";

openDevicesWith(() => createDevice(), async () => (await openAdapter()).adapter);
