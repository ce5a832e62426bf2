import type { AugmentOptions } from "../data/augment.js";
import { IGNORED, type ClassInfo, type Dataset } from "../data/dataset.js";
import { datasetStatistics, medianFrequencyWeights, type DatasetStatistics } from "../data/statistics.js";
import { diceLoss } from "../losses/dice.js";
import { focalLoss } from "../losses/focal.js";
import { weightedSum } from "../losses/weighted-sum.js";
import { createModel } from "../models/create.js";
import type { SegmentationModel } from "../models/segmentation-model.js";
import { crossEntropy } from "../ops/cross-entropy.js";
import { adam, adamW, sgd } from "../optim/index.js";
import type { Optimizer } from "../optim/optimizer.js";
import { cosine, poly, warmUp, type LearningRate } from "../optim/schedule.js";
import { OptionError } from "../runtime/errors.js";
import { crossEntropyLoss, type LossFunction } from "../train/loss.js";

export const models = ["unet", "segnet", "segnet-basic"] as const;
export const losses = ["ce", "focal", "dice", "ce+dice"] as const;
export const schedules = ["cosine", "poly", "constant"] as const;
export const optimizers = ["adamw", "adam", "sgd"] as const;
export const augmentations = ["flip", "rotate", "quarter", "scale", "color", "noise"] as const;

/** What a run of training is made of. Plain data: it is kept in the checkpoint, and a resumed run takes it up. */
export interface Recipe {
  readonly model: (typeof models)[number];
  readonly widths: readonly number[] | null;
  readonly size: readonly [number, number];
  readonly batch: number;
  readonly accumulate: number;
  readonly steps: number;
  readonly learningRate: number;
  readonly schedule: (typeof schedules)[number];
  readonly warmUp: number;
  readonly optimizer: (typeof optimizers)[number];
  readonly weightDecay: number | null;
  readonly clipNorm: number | null;
  readonly loss: (typeof losses)[number];
  readonly classWeights: boolean;
  readonly augment: readonly (typeof augmentations)[number][];
  readonly normalise: boolean;
  readonly seed: number;
  readonly validateEvery: number;
  readonly checkpointEvery: number;
  readonly patience: number | null;
}

export const defaults = {
  model: "unet", widths: null, size: [256, 256], batch: 8, accumulate: 1, steps: 1000, learningRate: 1e-3, schedule: "cosine", optimizer: "adamw",
  weightDecay: null, clipNorm: null, loss: "ce+dice", classWeights: false, augment: ["flip", "rotate", "scale", "color"], normalise: true, seed: 0, patience: null,
} as const satisfies Partial<Recipe>;

/** Widths of a U-Net where none are given: a sixteenth of the paper's cost. */
const UNET_WIDTHS = [16, 32, 64, 128, 256];

export function modelFor({ model, widths }: Recipe, classes: readonly ClassInfo[]): SegmentationModel {
  if (model !== "unet" && widths) throw new OptionError(`atrous train: --widths does not go with --model ${model}, whose widths are fixed.`);
  const options = { inChannels: 3, classes: classes.length, ...(model === "unet" ? { widths: widths ?? UNET_WIDTHS } : {}) };
  const made = createModel({ architecture: model, options });
  made.classInfo = classes;
  return made;
}

export function augmentFor({ augment }: Recipe): AugmentOptions {
  const on = new Set(augment);
  return {
    ...(on.has("flip") ? { flipHorizontal: true, flipVertical: true } : {}),
    ...(on.has("rotate") ? { rotate: 180 } : on.has("quarter") ? { rotate: "quarter" as const } : {}),
    ...(on.has("scale") ? { scale: [0.75, 1.4] as const } : {}),
    ...(on.has("color") ? { brightness: 0.2, contrast: 0.2, saturation: 0.2 } : {}),
    ...(on.has("noise") ? { noise: 0.04 } : {}),
  };
}

export function rateFor({ learningRate, schedule, warmUp: up, steps }: Recipe): LearningRate {
  const after = schedule === "cosine" ? cosine(learningRate, steps, { end: learningRate / 100 }) : schedule === "poly" ? poly(learningRate, steps) : learningRate;
  return up > 0 ? warmUp(after, up) : after;
}

export function optimizerFor(recipe: Recipe, model: SegmentationModel): Optimizer {
  const parameters = model.parameters();
  const common = { learningRate: rateFor(recipe), ...(recipe.weightDecay === null ? {} : { weightDecay: recipe.weightDecay }), ...(recipe.clipNorm === null ? {} : { clipNorm: recipe.clipNorm }) };
  if (recipe.optimizer === "sgd") return sgd(parameters, { ...common, momentum: 0.9 });
  return recipe.optimizer === "adam" ? adam(parameters, common) : adamW(parameters, common);
}

/** The loss, with a weight for each class where that was asked for. */
export function lossFor({ loss, classWeights }: Pick<Recipe, "loss" | "classWeights">, statistics: DatasetStatistics | undefined): LossFunction {
  const ignoreIndex = IGNORED;
  const weight = classWeights && statistics ? medianFrequencyWeights(statistics) : undefined;
  const entropy: typeof crossEntropyLoss = weight ? (logits, mask) => crossEntropy(logits, mask, { weight, ignoreIndex, emptyIsZero: true }) : crossEntropyLoss;
  switch (loss) {
    case "ce":
      return entropy;
    case "focal":
      return (logits, mask) => focalLoss(logits, mask, { ignoreIndex, weight });
    case "dice":
      return (logits, mask) => diceLoss(logits, mask, { ignoreIndex, weight });
    case "ce+dice":
      return (logits, mask) => weightedSum([[1, entropy(logits, mask)], [1, diceLoss(logits, mask, { ignoreIndex })]]);
  }
}

/** Mean and deviation of the images, and how often each class occurs; one pass over the files. */
export async function measure(dataset: Dataset, progress: (text: string) => void, signal: AbortSignal): Promise<DatasetStatistics> {
  return datasetStatistics(dataset, { signal, progress: (done, total) => progress(`Looking through the training images: ${done}/${total}`) });
}

/** A deviation of 0 (images of one colour) would divide by nothing. */
export const normalisationOf = ({ mean, std }: Pick<DatasetStatistics, "mean" | "std">): { mean: number[]; std: number[] } => ({
  mean: mean.map((m) => Number(m.toFixed(4))),
  std: std.map((s) => Number(Math.max(s, 1 / 255).toFixed(4))),
});
