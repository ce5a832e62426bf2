import { readBytes, writeAtomically } from "../io/files.js";
import { modelFromWeights, weightsOf } from "../io/weights.js";
import type { SegmentationModel } from "../models/segmentation-model.js";
import type { Device } from "../runtime/device.js";

/**
 * The model that a weights file holds, on `device`, ready for use: architecture, weights, classes and normalisation.
 *
 *     const model = await loadModel("out/quickstart/weights.safetensors", device);
 *
 * @throws FileError when the file cannot be read, CheckpointError when it is damaged or does not say which model it is for
 */
export async function loadModel(path: string, device: Device): Promise<SegmentationModel> {
  return modelFromWeights(await readBytes(path), device, { name: path });
}

/**
 * Writes the model to a weights file (safetensors) that `loadModel`, `atrous segment` and Python's `safetensors` read.
 * At every moment the path holds the old file or the whole new one.
 *
 * @throws FileError naming the path and the reason
 */
export async function saveModel(model: SegmentationModel, path: string): Promise<void> {
  await writeAtomically(path, await weightsOf(model));
}
