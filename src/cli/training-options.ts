import { architectureNames } from "../models/create.js";
import { datasetNames } from "../data/datasets/index.js";
import { recipeNamed, recipes } from "../train/recipes/index.js";
import type { Recipe } from "../train/recipes/recipe.js";
import { choice, count, counts, flag, json, listed, number, oneOf, size, text, type Given, type Option } from "./args.js";
import { augmentations, augmentFor, losses, optimizers, schedules, standard, standardAugmentations, warmedUp, type AugmentationName } from "./training-setup.js";

const augmentList: Option<AugmentationName[]> = {
  value: "LIST",
  help: `changes to the training images, with commas between: ${augmentations.join(", ")}; or none (${standardAugmentations.join(",")})`,
  read: (given) => {
    const words = given === "none" ? [] : given.split(",");
    const stray = words.find((word) => !(augmentations as readonly string[]).includes(word));
    if (stray !== undefined) throw `must be made of ${listed(augmentations)}, not "${stray}"`;
    return words as AugmentationName[];
  },
};

export const trainingOptions = {
  out: text("DIR", "where weights, checkpoint and log go (out/train)", "o"),
  recipe: oneOf("NAME", recipes.map(({ name }) => name), "train as a paper did: see the list below; other options change single settings of it"),
  dataset: oneOf("NAME", datasetNames, "DATA is a published data set in its own folders: see the list below"),
  model: oneOf("NAME", architectureNames, "the network: see the list below (that of the recipe, or unet)"),
  widths: counts("N,N,…", "channels of the levels of a network that has such (U-Net: 16,32,64,128,256)"),
  modelOptions: json("JSON", 'options of the network, as docs/api/models.md names them: \'{"width": 32}\''),
  size: size("N|HxW", "training images are cropped and padded to this (256)"),
  batch: count("N", "images at once (8)"),
  accumulate: count("N", "batches whose gradients make one update (1)"),
  steps: count("N", "updates (1000)"),
  lr: number("RATE", "learning rate (0.001)", { min: 0 }),
  schedule: choice(schedules, "how the learning rate falls (cosine)"),
  warmUp: count("N", "steps in which it first rises (5 % of all; none in recipes)", 0),
  optimizer: choice(optimizers, "adamw"),
  weightDecay: number("X", "pull of the weights towards 0 (adamw 0.01, others 0)", { min: 0 }),
  clipNorm: number("X", "largest norm of the gradients; larger ones are scaled down to it", { min: 0 }),
  ema: number("DECAY", "validate and keep a running average of the weights: DECAY of it and the rest of the new ones after each update, such as 0.999 (none)", { min: 0, max: 0.999999 }),
  loss: choice(losses, "cross-entropy, focal, Dice, or the sum of the first and last (ce+dice)"),
  classWeights: flag("let rare classes count more in the cross-entropy or focal loss (median frequency)"),
  augment: augmentList,
  noNormalise: flag("give the network images as fractions of 255, not by their mean and deviation"),
  recalibrate: flag("when done, compute the statistics of batch norms anew over the training images"),
  seed: count("N", "everything random follows from it (0)", 0),
  weights: text("FILE", "begin with these weights instead of random ones; layers that the file does not name stay random"),
  validateEvery: count("N", "steps from one validation to the next (5 % of all)"),
  validationSize: size("N|HxW", "validation images are cropped to this (they stay whole)"),
  checkpointEvery: count("N", "steps from one checkpoint to the next (as --validate-every)"),
  patience: count("N", "end after this many validations without a better mean IoU"),
  resume: flag("go on where the run in --out was stopped, exactly; options may be left out, --steps may grow"),
  overwrite: flag("begin anew although --out holds a run"),
  workers: count("N", "threads that decode images (1 or 2)", 0),
};

export type GivenTraining = Given<typeof trainingOptions>;

/** What a run is made of, all of it plain data: the checkpoint keeps it, and a resumed run takes it up. */
export interface Run {
  readonly recipe: Recipe;
  readonly dataset: string | null;
  readonly seed: number;
  /** null: a twentieth of the steps. */
  readonly validateEvery: number | null;
  /** null: whole. */
  readonly validationSize: readonly [number, number] | null;
  readonly checkpointEvery: number | null;
}

/** The settings with what a name stands for, where it was given. */
const override = <T extends object>(settings: T, given: Partial<{ [K in keyof T]: T[K] | undefined }>): T =>
  ({ ...settings, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) });

/** What was asked for: a recipe (that of the run that is resumed, the named one, or the standard one) with the settings that were given. */
export function runOf(given: GivenTraining, saved: Run | undefined): Run {
  const base = saved?.recipe ?? (given.recipe === undefined ? warmedUp(standard, given.steps ?? 1000) : recipeNamed(given.recipe));
  const kept = given.model === undefined || given.model === base.model.architecture ? base.model : { architecture: given.model, options: {} };
  const extra = { ...(given.widths && { widths: given.widths }), ...given.modelOptions };
  const rule = given.optimizer !== undefined && given.optimizer !== base.optimizer.rule ? given.optimizer : undefined;
  const recipe = override(base, {
    model: { architecture: kept.architecture, options: { ...kept.options, ...extra } },
    normalisation: given.noNormalise ? { mean: [0, 0, 0], std: [1, 1, 1] } : undefined,
    size: given.size, batchSize: given.batch, accumulate: given.accumulate, length: given.steps === undefined ? undefined : { steps: given.steps },
    augment: given.augment && augmentFor(given.augment),
    loss: override(base.loss, { rule: given.loss, classWeights: given.classWeights ? "median-frequency" : undefined }),
    optimizer: override(rule === undefined ? base.optimizer : { rule, ...(rule === "sgd" && { momentum: 0.9 }) }, { weightDecay: given.weightDecay, clipNorm: given.clipNorm, ema: given.ema }),
    schedule: override(base.schedule, { rule: given.schedule, learningRate: given.lr, warmUp: given.warmUp }),
    recalibrate: given.recalibrate ? "epoch" : undefined,
    patience: given.patience,
  });
  return {
    recipe, dataset: given.dataset ?? saved?.dataset ?? null, seed: given.seed ?? saved?.seed ?? 0,
    validateEvery: given.validateEvery ?? saved?.validateEvery ?? null, validationSize: given.validationSize ?? saved?.validationSize ?? null, checkpointEvery: given.checkpointEvery ?? saved?.checkpointEvery ?? null,
  };
}

/** What the help says under the options. */
export const trainingNotes: readonly string[] = [
  "DATA holds train, val and test, each with images and masks (or labels), under the same names; or images and masks directly, which are then divided. " +
    "classes.json names the classes and says what mask values mean; without it, what is assumed is printed. With --dataset, DATA is the folder of that data set as it is published.",
  "Ctrl-C saves a checkpoint and ends; --resume goes on from it, bit for bit on the same adapter.",
  `Networks: ${architectureNames.join(", ")}.`,
  `Data sets: ${datasetNames.join(", ")}.`,
  `Recipes:\n${recipes.map(({ name, summary }) => `${name}: ${summary}`).join("\n")}`,
];
