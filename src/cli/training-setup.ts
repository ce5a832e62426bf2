import type { AugmentOptions } from "../data/augment.js";
import type { ClassInfo, Dataset } from "../data/dataset.js";
import { datasetStatistics, type DatasetStatistics } from "../data/statistics.js";
import type { SegmentationModel } from "../models/segmentation-model.js";
import { modelOf } from "../train/recipes/apply.js";
import type { Recipe } from "../train/recipes/recipe.js";

export const losses = ["ce", "focal", "dice", "ce+dice"] as const;
export const schedules = ["cosine", "poly", "constant"] as const;
export const optimizers = ["adamw", "adam", "sgd", "rmsprop"] as const;
export const augmentations = ["flip", "rotate", "quarter", "scale", "color", "noise", "blur", "elastic"] as const;
export type AugmentationName = (typeof augmentations)[number];

/** Widths of a U-Net where none are given: a sixteenth of the paper's cost. */
const UNET_WIDTHS = [16, 32, 64, 128, 256];

export function augmentFor(names: readonly AugmentationName[]): AugmentOptions {
  const on = new Set(names);
  return {
    ...(on.has("flip") ? { flipHorizontal: true, flipVertical: true } : {}),
    ...(on.has("rotate") ? { rotate: 180 } : on.has("quarter") ? { rotate: "quarter" as const } : {}),
    ...(on.has("scale") ? { scale: [0.75, 1.4] as const } : {}),
    ...(on.has("color") ? { brightness: 0.2, contrast: 0.2, saturation: 0.2 } : {}),
    ...(on.has("noise") ? { noise: 0.04 } : {}),
    ...(on.has("blur") ? { blur: 1.1 } : {}),
    ...(on.has("elastic") ? { elastic: 10 } : {}),
  };
}

export const standardAugmentations = ["flip", "rotate", "scale", "color"] as const satisfies readonly AugmentationName[];

/** What trains where no recipe is asked for: a small U-Net with settings that rarely fail. */
export const standard: Recipe = {
  name: "standard", summary: "a small U-Net with AdamW, cross-entropy plus Dice, and varied images", source: "atrous",
  model: { architecture: "unet", options: { widths: UNET_WIDTHS } },
  normalisation: "dataset", size: [256, 256], augment: augmentFor(standardAugmentations), batchSize: 8, length: { steps: 1000 },
  loss: { rule: "ce+dice" }, optimizer: { rule: "adamw" }, schedule: { rule: "cosine", learningRate: 1e-3 },
};

/** The recipe with its learning rate rising over the first 5 % of the steps. */
export const warmedUp = (recipe: Recipe, steps: number): Recipe => ({ ...recipe, schedule: { warmUp: Math.ceil(steps / 20), ...recipe.schedule } });

/** The network of a recipe, for these classes. It has no device yet. */
export function modelFor(recipe: Pick<Recipe, "model">, classes: readonly ClassInfo[]): SegmentationModel {
  const made = modelOf(recipe, classes.length);
  made.classInfo = classes;
  return made;
}

/** Mean and deviation of the images, and how often each class occurs; one pass over the files. */
export async function measure(dataset: Dataset, progress: (text: string) => void, signal: AbortSignal): Promise<DatasetStatistics> {
  return datasetStatistics(dataset, { signal, progress: (done, total) => progress(`Looking through the training images: ${done}/${total}`) });
}
