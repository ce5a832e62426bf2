import { checkOptions } from "../runtime/errors.js";
import { confusionPicture, escapeXml } from "./confusion-picture.js";
import { wholeFigures, type Ratios, type Scores } from "./scores.js";
import { confusionTable, fraction, scoresTable, thousands } from "./table.js";

export interface ReportOptions {
  /** Percent of each row instead of pixels, in the confusion matrix of the text. Default false. */
  percent?: boolean | undefined;
}

export interface MetricsReport {
  /** Tables of plain text: scores of each class and their averages, figures of the whole, the confusion matrix. */
  readonly text: string;
  /** The same as elements of a page: two tables and the picture. */
  readonly html: string;
  /** The confusion matrix as an SVG document. */
  readonly picture: string;
}

/**
 * Scores for people to read: as text for a terminal, as HTML for a page, and the confusion matrix as a picture.
 *
 *     console.log(report(scores(matrix, { names })).text);
 *
 * @pytorch none; sklearn.metrics.classification_report, ConfusionMatrixDisplay
 */
export function report(scores: Scores, options: ReportOptions = {}): MetricsReport {
  checkOptions("report", options, ["percent"]);
  const names = scores.perClass.map(({ name }) => name);
  const picture = confusionPicture(scores.matrix, names);
  return {
    text: `${scoresTable(scores)}\n\n${confusionTable(scores.matrix, { names, percent: options.percent })}`,
    html: `${classesTable(scores)}\n${wholeTable(scores)}\n${picture}`,
    picture,
  };
}

const cell = (value: number): string => `<td>${fraction(value, 3)}</td>`;
const cells = (r: Ratios): string => [r.precision, r.recall, r.dice, r.iou].map(cell).join("");

function classesTable({ perClass, mean, micro, weighted }: Scores): string {
  const row = (name: string, ratios: Ratios, support = ""): string => `<tr><th>${escapeXml(name)}</th>${cells(ratios)}<td>${support}</td></tr>`;
  return `<table><thead><tr><th>class</th><th>precision</th><th>recall</th><th>Dice</th><th>IoU</th><th>pixels</th></tr></thead><tbody>
${perClass.map((s) => row(s.name, s, thousands(s.support))).join("\n")}
</tbody><tfoot>${row("mean", mean)}${row("pooled", micro)}${row("weighted by pixels", weighted)}</tfoot></table>`;
}

function wholeTable(scores: Scores): string {
  return `<table>${wholeFigures(scores).map(([name, value]) => `<tr><th>${name}</th>${cell(value)}</tr>`).join("\n")}</table>`;
}
