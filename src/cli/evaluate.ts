import { datasetNames } from "../data/datasets/index.js";
import { splits } from "../data/folder-layout.js";
import { scores as scoresOf, type Scores } from "../metrics/scores.js";
import { writeAtomically } from "../io/files.js";
import { report } from "../metrics/report.js";
import { OptionError } from "../runtime/errors.js";
import { evaluate } from "../train/evaluate.js";
import { choice, count, defineCommand, number, flag, oneOf, text, type Given } from "./args.js";
import { openData } from "./open-data.js";
import { openWeights } from "./open-weights.js";
import { withDevice } from "./session.js";
import { openTerminal, plural, type Terminal } from "./terminal.js";

const options = {
  weights: text("FILE", "what atrous train wrote (weights.safetensors)", "w"),
  split: choice(splits, "which part of the data (test)"),
  dataset: oneOf("NAME", datasetNames, `DATA is a published data set in its own folders: ${datasetNames.join(", ")}`),
  threshold: number("P", "single-logit networks: foreground from this probability on (0.5)", { min: 0.001, max: 0.999 }),
  absent: choice(["ignore", "zero", "one"], "what a class that occurs neither in masks nor predictions counts in averages (ignore)"),
  c0: number("COST", "two classes: cost of a false positive, for the cost-weighted error c0·FP + c1·FN (1)", { min: 0 }),
  c1: number("COST", "cost of a false negative (1)", { min: 0 }),
  seed: count("N", "of the division of data without splits, as it was trained (0)", 0),
  picture: text("FILE", "write the confusion matrix as a picture, FILE.svg"),
  json: flag("print the figures as JSON, and nothing else, on standard output"),
};

async function run(data: string, given: Given<typeof options>, terminal: Terminal): Promise<void> {
  const { weights, split = "test", absent = "ignore", c0 = 1, c1 = 1 } = given;
  if (weights === undefined) throw new OptionError("atrous evaluate: --weights FILE is missing. See atrous evaluate --help.");
  await withDevice(terminal, async (device, signal) => {
    using model = await openWeights(weights, device);
    await using dataset = await openData(data, given.dataset, { split, seed: given.seed });
    for (const sentence of dataset.assumed) terminal.line(sentence);
    const begun = performance.now();
    const { matrix, loss } = await evaluate(model, dataset, {
      threshold: given.threshold, signal, progress: (done, total) => terminal.progress(`${done}/${total} images`, done === total || done % Math.ceil(total / 5) === 0),
    });
    const names = dataset.classes.map(({ name }) => name);
    const scores = scoresOf(matrix, { names, absent });
    if (given.picture !== undefined) await writeAtomically(given.picture, report(scores).picture);
    const seconds = (performance.now() - begun) / 1000;
    const errors = scores.costWeightedError({ c0, c1 });
    // Of two classes, the second is the one that is looked for.
    const costWeightedError = { c0, c1, perClass: errors.perClass, ...(names.length === 2 ? { foreground: errors.perClass[1]! } : {}) };
    if (!given.json) {
      terminal.line(`${plural(dataset.length, "image")} of ${data} (${split}), ${seconds.toFixed(1)} s.`);
      terminal.line(`\n${report(scores).text}\n`);
      const shown = names.length === 2 ? `${errors.perClass[1]} (${names[1]})` : names.map((name, i) => `${errors.perClass[i]} (${name})`).join(", ");
      terminal.line(`cost-weighted error ${c0}·FP + ${c1}·FN = ${shown}`);
    } else terminal.json({ data, split, weights, images: dataset.length, adapter: device.adapter.name, seconds, crossEntropy: loss, ...plain(scores), costWeightedError, confusionMatrix: { classes: names, rows: "truth", columns: "predicted", counts: rows(matrix.counts, names.length) } });
  });
}

/** Scores as JSON holds them; what is not a number (classes that are absent) becomes null there. */
export const plain = ({ matrix: _matrix, costWeightedError: _cost, ...figures }: Scores): object => figures;

export const rows = (counts: ArrayLike<number>, n: number): number[][] => Array.from({ length: n }, (_, r) => Array.from({ length: n }, (__, c) => counts[r * n + c]!));

export const evaluateCommand = defineCommand({
  name: "evaluate",
  summary: "Compares a network with the masks of a data set. Prints precision, recall, Dice and IoU of each class, and the confusion matrix.",
  operands: "DATA",
  fewest: 1,
  most: 1,
  options,
  notes: ["DATA is a folder as atrous train takes it. Every image is judged whole, at its own size; all pixels count the same."],
  run: ([data], given) => run(data!, given, openTerminal({ json: given.json })),
});
