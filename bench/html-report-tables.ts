import { escapeXml } from "../src/metrics/confusion-picture.js";
import { short, titleOf } from "./html-report-svg.js";
import { isFigures, type Figures, type Row } from "./results-file.js";

/** Cells as they are, the first of each row its head. */
export function htmlTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const cells = (tag: string, values: readonly string[]): string => values.map((value, i) => `<${i === 0 ? "th" : tag}>${escapeXml(value)}</${i === 0 ? "th" : tag}>`).join("");
  return `<div class="tables"><table><thead><tr>${cells("th", head)}</tr></thead><tbody>${rows.map((row) => `<tr>${cells("td", row)}</tr>`).join("\n")}</tbody></table></div>`;
}

export const mebibytes = (bytes: number): string => short(bytes / 2 ** 20);

/** Names of the contenders in some rows, ours first. */
export const contendersIn = (rows: readonly Row[]): string[] => [...new Set(rows.flatMap(({ contenders }) => Object.keys(contenders)))];

const units: Partial<Record<Row["group"], { unit: string; show: (one: Figures) => string | undefined }>> = {
  cold: { unit: "seconds", show: ({ medianMs }) => (medianMs === undefined ? undefined : (medianMs / 1000).toFixed(2)) },
  memory: { unit: "MiB", show: ({ bytes }) => (bytes === undefined ? undefined : mebibytes(bytes)) },
  bundle: { unit: "kB", show: ({ bytes }) => (bytes === undefined ? undefined : short(bytes / 1000)) },
};

/** Cold starts, bytes of bundles, peaks of memory: a column for each contender, with its ratio to ours. */
export function figuresTable(rows: readonly Row[]): string {
  const kind = rows[0] && units[rows[0].group];
  if (!kind) return "";
  const names = contendersIn(rows);
  return htmlTable([kind.unit, ...names.map(titleOf)], rows.map((row) => [row.name, ...names.map((name) => {
    const one = row.contenders[name];
    if (!isFigures(one)) return "–";
    return `${kind.show(one) ?? "–"}${one.ratio ? ` (${one.ratio.median.toFixed(2)}×)` : ""}`;
  })]));
}

/** Times and rates of every row: what the bars are drawn from. */
export function timesTable(rows: readonly Row[]): string {
  const names = contendersIn(rows);
  const rates = ({ gflops, percentOfPeak = 0, gigabytesPerSecond, percentOfBandwidth = 0 }: Figures): string =>
    gflops ? `${short(gflops)} GFLOP/s, ${percentOfPeak.toFixed(0)} %` : gigabytesPerSecond ? `${short(gigabytesPerSecond)} GB/s, ${percentOfBandwidth.toFixed(0)} %` : "";
  return htmlTable(["milliseconds (quartiles)", ...names.map(titleOf), "ours reaches, of peak"], rows.map((row) => [row.name, ...names.map((name) => {
    const one = row.contenders[name];
    if (!isFigures(one) || one.medianMs === undefined) return "–";
    return `${short(one.medianMs)}${one.quartilesMs ? ` (${one.quartilesMs.map(short).join("–")})` : ""}`;
  }), isFigures(row.contenders["atrous"]) ? rates(row.contenders["atrous"]) : ""]));
}

/** What our plans are made of. */
export function plansTable(rows: readonly Row[]): string {
  const plans = rows.flatMap(({ name, contenders: { atrous: ours } }) => (isFigures(ours) && ours.plan ? [{ name, plan: ours.plan }] : []));
  return htmlTable(
    ["plan", "dispatches", "pipelines", "memory, MiB", "lower bound", "over it", "derived, MiB", "encoding, µs per dispatch"],
    plans.map(({ name, plan }) => [name, String(plan.dispatches), String(plan.pipelines), mebibytes(plan.slabBytes), mebibytes(plan.lowerBoundBytes), plan.lowerBoundBytes ? `${(plan.slabBytes / plan.lowerBoundBytes).toFixed(2)}×` : "–", mebibytes(plan.derivedBytes), plan.encodeMicrosecondsPerDispatch.toFixed(1)]),
  );
}

/** Why contenders are missing from rows, one line for each reason. */
export function absences(rows: readonly Row[]): string[] {
  const reasons = new Map<string, string[]>();
  for (const { name, contenders } of rows)
    for (const [contender, one] of Object.entries(contenders)) {
      if (isFigures(one)) continue;
      const reason = `${titleOf(contender)}: ${one.absent}`;
      reasons.set(reason, [...(reasons.get(reason) ?? []), name]);
    }
  return [...reasons].map(([reason, names]) => `${reason} (${names.length > 3 ? `${names.length} rows` : names.join("; ")})`);
}
