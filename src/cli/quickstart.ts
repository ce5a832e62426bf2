import { basename, join, resolve } from "node:path";
import { encodePalettePng, encodePng } from "../io/decode.js";
import { ensureDir, writeAtomically } from "../io/files.js";
import { overlay } from "../io/overlay.js";
import { scores as scoresOf } from "../metrics/scores.js";
import { scoresTable } from "../metrics/table.js";
import type { SegmentationModel } from "../models/segmentation-model.js";
import { trainingFolder } from "../node/training-folder.js";
import type { Dataset } from "../data/dataset.js";
import type { Device } from "../runtime/device.js";
import { evaluate } from "../train/evaluate.js";
import { trainerOptions } from "../train/recipes/apply.js";
import type { Recipe } from "../train/recipes/recipe.js";
import { trainingFiles } from "../train/storage.js";
import { Trainer } from "../train/trainer.js";
import { count, defineCommand, text, type Given } from "./args.js";
import { plain, rows } from "./evaluate.js";
import { realData, syntheticData } from "./quickstart-data.js";
import { report, type Judged } from "./report.js";
import { lossCurve } from "./report-curve.js";
import { overlayPalette } from "./segment.js";
import { withDevice } from "./session.js";
import { duration, openTerminal, plural, type Terminal } from "./terminal.js";
import { trainingProgress } from "./training-progress.js";
import { augmentFor, measure, modelFor, standard, warmedUp } from "./training-setup.js";

const options = {
  data: text("DIR", "train on the images of this folder instead of made-up ones (as for atrous train)"),
  out: text("DIR", "where everything goes (out/quickstart)", "o"),
  steps: count("N", "updates, instead of as many as the time allows"),
  seed: count("N", "everything random follows from it (0)", 0),
};

const GOAL = 0.8;

/** Made-up images: a network that two cores without a GPU train in a minute. */
const small = { widths: [8, 16, 32], size: [48, 48], steps: 80, learningRate: 0.005, augment: ["flip", "quarter"], validateEvery: 20 } as const;
/** Photographs: one for which two cores need ten minutes. */
const real = { widths: [8, 16, 32, 64, 128], size: [128, 128], steps: 500, learningRate: 0.004, augment: ["flip", "rotate", "scale", "color"], validateEvery: 100 } as const;

interface Course {
  readonly recipe: Recipe;
  readonly widths: readonly number[];
  readonly steps: number;
  readonly seed: number;
  readonly validateEvery: number;
  readonly checkpointEvery: number;
}

function courseOf(given: Given<typeof options>): Course {
  const { widths, size, learningRate, augment, validateEvery, ...chosen } = given.data === undefined ? small : real;
  const steps = given.steps ?? chosen.steps;
  const recipe: Recipe = {
    ...standard, model: { architecture: "unet", options: { widths } }, size, length: { steps }, augment: augmentFor(augment),
    optimizer: { ...standard.optimizer, clipNorm: 1 }, schedule: { ...standard.schedule, learningRate },
  };
  return { recipe: warmedUp(recipe, steps), widths, steps, seed: given.seed ?? 0, validateEvery: Math.min(validateEvery, steps), checkpointEvery: given.data === undefined ? steps : validateEvery };
}

/** Segments every image, writes masks and overlays, and returns what the report shows. */
async function segmentAll(model: SegmentationModel, dataset: Dataset, out: string, terminal: Terminal, signal: AbortSignal): Promise<Judged[]> {
  await Promise.all(["masks", "overlays"].map((name) => ensureDir(join(out, name))));
  const judged: Judged[] = [];
  for (let i = 0; i < dataset.length; i++) {
    terminal.progress(`Segmenting images it never saw: ${i}/${dataset.length}`);
    const sample = await dataset.get(i, signal);
    const { width, height } = sample;
    const image = { width, height, channels: 3 as const, data: Uint8Array.from(sample.image) };
    const { classes: data } = await model.predict(image, { signal });
    const name = `${sample.name.replace(/\.\w+$/, "")}.png`;
    const labels = { width, height, data };
    await writeAtomically(join(out, "masks", name), encodePalettePng(labels, model.classInfo.map(({ color }) => color)));
    await writeAtomically(join(out, "overlays", name), encodePng(overlay(image, labels, overlayPalette(model), { contours: true })));
    judged.push({ sample, predicted: data });
  }
  return judged;
}

