import type { AugmentOptions } from "../data/augment.js";
import type { Dataset } from "../data/dataset.js";
import type { Padding } from "../data/warp.js";
import type { Scores } from "../metrics/scores.js";
import type { SegmentationModel } from "../models/segmentation-model.js";
import type { LearningRate } from "../optim/schedule.js";
import type { Optimizer } from "../optim/optimizer.js";
import { checkOptions, DataError, OptionError } from "../runtime/errors.js";
import { checkClassCount } from "./evaluate.js";
import type { TrainingEvent } from "./events.js";
import type { LossFunction } from "./loss.js";
import type { TrainingStorage } from "./storage.js";
import type { Trainer } from "./trainer.js";

/** Called with what happens in a training; training waits for promises it returns. */
export type TrainingCallback = (event: TrainingEvent, trainer: Trainer) => void | Promise<void>;

export interface TrainerOptions {
  /** On a device. Its weights are trained in place. */
  model: SegmentationModel;
  /** What it learns from. */
  dataset: Dataset;
  /** What it is judged by while it learns. Without it, the last weights are the result. */
  validation?: Dataset | undefined;
  /** Updates to make. */
  steps: number;
  /** Images per micro-batch. Default 8. */
  batchSize?: number | undefined;
  /** Micro-batches per update, whose gradients are averaged. Default 1. */
  accumulate?: number | undefined;
  /** Height and width of training images (one number: both), cropped and padded to that. Default: as they are, which must then agree. */
  size?: number | readonly [number, number] | undefined;
  /** Default "crossEntropy" (255 in a mask is ignored). */
  loss?: "crossEntropy" | LossFunction | undefined;
  /** Instead of the model's own, the weights of the losses of its auxiliary heads, by name; 0 leaves one out. */
  auxiliaryWeights?: Readonly<Record<string, number>> | undefined;
  /**
   * Paths of modules ("down1", "backbone.layer1") whose insides are computed again in the backward pass instead of being kept from the forward
   * pass (`checkpoint`): less memory for more time, and the same numbers. Default: none.
   */
  gradientCheckpoints?: readonly string[] | undefined;
  /**
   * Default `adamW` over the trainable parameters with `learningRate`. A function makes one that the trainer disposes of; one given as it is
   * stays the caller's.
   */
  optimizer?: Optimizer | ((model: SegmentationModel) => Optimizer) | undefined;
  /** For the default optimizer. Default: 1e-3, warmed up over the first 5 % of the steps, then falling along half a cosine to 1e-5. */
  learningRate?: LearningRate | undefined;
  /**
   * For the default optimizer: decay of an average of the weights (0.999, say). Where the optimizer keeps one, it is the averaged weights
   * that are validated, saved as weights and left in the model, with the running statistics of training. Default: none.
   */
  ema?: number | undefined;
  augment?: AugmentOptions | undefined;
  /** What stands in for what lies outside an image (masks are ignored there). Default "reflect". */
  padding?: Padding | undefined;
  /** Order and augmentation of the images, and dropout. Default 0. (First weights follow from the seed of `model.to`.) */
  seed?: number | undefined;
  /** Steps from one validation to the next; there is one after the last step too. Default: about twenty in all. */
  validateEvery?: number | undefined;
  /** Size to which validation images are cropped; by default they stay whole and are judged one by one. */
  validationSize?: number | readonly [number, number] | undefined;
  /** What makes one validation better than another; higher is better. Default: mean IoU. */
  score?: ((scores: Scores) => number) | undefined;
  /** End after this many validations without a better score. Default: never. */
  patience?: number | undefined;
  /**
   * When all is done, compute the running statistics of batch norms anew for the weights that were best: over this many batches of training
   * images without augmentation, or "epoch": all of them (SegNet's `compute_bn_statistics.py`). Then validate once more. Default: not.
   */
  recalibrate?: number | "epoch" | undefined;
  /** Where weights, checkpoints and the log go. Default: nowhere. */
  storage?: TrainingStorage | undefined;
  /** Steps from one checkpoint to the next; there is one at the end too. Default: as `validateEvery`. */
  checkpointEvery?: number | undefined;
  /** Go on from the checkpoint in `storage`, where there is one. Default false. */
  resume?: boolean | undefined;
  /** Steps from one reading of the loss to the next. Reading never waits for the GPU, except for steps long past. Default 1. */
  readEvery?: number | undefined;
  /** Called with what happens, one after the other; training waits for promises they return. */
  callbacks?: readonly TrainingCallback[] | undefined;
  /** Ends training after the step under way; a checkpoint is written, and `run` resolves with the reason "stopped". */
  signal?: AbortSignal | undefined;
  /** Plain data kept in the checkpoint for the program (`Trainer.notes`). */
  notes?: unknown;
}

