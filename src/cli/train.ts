import { existsSync } from "node:fs";
import { join } from "node:path";
import { openFolder, type FolderDataset } from "../data/folder.js";
import { readBytes } from "../io/files.js";
import { loadWeights } from "../io/weights.js";
import { scoresTable } from "../metrics/table.js";
import { trainingFolder } from "../node/training-folder.js";
import type { Device } from "../runtime/device.js";
import { OptionError } from "../runtime/errors.js";
import { readCheckpoint, type Checkpoint } from "../train/checkpoint.js";
import { trainingFiles, type TrainingStorage } from "../train/storage.js";
import { Trainer } from "../train/trainer.js";
import { choice, count, counts, defineCommand, flag, listed, number, size, text, type Given, type Option } from "./args.js";
import { withDevice } from "./session.js";
import { openTerminal, plural, type Terminal } from "./terminal.js";
import { trainingProgress } from "./training-progress.js";
import { augmentations, augmentFor, defaults, lossFor, losses, measure, modelFor, models, normalisationOf, optimizerFor, optimizers, schedules, type Recipe } from "./training-setup.js";

const augmentList: Option<(typeof augmentations)[number][]> = {
  value: "LIST",
  help: `changes to the training images, with commas between: ${augmentations.join(", ")}; or none (${defaults.augment.join(",")})`,
  read: (given) => {
    const words = given === "none" ? [] : given.split(",");
    const stray = words.find((word) => !(augmentations as readonly string[]).includes(word));
    if (stray !== undefined) throw `must be made of ${listed(augmentations)}, not "${stray}"`;
    return words as (typeof augmentations)[number][];
  },
};

const options = {
  out: text("DIR", "where weights, checkpoint and log go (out/train)", "o"),
  model: choice(models, "the network (unet)"),
  widths: counts("N,N,…", "channels of the levels of a U-Net (16,32,64,128,256)"),
  size: size("N|HxW", "training images are cropped and padded to this (256)"),
  batch: count("N", "images at once (8)"),
  accumulate: count("N", "batches whose gradients make one update (1)"),
  steps: count("N", "updates (1000)"),
  lr: number("RATE", "learning rate (0.001)", { min: 0 }),
  schedule: choice(schedules, "how the learning rate falls (cosine)"),
  warmUp: count("N", "steps in which it first rises (5 % of all)", 0),
  optimizer: choice(optimizers, "adamw"),
  weightDecay: number("X", "pull of the weights towards 0 (adamw 0.01, others 0)", { min: 0 }),
  clipNorm: number("X", "largest norm of the gradients; larger ones are scaled down to it", { min: 0 }),
  loss: choice(losses, "cross-entropy, focal, Dice, or the sum of the first and last (ce+dice)"),
  classWeights: flag("let rare classes count more in the cross-entropy or focal loss (median frequency)"),
  augment: augmentList,
  noNormalise: flag("give the network images as fractions of 255, not by their mean and deviation"),
  seed: count("N", "everything random follows from it (0)", 0),
  weights: text("FILE", "begin with these weights, of the same network, instead of random ones"),
  validateEvery: count("N", "steps from one validation to the next (5 % of all)"),
  checkpointEvery: count("N", "steps from one checkpoint to the next (as --validate-every)"),
  patience: count("N", "end after this many validations without a better mean IoU"),
  resume: flag("go on where the run in --out was stopped, exactly; options may be left out, --steps may grow"),
  overwrite: flag("begin anew although --out holds a run"),
  workers: count("N", "threads that decode images (1 or 2)", 0),
};

/** What was asked for, with defaults. */
function recipeOf(given: Given<typeof options>, saved: Recipe | undefined): Recipe {
  const steps = given.steps ?? saved?.steps ?? defaults.steps;
  const validateEvery = given.validateEvery ?? saved?.validateEvery ?? Math.max(1, Math.ceil(steps / 20));
  const from = { ...defaults, warmUp: Math.ceil(steps / 20), ...saved };
  return {
    model: given.model ?? from.model, widths: given.widths ?? from.widths, size: given.size ?? from.size, batch: given.batch ?? from.batch,
    accumulate: given.accumulate ?? from.accumulate, steps, learningRate: given.lr ?? from.learningRate, schedule: given.schedule ?? from.schedule,
    warmUp: given.warmUp ?? from.warmUp, optimizer: given.optimizer ?? from.optimizer, weightDecay: given.weightDecay ?? from.weightDecay, clipNorm: given.clipNorm ?? from.clipNorm,
    loss: given.loss ?? from.loss, classWeights: given.classWeights ?? from.classWeights, augment: given.augment ?? from.augment,
    normalise: given.noNormalise ? false : from.normalise, seed: given.seed ?? from.seed, validateEvery,
    checkpointEvery: given.checkpointEvery ?? saved?.checkpointEvery ?? validateEvery, patience: given.patience ?? from.patience,
  };
}

