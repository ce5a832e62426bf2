// `npm run bench:report [-- --from FOLDER --to FILE]`: bench/report.html out of the saved results, one file that needs nothing else.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { style } from "../src/cli/report-style.js";
import { escapeXml } from "../src/metrics/confusion-picture.js";
import { barsOf } from "./bars.js";
import { gpuBarsOf } from "./gpu-bars.js";
import type { Group } from "./harness.js";
import { ratioBars, rivalsIn } from "./html-report-bars.js";
import { readResults, type AdapterResults } from "./html-report-data.js";
import { roofline, type RooflinePoint } from "./html-report-roofline.js";
import { colorOf, legend, palette, short, titleOf } from "./html-report-svg.js";
import { absences, figuresTable, htmlTable, plansTable, timesTable } from "./html-report-tables.js";
import { kernelColor, kindShares, timeLine } from "./html-report-timeline.js";
import type { KernelRow } from "./profile.js";
import { isFigures, type ResultsFile, type Row } from "./results-file.js";

const titles: Record<Group, string> = {
  limits: "Limits of the adapter", operators: "Operators", networks: "Networks", training: "Training steps",
  cold: "Cold start", bundle: "Bytes that a page downloads", memory: "Peak GPU memory",
};

const note = (content: string): string => `<p class="note">${escapeXml(content)}</p>`;
const section = (heading: string, ...parts: readonly string[]): string => (parts.some(Boolean) ? `<section><h2>${escapeXml(heading)}</h2>\n${parts.filter(Boolean).join("\n")}\n</section>` : "");

/** Operators whose bytes are known, under the roof. */
function operatorPoints(rows: readonly Row[]): RooflinePoint[] {
  return rows.flatMap(({ name, flops, bytes, contenders }) => Object.entries(contenders).flatMap(([contender, one]) =>
    isFigures(one) && one.gflops && bytes > 0 ? [{ name: `${name}, ${titleOf(contender)}`, flopsPerByte: flops / bytes, gflops: one.gflops, color: colorOf(contender) }] : []));
}

const kernelPoints = (rows: readonly KernelRow[]): RooflinePoint[] => rows.filter(({ gigabytesPerSecond }) => gigabytesPerSecond > 0)
  .map((row) => ({ name: `${row.kernel} ${row.shapes}`, flopsPerByte: row.gflops / row.gigabytesPerSecond, gflops: row.gflops, color: kernelColor(row) }));

/** A profiled plan: time line, shares by kind, and its kernels under the roof. */
function profileSection(name: string, rows: readonly KernelRow[], { adapter }: ResultsFile): string {
  const shares = kindShares(rows);
  const total = rows.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const key = legend(shares.map(({ name: kind, color, milliseconds, dispatches }) => [color, `${kind}: ${short(milliseconds)} ms, ${((100 * milliseconds) / total).toFixed(0)} %, ${dispatches} dispatches`] as const));
  return section(
    `Kernels of ${name}`, note(`${rows.length} dispatches, ${short(total)} ms one by one, in the order of the plan.`), `<p class="note">${key}</p>`, timeLine(rows),
    note("The same kernels: GFLOP/s over FLOP per byte of their operands, under the adapter's measured peaks."), roofline(kernelPoints(rows), adapter),
  );
}

function timedSection(file: ResultsFile): string {
  const { rows, adapter } = file;
  const { group } = rows[0]!;
  const rivals = rivalsIn(rows);
  const points = operatorPoints(rows);
  const own = [...new Set(rows.flatMap(({ contenders }) => Object.entries(contenders).flatMap(([name, one]) => (isFigures(one) && one.gflops ? [name] : []))))];
  return section(
    titles[group],
    rivals.length > 0 ? `<p class="note">Time of others over ours, paired by round; to the right of 1 ours is faster. ${legend(rivals.map((name) => [colorOf(name), titleOf(name)] as const))}</p>` : "",
    ratioBars(rows), timesTable(rows), ...absences(rows).map(note),
    group === "operators" && points.length > 0 ? `<p class="note">GFLOP/s over FLOP per byte that must move, under the adapter's measured peaks. ${legend(own.map((name) => [colorOf(name), titleOf(name)] as const))}</p>${roofline(points, adapter)}` : "",
    plansTable(rows),
  );
}