const keys = [
  "model", "dataset", "validation", "steps", "batchSize", "accumulate", "size", "loss", "auxiliaryWeights", "gradientCheckpoints", "optimizer", "learningRate", "ema", "augment", "padding", "seed",
  "validateEvery", "validationSize", "score", "patience", "recalibrate", "storage", "checkpointEvery", "resume", "readEvery", "callbacks", "signal", "notes",
] as const satisfies readonly (keyof TrainerOptions)[];

const asSize = (size: number | readonly [number, number] | undefined): readonly [number, number] | undefined => (typeof size === "number" ? [size, size] : size);

/** The options with their defaults. */
export interface Settings extends Omit<TrainerOptions, "size" | "validationSize"> {
  batchSize: number;
  accumulate: number;
  size: readonly [number, number] | undefined;
  validationSize: readonly [number, number] | undefined;
  seed: number;
  validateEvery: number;
  checkpointEvery: number;
  readEvery: number;
  callbacks: readonly TrainingCallback[];
  score: (scores: Scores) => number;
}

/** Checks the options and fills in the defaults. */
export function settingsOf(options: TrainerOptions): Settings {
  checkOptions("Trainer", options, keys);
  const { model, dataset, validation, steps } = options;
  const every = Math.max(1, Math.ceil(steps / 20));
  const validateEvery = options.validateEvery ?? every;
  const settings: Settings = {
    ...options,
    batchSize: options.batchSize ?? 8,
    accumulate: options.accumulate ?? 1,
    size: asSize(options.size),
    validationSize: asSize(options.validationSize),
    seed: options.seed ?? 0,
    validateEvery,
    checkpointEvery: options.checkpointEvery ?? validateEvery,
    readEvery: options.readEvery ?? 1,
    callbacks: options.callbacks ?? [],
    score: options.score ?? ((scores) => scores.mean.iou),
  };
  for (const key of ["steps", "batchSize", "accumulate", "validateEvery", "checkpointEvery", "readEvery", "patience"] as const) {
    const value = settings[key];
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1)) throw new OptionError(`Trainer: ${key} must be a whole number of at least 1, not ${value}.`);
  }
  const { recalibrate, auxiliaryWeights = {} } = options;
  if (recalibrate !== undefined && recalibrate !== "epoch" && !(Number.isSafeInteger(recalibrate) && recalibrate >= 1))
    throw new OptionError(`Trainer: recalibrate must be a number of batches, at least 1, or "epoch", not ${JSON.stringify(recalibrate)}.`);
  for (const [name, weight] of Object.entries(auxiliaryWeights))
    if (!(weight >= 0 && weight < Infinity)) throw new OptionError(`Trainer: auxiliaryWeights.${name} must be a number of at least 0, not ${weight}.`);
  if (options.patience !== undefined && !validation) throw new OptionError("Trainer: patience needs a validation data set.");
  if (options.optimizer && options.learningRate !== undefined) throw new OptionError("Trainer: give learningRate to the optimizer, or leave the optimizer out.");
  if (options.optimizer && options.ema !== undefined) throw new OptionError("Trainer: give ema to the optimizer, or leave the optimizer out.");
  if (options.resume && !options.storage) throw new OptionError("Trainer: resume needs a storage to read the checkpoint from.");
  if (!model.onDevice) throw new OptionError("Trainer: the model is not on a device. Call model.to(device) first.");
  for (const [what, set] of [["The training set", dataset], ["The validation set", validation]] as const) {
    if (!set) continue;
    if (set.length < 1) throw new DataError(`${what} is empty.`);
    checkClassCount(model, set, what);
  }
  return settings;
}
