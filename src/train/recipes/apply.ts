import { IGNORED, type Dataset } from "../../data/dataset.js";
import { datasetStatistics, medianFrequencyWeights, type DatasetStatistics } from "../../data/statistics.js";
import type { Tensor } from "../../graph/tensor.js";
import { diceLoss } from "../../losses/dice.js";
import { focalLoss } from "../../losses/focal.js";
import { weightedSum } from "../../losses/weighted-sum.js";
import { createModel, type ModelDescription } from "../../models/create.js";
import type { Normalisation, SegmentationModel } from "../../models/segmentation-model.js";
import { cast } from "../../ops/cast.js";
import { crossEntropy } from "../../ops/cross-entropy.js";
import { div, maximum, notEqual } from "../../ops/pointwise.js";
import { sum } from "../../ops/sum.js";
import { adam, adamW, rmsprop, sgd } from "../../optim/index.js";
import type { Optimizer } from "../../optim/optimizer.js";
import { cosine, poly, stepDecay, warmUp, type LearningRate } from "../../optim/schedule.js";
import { OptionError } from "../../runtime/errors.js";
import { crossEntropyLoss, type LossFunction } from "../loss.js";
import type { TrainerOptions } from "../options.js";
import { freezeBatchNorms, parameterGroups } from "./parameters.js";
import type { LossRecipe, OptimizerRecipe, Recipe, ScheduleRecipe } from "./recipe.js";

/** Whether applying a recipe needs a look through the training images. */
export const needsStatistics = ({ normalisation, loss }: Pick<Recipe, "normalisation" | "loss">): boolean =>
  normalisation === "dataset" || loss.classWeights === "median-frequency";

/** Updates of a recipe on a data set of `images` images. */
export const stepsOf = ({ length, batchSize, accumulate = 1 }: Pick<Recipe, "length" | "batchSize" | "accumulate">, images: number): number =>
  "steps" in length ? length.steps : Math.max(1, Math.ceil((length.epochs * images) / (batchSize * accumulate)));

/** The learning rate of a recipe over `steps` updates, `perEpoch` of which are a pass through the data. */
export function scheduleOf({ rule, learningRate, power, gamma, every, warmUp: up = 0 }: ScheduleRecipe, steps: number, perEpoch: number): LearningRate {
  const falling = (): LearningRate => {
    switch (rule) {
      case "constant":
        return learningRate;
      case "poly":
        return poly(learningRate, steps, power === undefined ? {} : { power });
      case "cosine":
        return cosine(learningRate, steps, { end: learningRate / 100 });
      case "step":
        if (every === undefined) throw new OptionError('A schedule that falls in steps needs "every": the updates from one to the next.');
        return stepDecay(learningRate, every, gamma === undefined ? {} : { gamma });
      case "epoch":
        if (gamma === undefined) throw new OptionError('A schedule that falls with every epoch needs "gamma", its factor.');
        return stepDecay(learningRate, perEpoch, { gamma });
    }
  };
  return up > 0 ? warmUp(falling(), up) : falling();
}

/** The optimizer of a recipe, over groups that follow from its rules. It is the caller's. */
export function optimizerOf(recipe: Pick<Recipe, "optimizer" | "parameters">, model: SegmentationModel, learningRate: LearningRate): Optimizer {
  const { rule, momentum, alpha, epsilon, weightDecay, clipNorm, ema }: OptimizerRecipe = recipe.optimizer;
  const groups = parameterGroups(model, recipe.parameters ?? []);
  const given = <T extends object>(options: T): { learningRate: LearningRate } & { [K in keyof T]?: NonNullable<T[K]> } =>
    ({ learningRate, ...Object.fromEntries(Object.entries({ weightDecay, clipNorm, ema, ...options }).filter(([, value]) => value !== undefined)) }) as never;
  switch (rule) {
    case "sgd":
      return sgd(groups, given({ momentum }));
    case "rmsprop":
      return rmsprop(groups, given({ momentum, alpha, epsilon }));
    case "adam":
      return adam(groups, given({ epsilon }));
    case "adamw":
      return adamW(groups, given({ epsilon }));
  }
}

/** The weights of the classes of a recipe; undefined where all count the same. */
export function classWeightsOf({ classWeights }: LossRecipe, classes: number, statistics: DatasetStatistics | undefined): readonly number[] | undefined {
  if (classWeights === "median-frequency") return medianFrequencyWeights(statistics!);
  if (classWeights && classWeights.length !== classes)
    throw new OptionError(`The recipe's class weights are for ${classWeights.length} classes, but the data have ${classes}. Take "median-frequency", which computes them from the data.`);
  return classWeights;
}

