import type { ConfusionMatrix } from "../metrics/confusion-matrix.js";
import type { Scores } from "../metrics/scores.js";
import { table } from "./terminal.js";

const cell = (value: number): string => (Number.isNaN(value) ? "absent" : value.toFixed(4));

/** Precision, recall, Dice and IoU of each class and on average, as lines of text. */
export function scoresTable(scores: Scores): string[] {
  return [
    ...table([
      ["class", "precision", "recall", "Dice", "IoU", "pixels"],
      ...scores.perClass.map(({ name, precision, recall, dice, iou, support }) => [name, cell(precision), cell(recall), cell(dice), cell(iou), String(support)]),
      ["mean", cell(scores.mean.precision), cell(scores.mean.recall), cell(scores.mean.dice), cell(scores.mean.iou), ""],
    ]),
    "",
    `pixel accuracy ${cell(scores.pixelAccuracy)}`,
  ];
}

/** The confusion matrix as lines of text: rows are the truth, columns what was predicted. */
export function matrixTable(matrix: ConfusionMatrix, names: readonly string[]): string[] {
  return table([["truth \\ predicted", ...names], ...names.map((name, row) => [name, ...names.map((_, column) => String(matrix.counts[row * names.length + column]))])]);
}
