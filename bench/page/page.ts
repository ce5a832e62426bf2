// The page of `npm run bench:page`: the cases of the benchmark in the browser that shows it. `?only=NAME&group=NAME&rounds=N&peers=NAMES&start` runs at once.
import { style } from "../../src/cli/report-style.js";
import { createDevice } from "../../src/index.js";
import { measureAdapter, type AdapterLimits } from "../../src/kernels/adapter-limits.js";
import type { Device } from "../../src/runtime/device.js";
import { benchCases } from "../cases.js";
import type { Contender, PeerName } from "../contender.js";
import { measureCase, type Case, type Result } from "../harness.js";
import { titleOf } from "../html-report-svg.js";
import { bestOf, planNumbers, short } from "../report.js";
import { peersOf, rowsOf, type ResultsFile, type Row } from "../results-file.js";
import { openPeers, peerChoice, shareAdapter } from "./peers.js";
import { showRows } from "./table.js";

/** Version of the library, put in by the build. */
declare const VERSION: string;

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const ui = {
  form: element<HTMLFormElement>("form"), group: element<HTMLSelectElement>("group"), only: element<HTMLInputElement>("only"), rounds: element<HTMLInputElement>("rounds"),
  start: element<HTMLButtonElement>("start"), stop: element<HTMLButtonElement>("stop"), download: element<HTMLButtonElement>("download"),
  peers: element("peers"), aboutPeers: element("about-peers"), status: element("status"), adapter: element("adapter"),
  table: element<HTMLTableElement>("table"), reasons: element("reasons"), notes: element("notes"),
};

const show = (rows: readonly Row[]): void => showRows(ui.table, ui.reasons, rows);

/** A case that went wrong, beside those that did not. */
const failedRow = ({ group, name, count }: Case, error: unknown): Row => ({ group, name, flops: 0, flopsCount: count, bytes: 0, contenders: { atrous: { absent: error instanceof Error ? error.message : String(error) } } });

function chosen(device: Device): Case[] {
  const [group, only] = [ui.group.value, ui.only.value.trim()];
  const kind = device.adapter.software ? "software" : "gpu";
  return benchCases.filter((one) => (one.where ?? kind) === kind && (group === "" || one.group === group) && one.name.includes(only) && (!one.feature || device.adapter.features.has(one.feature)));
}

function fileOf(device: Device, peak: AdapterLimits, rounds: number, contenders: readonly Contender[], rows: readonly Row[]): ResultsFile {
  return {
    adapter: { name: device.adapter.name, software: device.adapter.software, ...peak },
    machine: { cpu: undefined, cores: navigator.hardwareConcurrency, platform: navigator.userAgent, node: "none, a page" },
    atrous: VERSION, date: new Date().toISOString(), command: "npm run bench:page", toggles: {}, rounds, peers: peersOf(contenders), rows,
  };
}

/** Runs what is chosen, one case after the other; a wrong or impossible one is shown as that. */
async function run(device: Device, rounds: number, peers: readonly PeerName[], signal: AbortSignal): Promise<ResultsFile> {
  const contenders = await openPeers(peers, (what) => (ui.status.textContent = what));
  ui.notes.replaceChildren(...contenders.map(({ name, version, notes }) => Object.assign(document.createElement("li"), { textContent: `${titleOf(name)} ${version}: ${notes.join("; ")}` })));
  ui.status.textContent = "measuring the adapter";
  let peak = await measureAdapter(device);
  const [results, failed]: [Result[], Row[]] = [[], []];
  const rows = (): Row[] => [...rowsOf(results, peak), ...failed];
  const cases = chosen(device);
  for (const [i, one] of cases.entries()) {
    if (signal.aborted) break;
    try {
      results.push(await measureCase(device, one, {
        rounds, contenders, variants: [],
        progress: (what) => (ui.status.textContent = `${i + 1}/${cases.length} ${one.name}: ${what}`),
        look: (_, { plan }, timed) => Promise.resolve(plan && planNumbers(plan, timed)),
      }));
    } catch (error) {
      failed.push(failedRow(one, error));
    }
    show(rows());
  }
  peak = bestOf(peak, await measureAdapter(device));
  show(rows());
  return fileOf(device, peak, rounds, contenders, rows());
}

function download(file: ResultsFile): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${JSON.stringify(file, null, 1)}\n`], { type: "application/json" }));
  link.download = "bench.json";
  link.click();
  URL.revokeObjectURL(link.href);
}

async function main(): Promise<void> {
  document.head.prepend(Object.assign(document.createElement("style"), { textContent: style }));
  ui.group.append(new Option("all", ""), ...[...new Set(benchCases.map(({ group }) => group))].map((group) => new Option(group, group)));
  const query = new URLSearchParams(location.search);
  ui.group.value = query.get("group") ?? "";
  ui.only.value = query.get("only") ?? "";
  ui.rounds.value = query.get("rounds") ?? "5";
  const peers = peerChoice(ui.peers, ui.aboutPeers, query.get("peers"));
  const device = await createDevice();
  shareAdapter();
  ui.adapter.textContent = `${device.adapter.name}${device.adapter.software ? " (software)" : ""}`;
  let last: ResultsFile | undefined;
  const start = async (): Promise<ResultsFile> => {
    const abort = new AbortController();
    ui.stop.onclick = () => abort.abort();
    [ui.start.disabled, ui.stop.disabled, ui.download.disabled] = [true, false, true];
    last = await run(device, Math.max(1, Math.round(Number(ui.rounds.value)) || 1), peers(), abort.signal);
    ui.status.textContent = `${last.rows.length} case${last.rows.length === 1 ? "" : "s"}. Peaks: ${short(last.adapter.gflops)} GFLOP/s (${last.adapter.fastestForm}), copy ${short(last.adapter.gigabytesPerSecond)} GB/s.`;
    [ui.start.disabled, ui.stop.disabled, ui.download.disabled] = [false, true, false];
    return last;
  };
  ui.form.onsubmit = (event) => {
    event.preventDefault();
    void start();
  };
  ui.download.onclick = () => last && download(last);
  ui.start.disabled = false;
  // For programs that drive the page: what the run came to.
  if (query.has("start")) Object.assign(globalThis, { result: await start() });
}

main().catch((error: unknown) => {
  ui.adapter.textContent = error instanceof Error ? error.message : String(error);
  // Programs that wait for the run need not wait for ever.
  Object.assign(globalThis, { result: { error: ui.adapter.textContent } });
});
