import { readBytes } from "../io/files.js";
import { modelFromWeights } from "../io/weights.js";
import type { SegmentationModel } from "../models/segmentation-model.js";
import type { Device } from "../runtime/device.js";

/** The network that a weights file holds, ready for use. */
export async function openWeights(path: string, device: Device): Promise<SegmentationModel> {
  return modelFromWeights(await readBytes(path), device, { name: path });
}
