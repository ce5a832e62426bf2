// docs/performance.md as text, from the results that `npm run bench -- --save` left in bench/results.
import { barsOf, type Bar } from "../../bench/bars.js";
import { gpuBarsOf } from "../../bench/gpu-bars.js";
import type { Group } from "../../bench/harness.js";
import type { AdapterResults } from "../../bench/html-report-data.js";
import { short, titleOf } from "../../bench/html-report-svg.js";
import { absences, contendersIn, mebibytes } from "../../bench/html-report-tables.js";
import { isFigures, type Figures, type ResultsFile, type Row } from "../../bench/results-file.js";

const titles: Record<Group, string> = {
  limits: "The adapter's limits", operators: "Operators", networks: "Networks", training: "Training steps",
  cold: "Cold start", bundle: "Bytes that a page downloads", memory: "Peak GPU memory",
};

/** Share of the machine that others may take before a time is marked. */
const BUSY = 0.08;

const escape = (text: string): string => text.replaceAll("|", "\\|");

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escape).join(" | ")} |`;
  return [line(head), `|---|${"--:|".repeat(head.length - 1)}`, ...rows.map(line)].join("\n");
}

const ratio = ({ ratio: r }: Figures): string => {
  if (!r) return "";
  return r.low === r.high ? ` (${r.median.toFixed(2)}×)` : ` (${r.median.toFixed(2)}×, ${r.low.toFixed(2)}–${r.high.toFixed(2)})`;
};

/** A contender's figure in the unit of its group, with how it compares with ours. */
function cell(row: Row, name: string): string {
  const one = row.contenders[name];
  if (!isFigures(one)) return "–";
  if (row.group === "memory") return one.bytes === undefined ? "–" : `${mebibytes(one.bytes)}${ratio(one)}`;
  if (row.group === "bundle") return one.bytes === undefined ? "–" : `${short(one.bytes / 1000)}${ratio(one)}`;
  if (one.medianMs === undefined) return "–";
  const value = row.group === "cold" ? (one.medianMs / 1000).toFixed(2) : short(one.medianMs);
  return `${(one.othersShare ?? 0) > BUSY ? "~" : ""}${value}${ratio(one)}`;
}

const units: Record<Group, string> = { limits: "ms", operators: "ms", networks: "ms", training: "ms", cold: "seconds", bundle: "kB, brotli", memory: "MiB" };

function reached(row: Row): string {
  const one = row.contenders["atrous"];
  if (!isFigures(one)) return "";
  if (one.gflops) return `${short(one.gflops)} GFLOP/s${one.percentOfPeak === undefined ? "" : `, ${one.percentOfPeak.toFixed(0)} %`}`;
  return one.gigabytesPerSecond ? `${short(one.gigabytesPerSecond)} GB/s${one.percentOfBandwidth === undefined ? "" : `, ${one.percentOfBandwidth.toFixed(0)} %`}` : "";
}

/** What our plans of these rows are made of. */
function plans(rows: readonly Row[]): string {
  const cells = rows.flatMap(({ name, contenders: { atrous: ours } }) => (isFigures(ours) && ours.plan
    ? [[name, String(ours.plan.dispatches), String(ours.plan.pipelines), mebibytes(ours.plan.slabBytes), `${(ours.plan.slabBytes / ours.plan.lowerBoundBytes).toFixed(2)}×`, ours.plan.encodeMicrosecondsPerDispatch.toFixed(1)]]
    : []));
  return cells.length === 0 ? "" : `\n${table(["plan", "dispatches", "pipelines", "memory, MiB", "over the lower bound", "encoding, µs per dispatch"], cells)}\n`;
}

function groupSection({ rows, command, date, atrous, rounds }: ResultsFile): string {
  const { group } = rows[0]!;
  const names = contendersIn(rows);
  const rates = rows.some((row) => reached(row));
  const reasons = absences(rows);
  return `### ${titles[group]}

\`${command}\`, ${date.slice(0, 10)}, atrous ${atrous}, ${rounds} rounds.

${table([units[group], ...names.map(titleOf), ...(rates ? ["ours reaches, of peak"] : [])], rows.map((row) => [row.name, ...names.map((name) => cell(row, name)), ...(rates ? [reached(row)] : [])]))}
${reasons.length > 0 ? `\n${reasons.map((reason) => `- ${escape(reason)}`).join("\n")}\n` : ""}${group === "networks" || group === "training" ? plans(rows) : ""}`;
}

const barsTable = (bars: readonly (Bar & { readonly measured?: boolean })[]): string =>
  table(["", "wanted", "reached", ""], bars.map(({ what, wanted, got, met, measured = true }) => [what, wanted, got || "–", measured ? (met ? "met" : "**not met**") : "not measured"]));

function adapterSection({ files }: AdapterResults): string {
  const { adapter, machine } = files[0]!;
  const rows = files.flatMap((file) => file.rows);
  const peers = Object.assign({}, ...files.map((file) => file.peers)) as ResultsFile["peers"];
  const bars = adapter.software ? barsOf(rows) : gpuBarsOf(rows);
  return `## ${adapter.name}

${adapter.software ? "A CPU that pretends to be a GPU. " : ""}${[machine.cpu, `${machine.cores} cores`, machine.platform, `Node ${machine.node}`].filter(Boolean).join(", ")}. Measured peaks: ${short(adapter.gflops)} GFLOP/s
(${adapter.fastestForm}), ${short(adapter.gigabytesPerSecond)} GB/s (copy, bytes read and written).
${Object.entries(peers).map(([name, { version, notes }]) => `\n- ${titleOf(name)} ${version}${notes.length > 0 ? `: ${notes.join("; ")}` : ""}`).join("")}
${bars.length > 0 ? `\n### What it sets out to reach here\n\n${barsTable(bars)}\n` : ""}
${files.map(groupSection).join("\n")}`;
}

/** The whole page. */
export function performancePage(adapters: readonly AdapterResults[]): string {
  const gpu = adapters.some(({ files }) => !files[0]!.adapter.software);
  return `<!-- Written by the tests (npm run gen:performance) from bench/results; \`npm run bench -- --save\` writes those. -->
# Performance

Every figure is from one run of \`npm run bench\`: ours and the others in the same process, on the same adapter, with the same inputs, their results compared
before anything is timed, and their runs interleaved round by round. Times are medians. In parentheses stands the time of the other library over ours, paired
by round, with its quartiles: above 1 ours is faster. Percentages are of the adapter's own peaks, which the same run measures; bytes are those that an operator must
read and write at least. \`~\` marks times that were taken while other programs used the machine. What to run for each table stands above it;
\`npm run bench:peers\` installs the others first, and \`npm run bench:report\` draws the same figures in bench/report.html.

${adapters.map(({ files }) => `- [${files[0]!.adapter.name}](#${anchor(files[0]!.adapter.name)})`).join("\n")}
${adapters.length === 0 ? "No results are saved.\n" : ""}
${adapters.map(adapterSection).join("\n")}${gpu ? "" : `
## GPUs

No GPU has been measured: these are the figures that the kernels for GPUs are made for. \`npm run bundle:remote\` packs what a Linux server with
a GPU, but without Node and a network, needs to measure them.

${barsTable(gpuBarsOf([]))}
`}`;
}

/** The fragment of a heading, as GitHub makes it. */
const anchor = (heading: string): string => heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