async function quickstart(given: Given<typeof options>, terminal: Terminal, device: Device, signal: AbortSignal): Promise<void> {
  const begun = performance.now();
  const out = given.out ?? join("out", "quickstart");
  const { recipe, widths, steps, seed, validateEvery, checkpointEvery } = courseOf(given);
  const storage = await trainingFolder(out);
  const data = given.data === undefined ? await syntheticData(join(out, "data"), seed) : await realData(given.data);
  try {
    for (const sentence of data.assumed) terminal.line(sentence);
    terminal.line(`Data: ${data.description}; ${data.val.length} for validation, ${data.test.length} never seen in training.`);
    const statistics = await measure(data.train, (line) => terminal.progress(line), signal);
    using model = modelFor(recipe, data.train.classes);
    model.to(device, { seed });
    terminal.line(`Network: U-Net ${widths.join("-")}, ${model.parameterCount().toLocaleString("en")} parameters; ${recipe.size!.join("×")}, batches of ${recipe.batchSize}, ${plural(steps, "step")}.`);
    const trainer = new Trainer({
      ...(await trainerOptions(recipe, { model, dataset: data.train, validation: data.val, statistics })), storage, signal, seed,
      validateEvery, checkpointEvery, callbacks: [trainingProgress(terminal)],
      ...(given.data === undefined ? {} : { validationSize: [256, 256] as const }),
    });
    const training = await trainer.run();
    if (training.reason === "stopped") return;

    const { matrix } = await evaluate(model, data.test, { signal });
    const judged = await segmentAll(model, data.test, out, terminal, signal);
    const names = data.test.classes.map(({ name }) => name);
    const scores = scoresOf(matrix, { names });
    const seconds = (performance.now() - begun) / 1000;
    const facts = {
      adapter: device.adapter.name, data: data.description, network: `U-Net, widths ${widths.join(", ")}, ${model.parameterCount().toLocaleString("en")} parameters`,
      training: `${plural(training.steps, "step")}, batches of ${recipe.batchSize} at ${recipe.size!.join("×")}, ${recipe.optimizer.rule}, learning rate ${recipe.schedule.learningRate}, loss ${recipe.loss.rule}`,
      weights: training.best ? `of step ${training.best.step}, the best on ${data.val.length} validation images` : "the last", seed: String(seed), time: `${duration(training.seconds)} of training, ${duration(seconds)} in all`,
    };
    await writeAtomically(join(out, "loss-curve.svg"), lossCurve(training.losses, training.validations));
    await writeAtomically(join(out, "metrics.json"), `${JSON.stringify({
      ...plain(scores), confusionMatrix: { classes: names, rows: "truth", columns: "predicted", counts: rows(matrix.counts, names.length) }, images: judged.length, seconds, trainingSeconds: training.seconds, best: training.best, ...facts,
    }, null, 2)}\n`);
    await writeAtomically(join(out, "report.html"), report({
      title: given.data === undefined ? "A U-Net that finds nuclei" : `A U-Net trained on ${basename(resolve(given.data))}`,
      subtitle: `Trained on ${data.description}; judged on ${plural(judged.length, "image")} it never saw.`,
      classes: data.test.classes, scores, judged, training, facts: Object.entries(facts),
      command: `${process.env["npm_lifecycle_event"] ? "npm run atrous --" : "npx atrous"} segment IMAGE --weights ${join(out, trainingFiles.weights)} --overlay`,
    }));
    terminal.line(`\nOn ${plural(judged.length, "unseen image")}:\n${scoresTable(scores)}\n`);
    const { iou } = scores.mean;
    terminal.line(`Mean IoU on unseen images: ${iou.toFixed(4)}${iou < GOAL ? `, below the ${GOAL.toFixed(2)} that this should reach` : ""}. ${duration(seconds)} in all.`);
    terminal.line(`Report: ${join(out, "report.html")}`);
  } finally {
    await data.close();
  }
}

export const quickstartCommand = defineCommand({
  name: "quickstart",
  summary: "Trains a small network on made-up microscope images, segments images it never saw, and writes a report. This is what npm start runs.",
  operands: "",
  fewest: 0,
  most: 0,
  options,
  run: async (_, given) => {
    const terminal = openTerminal();
    await withDevice(terminal, (device, signal) => quickstart(given, terminal, device, signal));
  },
});
