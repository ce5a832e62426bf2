import { compile } from "../graph/compile.js";
import { tensor, type Tensor } from "../graph/tensor.js";
import { indexSelect } from "../ops/index-select.js";
import { reshape } from "../ops/reshape.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import type { PatchClassifier } from "./patch-classifier.js";
import { evaluating } from "./predict.js";
import { arrange, openImage, type ImageSource } from "./predict-input.js";

export interface SlidingWindowOptions {
  /** Patches that go through the network at once. Default 256. */
  batchSize?: number | undefined;
  /** Gives up with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Scores of every class at every pixel. */
export interface PixelScores {
  readonly width: number;
  readonly height: number;
  /** [height, width, classes]. */
  readonly logits: Float32Array;
}

/**
 * Classifies the patch around every pixel by itself, batch by batch: what labelling pixels was before networks were run over
 * whole images, and the measure of what that saves. `model.predict` gives the same scores much sooner.
 *
 * @param image as for `predict`
 * @throws OptionError, ImageError and DeviceError as `predict`
 */
export async function slidingWindow(model: PatchClassifier, image: ImageSource, options: SlidingWindowOptions = {}): Promise<PixelScores> {
  checkOptions("slidingWindow", options, ["batchSize", "signal"]);
  const { batchSize = 256, signal } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1) throw new OptionError(`slidingWindow: batchSize must be a whole number of at least 1 but is ${batchSize}.`);
  const { device, inChannels, classes, patchSize: side } = model;
  const { width, height, ...view } = await openImage(image, device, "slidingWindow");
  const surround = compile(function surround(x: Tensor) {
    const padded = model.surrounded(model.normalise(x));
    return reshape(padded, [-1, inChannels]);
  });
  const classify = compile(function classify(pixels: Tensor<"f32">, positions: Tensor<"u32">) {
    return model.classify(reshape(indexSelect(pixels, positions), [-1, side, side, inChannels]));
  });
  using input = tensor(device, arrange({ width, height, ...view }, inChannels, width, height, "slidingWindow"), [1, height, width, inChannels]);
  const columns = width + side - 1;
  const pixels = evaluating(model, () => surround(input));
  const logits = new Float32Array(width * height * classes);
  try {
    for (let first = 0; first < width * height; first += batchSize) {
      signal?.throwIfAborted();
      const count = Math.min(batchSize, width * height - first);
      const positions = new Uint32Array(count * side * side);
      for (let i = 0, to = 0; i < count; i++) {
        const corner = Math.floor((first + i) / width) * columns + ((first + i) % width);
        for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) positions[to++] = corner + y * columns + x;
      }
      using at = tensor(device, positions);
      using scores = evaluating(model, () => classify(pixels, at));
      logits.set(await scores.data(), first * classes);
    }
  } finally {
    pixels.dispose();
    surround.dispose();
    classify.dispose();
  }
  return { width, height, logits };
}
