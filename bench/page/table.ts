// Results as a table: our figures, and for everybody else the time and the ratio to ours.
import { titleOf } from "../html-report-svg.js";
import { absences, contendersIn } from "../html-report-tables.js";
import { short } from "../report.js";
import { isFigures, type Figures, type Row } from "../results-file.js";

const OURS = ["ms", "GFLOP/s", "of peak", "GB/s", "of peak", "error"];

const percent = (value: number | undefined): string => (value === undefined ? "" : `${value.toFixed(0)} %`);
const rate = (value: number | undefined): string => (value ? short(value) : "");

function cell(tag: "td" | "th", text: string, more: Partial<HTMLTableCellElement> = {}): HTMLTableCellElement {
  return Object.assign(document.createElement(tag), { textContent: text }, more);
}

/** A median with its quartiles below it. */
function medianCell(median: string, quartiles: readonly string[]): HTMLTableCellElement {
  const td = cell("td", median);
  td.append(Object.assign(document.createElement("small"), { textContent: quartiles.join("–") }));
  return td;
}

const ourCells = (ours: Figures): HTMLTableCellElement[] => [
  medianCell(short(ours.medianMs!), ours.quartilesMs!.map(short)),
  ...[rate(ours.gflops), percent(ours.percentOfPeak), rate(ours.gigabytesPerSecond), percent(ours.percentOfBandwidth), ours.error!.toExponential(0)].map((text) => cell("td", text)),
];

function line(...cells: readonly HTMLTableCellElement[]): HTMLTableRowElement {
  const row = document.createElement("tr");
  row.append(...cells);
  return row;
}

/** Time and ratio of somebody else; a dash where it is absent, which the lines below the table explain, and nothing where it was not asked. */
function rivalCells(one: Row["contenders"][string] | undefined): HTMLTableCellElement[] {
  if (!isFigures(one)) return [cell("td", one ? "–" : "", { className: "first" }), cell("td", "")];
  const { median, low, high } = one.ratio!;
  return [cell("td", short(one.medianMs!), { className: "first" }), medianCell(`${median.toFixed(2)}×`, [low.toFixed(2), high.toFixed(2)])];
}

function rowOf({ name, contenders }: Row, rivals: readonly string[]): HTMLTableRowElement {
  const { atrous: ours } = contenders;
  if (!isFigures(ours)) return line(cell("th", name), cell("td", ours?.absent ?? "", { className: "bad", colSpan: OURS.length + 2 * rivals.length }));
  return line(cell("th", name), ...ourCells(ours), ...rivals.flatMap((rival) => rivalCells(contenders[rival])));
}

/** Shows rows in a table, and below it why some are not there. */
export function showRows(table: HTMLTableElement, reasons: HTMLElement, rows: readonly Row[]): void {
  const rivals = contendersIn(rows).filter((name) => name !== "atrous");
  const head = document.createElement("thead");
  if (rivals.length > 0) head.append(line(cell("th", ""), ...[["atrous", OURS.length] as const, ...rivals.map((name) => [titleOf(name), 2] as const)].map(([text, colSpan]) => cell("th", text, { className: "first", colSpan }))));
  head.append(line(cell("th", "case"), ...OURS.map((text) => cell("th", text)), ...rivals.flatMap(() => [cell("th", "ms", { className: "first" }), cell("th", "over ours")])));
  const body = document.createElement("tbody");
  body.append(...rows.map((row) => rowOf(row, rivals)));
  table.replaceChildren(head, body);
  reasons.replaceChildren(...absences(rows.filter(({ contenders: { atrous: ours } }) => isFigures(ours))).map((text) => Object.assign(document.createElement("li"), { textContent: text })));
}
