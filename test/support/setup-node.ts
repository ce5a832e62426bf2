import { createDevice } from "../../src/node.js";
import { openDevicesWith } from "./device.js";

openDevicesWith(() => createDevice());
