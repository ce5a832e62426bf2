import { join } from "node:path";
import { readBytes } from "../io/files.js";
import { loadWeights } from "../io/weights.js";
import { scoresTable } from "../metrics/table.js";
import type { Normalisation, SegmentationModel } from "../models/segmentation-model.js";
import { trainingFolder } from "../node/training-folder.js";
import type { Device } from "../runtime/device.js";
import { OptionError } from "../runtime/errors.js";
import { readCheckpoint, type Checkpoint } from "../train/checkpoint.js";
import { needsStatistics, trainerOptions } from "../train/recipes/apply.js";
import { trainingFiles, type TrainingStorage } from "../train/storage.js";
import { Trainer } from "../train/trainer.js";
import { defineCommand } from "./args.js";
import { hasSplit, openData } from "./open-data.js";
import { withDevice } from "./session.js";
import { openTerminal, plural, type Terminal } from "./terminal.js";
import { runOf, trainingNotes, trainingOptions, type GivenTraining, type Run } from "./training-options.js";
import { trainingProgress } from "./training-progress.js";
import { measure, modelFor } from "./training-setup.js";

/** What the checkpoint holds beside the trainer's own state. */
interface Notes {
  readonly run: Run;
  readonly normalisation: Normalisation;
}

async function savedRun(storage: TrainingStorage, given: GivenTraining): Promise<Checkpoint | undefined> {
  const bytes = await storage.read(trainingFiles.checkpoint);
  const file = join(storage.name, trainingFiles.checkpoint);
  if (given.resume && !bytes) throw new OptionError(`atrous train: there is nothing to resume: ${file} does not exist.`);
  if (bytes && !given.resume && !given.overwrite) throw new OptionError(`atrous train: ${storage.name} holds a run already. Go on with --resume, begin anew with --overwrite, or choose another --out.`);
  return bytes && given.resume ? readCheckpoint(bytes, file) : undefined;
}

async function train(data: string, given: GivenTraining, terminal: Terminal, device: Device, signal: AbortSignal): Promise<void> {
  const storage = await trainingFolder(given.out ?? join("out", "train"));
  const saved = await savedRun(storage, given);
  const notes = saved?.progress.notes as Notes | undefined;
  const run = runOf(given, notes?.run);
  const { recipe, seed } = run;
  const opened = { seed, ...(given.workers === undefined ? {} : { workers: given.workers }) };
  await using dataset = await openData(data, run.dataset, { split: "train", ...opened });
  await using validation = hasSplit(data, run.dataset, "val") ? await openData(data, run.dataset, { split: "val", ...opened }) : undefined;
  for (const sentence of dataset.assumed) terminal.line(sentence);
  terminal.line(`${plural(dataset.length, "training image")}, ${validation ? plural(validation.length, "validation image") : "no validation images: the last weights are the result"}. Classes: ${dataset.classes.map(({ name }) => name).join(", ")}.`);
  if (saved && saved.progress.adapter !== device.adapter.name) terminal.line(`The run began on ${saved.progress.adapter}: on another adapter it goes on, but not bit for bit.`);

  using model = modelFor(recipe, dataset.classes);
  const normalisation = recipe.normalisation === "dataset" ? notes?.normalisation : recipe.normalisation;
  const statistics = needsStatistics(normalisation ? { ...recipe, normalisation } : recipe) ? await measure(dataset, (line) => terminal.progress(line), signal) : undefined;
  model.to(device, { seed });
  if (given.weights !== undefined && !saved) terminal.line(begin(model, given.weights, await readBytes(given.weights)));
  const options = await trainerOptions(recipe, { model, dataset, validation, statistics, normalisation, signal });
  const validateEvery = run.validateEvery ?? Math.max(1, Math.ceil(options.steps / 20));
  const checkpointEvery = run.checkpointEvery ?? validateEvery;
  terminal.line(`${model.architecture}, ${model.parameterCount().toLocaleString("en")} parameters; ${recipe.size?.join("×") ?? "whole images"}, batches of ${recipe.batchSize}${(recipe.accumulate ?? 1) > 1 ? ` × ${recipe.accumulate}` : ""}, ${plural(options.steps, "step")}.`);

  const trainer = new Trainer({
    ...options, storage, signal, seed, validateEvery, validationSize: run.validationSize ?? undefined, checkpointEvery, resume: saved !== undefined,
    notes: { run: { ...run, validateEvery, checkpointEvery }, normalisation: model.normalisation } satisfies Notes,
    callbacks: [trainingProgress(terminal)],
  });
  const result = await trainer.run();
  const best = result.validations.find(({ step }) => step === result.best?.step);
  if (best) terminal.line(`\nThe best weights are those of step ${best.step}. On the validation images:\n${scoresTable(best.scores)}\n`);
  if (result.recalibrated) terminal.line(`With recalibrated batch norms:\n${scoresTable(result.recalibrated)}\n`);
  if (result.steps > 0) terminal.line(`Weights: ${join(storage.name, trainingFiles.weights)}`);
  if (result.reason === "stopped") terminal.line(`To go on: atrous train ${data} --out ${storage.name} --resume`);
}

/** Loads what a weights file has for the model, and says what it has not: recipes in stages begin with the weights of a network that lacks some layers. */
function begin(model: SegmentationModel, file: string, bytes: Uint8Array): string {
  const { missing } = loadWeights(model, bytes, { name: file, strict: false });
  if (model.parameters().every(({ name }) => missing.includes(name))) throw new OptionError(`atrous train: ${file} holds nothing for this network: no parameter has a name that is in it.`);
  return missing.length === 0 ? `Weights of ${file}.` : `Weights of ${file}; not in it, and random: ${missing.slice(0, 6).join(", ")}${missing.length > 6 ? ` … (${missing.length} entries)` : ""}.`;
}

export const trainCommand = defineCommand({
  name: "train",
  summary: "Trains a network on a folder of images and masks. Writes the weights that were best on the validation images, a checkpoint to go on from, and a log.",
  operands: "DATA",
  fewest: 1,
  most: 1,
  options: trainingOptions,
  notes: trainingNotes,
  run: async ([data], given) => {
    const terminal = openTerminal();
    await withDevice(terminal, (device, signal) => train(data!, given, terminal, device, signal));
  },
});