/** The loss of a recipe, with these class weights. */
export function lossOf({ rule, reduction = "mean" }: LossRecipe, weight?: readonly number[]): LossFunction {
  const ignoreIndex = IGNORED;
  const entropy: LossFunction = (logits, mask) => {
    if (logits.shape.at(-1) === 1 && (weight || reduction !== "mean"))
      throw new OptionError("Class weights and other reductions than the mean need a logit for each class: give a network with a single logit two classes.");
    if (reduction === "mean" && !weight) return crossEntropyLoss(logits, mask);
    if (reduction === "mean") return crossEntropy(logits, mask, { weight, ignoreIndex, emptyIsZero: true });
    const total = crossEntropy(logits, mask, { weight, ignoreIndex, reduction: "sum" });
    return reduction === "sum" ? total : (div(total, maximum(sum(cast(notEqual(cast(mask, "f32"), ignoreIndex), "f32")), 1)) as Tensor<"f32">);
  };
  switch (rule) {
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

/** Mean and deviation of images to four digits. A deviation of 0 (images of one colour) would divide by nothing. */
export const normalisationOf = ({ mean, std }: Pick<DatasetStatistics, "mean" | "std">): { mean: number[]; std: number[] } => ({
  mean: mean.map((m) => Number(m.toFixed(4))),
  std: std.map((s) => Number(Math.max(s, 1 / 255).toFixed(4))),
});

/**
 * The network of a recipe, for so many classes. It has no device yet.
 *
 * @param inChannels channels of the images; default 3
 */
export function modelOf({ model: { architecture, options } }: Pick<Recipe, "model">, classes: number, inChannels = 3): SegmentationModel {
  const { base } = options as { base?: ModelDescription };
  const sizes = { inChannels, classes };
  return createModel({ architecture, options: base ? { ...options, base: { ...base, options: { ...sizes, ...base.options } } } : { ...sizes, ...options } });
}

/** What a recipe meets: the model and the data. */
export interface RecipeContext {
  /** On a device. Its normalisation is set, and what the recipe fixes or freezes becomes untrainable. */
  readonly model: SegmentationModel;
  readonly dataset: Dataset;
  /** What the model is judged by while it learns. Without it, the patience of a recipe does not come into play. */
  readonly validation?: Dataset | undefined;
  /** Updates, where not those of the recipe. */
  readonly steps?: number | undefined;
  /** Of `dataset`, where they are known; otherwise all images are looked through when the recipe asks for them. */
  readonly statistics?: DatasetStatistics | undefined;
  /** Of the images, where it is known; otherwise that of the recipe. */
  readonly normalisation?: Normalisation | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called while the images are looked through. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

/**
 * A recipe as options of a trainer:
 *
 *     const recipe = recipeNamed("segnet-camvid");
 *     const model = modelOf(recipe, dataset.classes.length).to(device);
 *     const trainer = new Trainer({ ...(await trainerOptions(recipe, { model, dataset, validation })), storage });
 *
 * What is spread over them takes their place. The trainer makes the optimizer and disposes of it.
 *
 * @throws OptionError when the recipe does not fit the model or the number of classes
 */
export async function trainerOptions(recipe: Recipe, context: RecipeContext): Promise<TrainerOptions> {
  const { model, dataset, validation, steps, statistics, normalisation, signal, progress } = context;
  const counting = !statistics && needsStatistics(normalisation ? { ...recipe, normalisation } : recipe);
  const counted = counting ? await datasetStatistics(dataset, { signal, progress }) : statistics;
  model.normalisation = normalisation ?? (recipe.normalisation === "dataset" ? normalisationOf(counted!) : recipe.normalisation);
  const { batchSize, accumulate = 1, size, augment, padding, auxiliaryWeights, recalibrate, patience } = recipe;
  const updates = steps ?? stepsOf(recipe, dataset.length);
  const learningRate = scheduleOf(recipe.schedule, updates, Math.max(1, Math.round(dataset.length / (batchSize * accumulate))));
  const weight = classWeightsOf(recipe.loss, dataset.classes.length, counted);
  if (recipe.batchNorm === "frozen") freezeBatchNorms(model);
  return {
    model, dataset, validation, steps: updates, batchSize, accumulate, size: size ?? undefined, augment, padding, auxiliaryWeights, recalibrate,
    patience: validation && patience,
    loss: lossOf(recipe.loss, weight),
    optimizer: (made) => optimizerOf(recipe, made, learningRate),
  };
}