function groupSection(file: ResultsFile): string {
  const { group } = file.rows[0]!;
  const main = group === "cold" || group === "memory" || group === "bundle"
    ? section(titles[group], figuresTable(file.rows), ...absences(file.rows).map(note), group === "cold" ? ratioBars(file.rows) : "")
    : timedSection(file);
  return [main, ...Object.entries(file.profiles ?? {}).map(([name, rows]) => profileSection(name, rows, file))].join("\n");
}

function barsSection(rows: readonly Row[], software: boolean): string {
  const bars = software ? barsOf(rows) : gpuBarsOf(rows).filter(({ measured }) => measured);
  return section("What it sets out to reach", bars.length > 0 ? `<div class="goals">${htmlTable(["", "wanted", "reached", ""], bars.map(({ what, wanted, got, met }) => [what, wanted, got, met ? "met" : "not met"]))}</div>` : "");
}

const unique = (values: readonly string[]): string[] => [...new Set(values)];

function adapterSection({ folder, files }: AdapterResults): string {
  const { adapter, machine } = files[0]!;
  const peers = Object.assign({}, ...files.map((file) => file.peers)) as ResultsFile["peers"];
  const facts: [string, string][] = [
    ["machine", [machine.cpu, `${machine.cores} cores`, machine.platform, `Node ${machine.node}`].filter(Boolean).join(", ")],
    ...files.map(({ rows, command, date }): [string, string] => [rows[0]!.group, `${command} (${date.slice(0, 10)})`]),
    ...Object.entries(peers).map(([name, { version, notes }]): [string, string] => [`${titleOf(name)} ${version}`, notes.join("; ")]),
  ];
  return `<article id="${escapeXml(folder)}">
<h1>${escapeXml(adapter.name)}</h1>
<div class="tiles">
<div class="tile main"><b>${short(adapter.gflops)}</b><span>GFLOP/s, measured (${escapeXml(adapter.fastestForm)})</span></div>
<div class="tile"><b>${short(adapter.gigabytesPerSecond)}</b><span>GB/s, measured copy</span></div>
<div class="tile"><b>${escapeXml(unique(files.map(({ atrous }) => atrous)).join(", "))}</b><span>atrous</span></div>
</div>
${barsSection(files.flatMap(({ rows }) => rows), adapter.software)}
${files.map(groupSection).join("\n")}
${section("How it was measured", `<dl>${facts.map(([name, value]) => `<dt>${escapeXml(name)}</dt><dd>${escapeXml(value)}</dd>`).join("\n")}</dl>`)}
</article>`;
}

/** The whole report. */
export function htmlReport(adapters: readonly AdapterResults[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>atrous: benchmarks</title>
<style>${style}${palette}body{max-width:64rem}article{margin-bottom:5rem}.tables{margin:.75rem 0}table{font-size:.85rem}td{white-space:nowrap}.goals td:nth-child(3){white-space:normal;text-align:left}section>svg{margin:.5rem 0 1rem}.tiles{margin-top:1.25rem}nav{margin-bottom:2rem}@media print{section{break-inside:auto}svg,tr{break-inside:avoid}table{font-size:.75rem}}</style>
</head>
<body>
${adapters.length > 1 ? `<nav>${adapters.map(({ folder, files }) => `<a href="#${escapeXml(folder)}">${escapeXml(files[0]!.adapter.name)}</a>`).join(" · ")}</nav>` : ""}
${adapters.map(adapterSection).join("\n")}
</body>
</html>
`;
}

const { values } = parseArgs({ options: { from: { type: "string", default: "bench/results" }, to: { type: "string", default: "bench/report.html" } } });
const adapters = readResults(values.from);
if (adapters.length === 0) {
  console.error(`bench:report: there are no results under ${values.from}; npm run bench -- --save writes them.`);
  process.exitCode = 1;
} else {
  writeFileSync(values.to, htmlReport(adapters));
  console.log(values.to);
}