/** What the checkpoint holds beside the trainer's own state. */
interface Notes {
  readonly recipe: Recipe;
  readonly normalisation: { mean: number[]; std: number[] };
}

async function savedRun(storage: TrainingStorage, given: Given<typeof options>): Promise<Checkpoint | undefined> {
  const bytes = await storage.read(trainingFiles.checkpoint);
  const file = join(storage.name, trainingFiles.checkpoint);
  if (given.resume && !bytes) throw new OptionError(`atrous train: there is nothing to resume: ${file} does not exist.`);
  if (bytes && !given.resume && !given.overwrite) throw new OptionError(`atrous train: ${storage.name} holds a run already. Go on with --resume, begin anew with --overwrite, or choose another --out.`);
  return bytes && given.resume ? readCheckpoint(bytes, file) : undefined;
}

/** Validation images, where the folder has some. */
async function openValidation(data: string, given: Given<typeof options>, seed: number): Promise<FolderDataset | undefined> {
  if (existsSync(join(data, "train", "images")) && !existsSync(join(data, "val", "images"))) return undefined;
  return openFolder(data, { split: "val", seed, ...(given.workers === undefined ? {} : { workers: given.workers }) });
}

async function train(data: string, given: Given<typeof options>, terminal: Terminal, device: Device, signal: AbortSignal): Promise<void> {
  const storage = await trainingFolder(given.out ?? join("out", "train"));
  const saved = await savedRun(storage, given);
  const notes = saved?.progress.notes as Notes | undefined;
  const recipe = recipeOf(given, notes?.recipe);
  await using dataset = await openFolder(data, { split: "train", seed: recipe.seed, ...(given.workers === undefined ? {} : { workers: given.workers }) });
  await using validation = await openValidation(data, given, recipe.seed);
  for (const sentence of dataset.assumed) terminal.line(sentence);
  terminal.line(`${plural(dataset.length, "training image")}, ${validation ? plural(validation.length, "validation image") : "no validation images: the last weights are the result"}. Classes: ${dataset.classes.map(({ name }) => name).join(", ")}.`);
  if (saved && saved.progress.adapter !== device.adapter.name) terminal.line(`The run began on ${saved.progress.adapter}: on another adapter it goes on, but not bit for bit.`);

  const statistics = recipe.classWeights || (recipe.normalise && !notes) ? await measure(dataset, (line) => terminal.progress(line), signal) : undefined;
  using model = modelFor(recipe, dataset.classes);
  if (recipe.normalise) model.normalisation = notes?.normalisation ?? normalisationOf(statistics!);
  model.to(device, { seed: recipe.seed });
  if (given.weights !== undefined && !saved) loadWeights(model, await readBytes(given.weights), { name: given.weights });
  using optimizer = optimizerFor(recipe, model);
  terminal.line(`${recipe.model}, ${model.parameterCount().toLocaleString("en")} parameters; ${recipe.size.join("×")}, batches of ${recipe.batch}${recipe.accumulate > 1 ? ` × ${recipe.accumulate}` : ""}, ${plural(recipe.steps, "step")}.`);

  const trainer = new Trainer({
    model, dataset, validation, optimizer, storage, signal,
    loss: lossFor(recipe, statistics),
    steps: recipe.steps, batchSize: recipe.batch, accumulate: recipe.accumulate, size: recipe.size, augment: augmentFor(recipe), seed: recipe.seed,
    validateEvery: recipe.validateEvery, checkpointEvery: recipe.checkpointEvery, patience: recipe.patience ?? undefined, resume: saved !== undefined,
    notes: { recipe, normalisation: model.normalisation } satisfies { recipe: Recipe; normalisation: unknown },
    callbacks: [trainingProgress(terminal)],
  });
  const result = await trainer.run();
  const best = result.validations.find(({ step }) => step === result.best?.step);
  if (best) terminal.line(`\nThe best weights are those of step ${best.step}. On the validation images:\n${scoresTable(best.scores)}\n`);
  if (result.steps > 0) terminal.line(`Weights: ${join(storage.name, trainingFiles.weights)}`);
  if (result.reason === "stopped") terminal.line(`To go on: atrous train ${data} --out ${storage.name} --resume`);
}

export const trainCommand = defineCommand({
  name: "train",
  summary: "Trains a network on a folder of images and masks. Writes the weights that were best on the validation images, a checkpoint to go on from, and a log.",
  operands: "DATA",
  fewest: 1,
  most: 1,
  options,
  notes: [
    "DATA holds train, val and test, each with images and masks (or labels), under the same names; or images and masks directly, which are then divided. classes.json names the classes and says what mask values mean; without it, what is assumed is printed.",
    "Ctrl-C saves a checkpoint and ends; --resume goes on from it, bit for bit on the same adapter.",
  ],
  run: async ([data], given) => {
    const terminal = openTerminal();
    await withDevice(terminal, (device, signal) => train(data!, given, terminal, device, signal));
  },
});
