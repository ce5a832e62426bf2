import { OptionError, checkOptions } from "../runtime/errors.js";
import type { ConfusionMatrix } from "./confusion-matrix.js";
import { wholeFigures, type Ratios, type Scores } from "./scores.js";

export const fraction = (value: number, digits = 4): string => (Number.isNaN(value) ? "–" : value.toFixed(digits));
export const thousands = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

/** Rows of cells as aligned columns: the first to the left, the rest to the right. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  ").trimEnd()).join("\n");
}

/**
 * Scores as plain text: a row per class, their averages, and the figures of the whole. Absent classes show "–".
 *
 * @pytorch none
 */
export function scoresTable(scores: Scores): string {
  const { perClass, mean, micro, weighted, pixels } = scores;
  const ratios = (r: Ratios): string[] => [r.precision, r.recall, r.dice, r.iou].map((value) => fraction(value));
  const rows = [
    ["class", "precision", "recall", "Dice", "IoU", "pixels"],
    ...perClass.map((c) => [c.name, ...ratios(c), thousands(c.support)]),
    ["mean", ...ratios(mean), thousands(pixels)],
    ["pooled", ...ratios(micro), ""],
    ["weighted by pixels", ...ratios(weighted), ""],
  ];
  return `${columns(rows)}\n\n${columns(wholeFigures(scores).map(([name, value]) => [name, fraction(value)]))}`;
}

export interface ConfusionTableOptions {
  /** Names of the classes. Default "0", "1", … */
  names?: readonly string[] | undefined;
  /** Percent of the row's pixels instead of pixels. Default false. */
  percent?: boolean | undefined;
}

/**
 * A confusion matrix as plain text: a row per true class, a column per predicted class.
 *
 * @throws OptionError for names that do not fit the classes
 * @pytorch none
 */
export function confusionTable(matrix: ConfusionMatrix, options: ConfusionTableOptions = {}): string {
  checkOptions("confusionTable", options, ["names", "percent"]);
  const { names, percent = false } = options;
  if (names && names.length !== matrix.classes) throw new OptionError(`confusionTable: there are ${matrix.classes} classes but ${names.length} names.`);
  const classes = Array.from({ length: matrix.classes }, (_, i) => i);
  const name = (i: number): string => names?.[i] ?? String(i);
  return columns([
    ["truth \\ predicted", ...classes.map(name)],
    ...classes.map((truth) => {
      const row = classes.map((predicted) => matrix.at(truth, predicted));
      const sum = row.reduce((a, b) => a + b, 0);
      return [name(truth), ...row.map((n) => (!percent ? thousands(n) : sum ? `${((100 * n) / sum).toFixed(1)} %` : "–"))];
    }),
  ]);
}
