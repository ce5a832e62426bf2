import { compile, type Compiled } from "../graph/compile.js";
import { tensor, Tensor } from "../graph/tensor.js";
import { argmax } from "../ops/argmax.js";
import { cast } from "../ops/cast.js";
import { greater, sigmoid } from "../ops/pointwise.js";
import { reshape } from "../ops/reshape.js";
import { slice } from "../ops/slice.js";
import { softmax } from "../ops/softmax.js";
import { checkOptions, OptionError } from "../runtime/errors.js";
import { arrange, openImage, tensorSize, type ImageSource, type View } from "./predict-input.js";
import { Prediction } from "./prediction.js";
import type { SegmentationModel } from "./segmentation-model.js";

export interface PredictOptions {
  /** Also the probability of every class at every pixel. Default false. */
  probabilities?: boolean | undefined;
  /** Keep the image, so that `overlay()` can paint on it. Default false. */
  overlay?: boolean | undefined;
  /** Heads of one or two classes: class 1 where its probability is above this. Default 0.5. */
  threshold?: number | undefined;
  /** Gives up with the signal's reason. */
  signal?: AbortSignal | undefined;
}

interface Outputs {
  map: Tensor<"u8">;
  probabilities: Tensor<"f32"> | undefined;
}

type Run = Compiled<[image: Tensor, threshold: Tensor | null, probabilities: boolean], Outputs>;

const plans = new WeakMap<SegmentationModel, Run>();

/** From pixels to the class map, as one plan per padded size. */
function planOf(model: SegmentationModel): Run {
  let run = plans.get(model);
  if (!run) {
    run = compile(function predict(image: Tensor, threshold: Tensor | null, wanted: boolean): Outputs {
      const x = image.shape.length === 3 ? reshape(image, [1, ...image.shape]) : image;
      const logits = model.forward(model.normalise(x));
      const single = model.classes === 1;
      const probabilities = single ? sigmoid(logits) : wanted || threshold ? softmax(logits) : undefined;
      const foreground = threshold && greater(single ? probabilities! : slice(probabilities!, { start: 1, length: 1 }), threshold);
      return { map: cast(foreground ?? argmax(logits), "u8"), probabilities: wanted ? (probabilities as Tensor<"f32">) : undefined };
    });
    plans.set(model, run);
  }
  return run;
}

/** Runs `body` with the model in evaluation mode; every part gets its own mode back. */
export function evaluating<T>(model: SegmentationModel, body: () => T): T {
  const modes = [...model.modules()].map(([, module]) => [module, module.training] as const);
  if (!modes.some(([, training]) => training)) return body();
  model.eval();
  try {
    return body();
  } finally {
    // Parents come first, so what they set below them is set right afterwards.
    for (const [module, training] of modes) module.train(training);
  }
}

/** The promise, or the signal's reason as soon as it is aborted. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  promise.catch(() => undefined);
  signal.throwIfAborted();
  let abort!: () => void;
  const aborted = new Promise<never>((_, reject) => signal.addEventListener("abort", (abort = () => reject(signal.reason as Error)), { once: true }));
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** The upper left corner of a padded plane of `channels` values per pixel. */
function cropped<T extends Uint8Array | Float32Array>(data: T, padded: number, width: number, height: number, channels: number): T {
  if (padded === width) return data.subarray(0, width * height * channels) as T;
  const out = new (data.constructor as new (length: number) => T)(width * height * channels);
  for (let y = 0; y < height; y++) out.set(data.subarray(y * padded * channels, (y * padded + width) * channels), y * width * channels);
  return out;
}

/**
 * Segments one image of any size: it is mirrored on at its edges up to what the model wants (`model.inputSize`),
 * normalised, run through the network in evaluation mode and cut back, all but the padding and the cut on the GPU.
 * The whole is one plan per padded size, and only the class map (one byte per pixel) comes back.
 *
 * Calls may overlap; a call that is not awaited uses the parameters as they are when its pixels are there.
 *
 * @throws ImageError for what is no image or has other channels than the model takes, OptionError, DeviceError for images
 *   too large for the adapter, FileError for a path that cannot be read.
 */
export async function predict(model: SegmentationModel, image: ImageSource, options: PredictOptions = {}): Promise<Prediction> {
  checkOptions("predict", options, ["probabilities", "overlay", "threshold", "signal"]);
  const { probabilities: wanted = false, overlay = false, threshold = 0.5, signal } = options;
  if (!(threshold >= 0 && threshold <= 1)) throw new OptionError(`predict: threshold must be between 0 and 1 but is ${threshold}.`);
  if (threshold !== 0.5 && model.classes > 2) throw new OptionError(`predict: threshold is for heads of one or two classes, and this model has ${model.classes}.`);
  const { device, inChannels } = model;
  signal?.throwIfAborted();

  let view: View | undefined;
  let height = 0;
  let width = 0;
  let input: Tensor | undefined;
  if (image instanceof Tensor) {
    let channels: number;
    [height, width, channels] = tensorSize(image);
    // A tensor that fits stays on the GPU; any other goes the way of images in memory.
    const fits = [height, width].every((n) => model.inputSize(n).size === n);
    if (channels === inChannels && fits && image.storage && image.device === device) input = image;
  }
  if (!input || overlay) {
    view = await unlessAborted(openImage(image, device), signal);
    ({ width, height } = view);
  }
  const [rows, columns] = [model.inputSize(height), model.inputSize(width)];
  const own = input ? undefined : tensor(device, arrange(view!, inChannels, columns.size, rows.size, "predict", [columns.before, rows.before]), [1, rows.size, columns.size, inChannels]);
  const limit = model.classes === 1 || threshold !== 0.5 ? tensor(device, [threshold]) : null;
  let outputs: Outputs;
  try {
    outputs = evaluating(model, () => planOf(model)((own ?? input)!, limit, wanted));
  } finally {
    own?.dispose();
    limit?.dispose();
  }
  const reads = Promise.all([outputs.map.data(), outputs.probabilities?.data()]);
  const padded = outputs.map.shape[2]!;
  outputs.map.dispose();
  outputs.probabilities?.dispose();
  const [map, probabilities] = await unlessAborted(reads, signal);
  return new Prediction(
    width, height,
    cropped(map, padded, width, height, 1),
    probabilities && cropped(probabilities, padded, width, height, model.classes),
    model.classInfo,
    overlay ? view : undefined,
  );
}
