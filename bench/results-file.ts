import { mkdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { dirname } from "node:path";
import type { AdapterLimits } from "../src/kernels/adapter-limits.js";
import type { Device } from "../src/runtime/device.js";
import type { Contender } from "./contender.js";
import { median, quantile, ratioOf, type Group, type PlanNumbers, type Result, type Timed } from "./harness.js";
import type { KernelRow } from "./profile.js";

/** What one contender reached in one row; which figures there are depends on the group. */
export interface Figures {
  readonly medianMs?: number;
  readonly quartilesMs?: readonly [number, number];
  readonly timesMs?: readonly number[];
  /** CPU time of the process per run, all threads together. */
  readonly cpuMs?: number;
  /** Largest, relative to the largest magnitude: of ours against a reference in double precision, of others against ours. */
  readonly error?: number;
  readonly gflops?: number;
  readonly gigabytesPerSecond?: number;
  readonly percentOfPeak?: number;
  readonly percentOfBandwidth?: number;
  /** Time over ours, paired by round: the median and its quartiles. Sizes: bytes over ours. Above 1 ours is better. */
  readonly ratio?: { readonly median: number; readonly low: number; readonly high: number };
  /** Share of the machine that other programs took meanwhile. */
  readonly othersShare?: number;
  readonly plan?: PlanNumbers;
  /** Peak GPU memory, or the size of a bundle. */
  readonly bytes?: number;
  /** Of a cold start, milliseconds from the start of the process: modules loaded, device there, everything compiled. */
  readonly steps?: { readonly loaded: number; readonly device: number; readonly compiled?: number };
}

export interface Row {
  readonly group: Group;
  readonly name: string;
  readonly flops: number;
  readonly flopsCount: string;
  readonly bytes: number;
  /** Ours is "atrous"; ours with other Dawn toggles "atrous (…)". */
  readonly contenders: Readonly<Record<string, Figures | { readonly absent: string }>>;
}

/** What a run leaves: `--json` all of it, `--save` one file for each group. */
export interface ResultsFile {
  readonly adapter: { readonly name: string; readonly software: boolean } & AdapterLimits;
  readonly machine: { readonly cpu: string | undefined; readonly cores: number; readonly platform: string; readonly node: string };
  readonly atrous: string;
  readonly date: string;
  readonly command: string;
  /** Of the devices of ours beside the plain one, by contender. */
  readonly toggles: Readonly<Record<string, readonly string[]>>;
  readonly rounds: number;
  readonly peers: Readonly<Record<string, { readonly version: string; readonly notes: readonly string[] }>>;
  readonly rows: readonly Row[];
  /** Kernels of the plans, by row. */
  readonly profiles?: Readonly<Record<string, readonly KernelRow[]>>;
}

export const isFigures = (one: Figures | { readonly absent: string } | undefined): one is Figures => one !== undefined && !("absent" in one);

function figuresOf({ case: { flops, bytes = 0 } }: Result, timed: Timed, peak: AdapterLimits): Figures {
  const { times } = timed;
  const gflops = flops / median(times) / 1e6;
  const gigabytesPerSecond = bytes / median(times) / 1e6;
  return {
    medianMs: median(times), quartilesMs: [quantile(times, 0.25), quantile(times, 0.75)], timesMs: times, cpuMs: median(timed.cpuTimes), error: timed.error,
    ...(gflops > 0 && { gflops, percentOfPeak: (100 * gflops) / peak.gflops }),
    ...(gigabytesPerSecond > 0 && { gigabytesPerSecond, percentOfBandwidth: (100 * gigabytesPerSecond) / peak.gigabytesPerSecond }),
    othersShare: median(timed.others),
  };
}

/** Results as rows of a file. */
export function rowsOf(results: readonly Result[], peak: AdapterLimits): Row[] {
  return results.map((result) => {
    const { case: { name, group, flops, count, bytes = 0 }, plan, rivals } = result;
    const contenders: Record<string, Figures | { absent: string }> = { atrous: { ...figuresOf(result, result, peak), ...(plan && { plan }) } };
    for (const [rival, timed] of rivals) contenders[rival] = "absent" in timed ? timed : { ...figuresOf(result, timed, peak), ratio: ratioOf(result, timed) };
    return { group, name, flops, flopsCount: count, bytes, contenders };
  });
}

/** What a file says of the other libraries. */
export const peersOf = (contenders: readonly Contender[]): ResultsFile["peers"] => Object.fromEntries(contenders.map(({ name, version, notes }) => [name, { version, notes }]));

export interface Facts {
  readonly device: Device;
  readonly peak: AdapterLimits;
  readonly rounds: number;
  readonly contenders: readonly Contender[];
  readonly toggles: ResultsFile["toggles"];
  readonly rows: readonly Row[];
  readonly profiles: Readonly<Record<string, readonly KernelRow[]>>;
}

export function resultsFile({ device, peak, rounds, contenders, toggles, rows, profiles }: Facts): ResultsFile {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  const options = process.argv.slice(2).map((text) => (text.includes(" ") ? `"${text}"` : text));
  const adapter = process.env["ATROUS_ADAPTER"];
  return {
    adapter: { name: device.adapter.name, software: device.adapter.software, ...peak },
    machine: { cpu: cpus()[0]?.model.trim(), cores: cpus().length, platform: `${process.platform} ${process.arch}`, node: process.version },
    atrous: version, date: new Date().toISOString(),
    command: `${adapter ? `ATROUS_ADAPTER=${adapter} ` : ""}npm run bench${options.length > 0 ? ` -- ${options.join(" ")}` : ""}`,
    toggles, rounds,
    peers: peersOf(contenders), rows,
    ...(Object.keys(profiles).length > 0 && { profiles }),
  };
}

export async function writeResults(file: string, content: ResultsFile): Promise<void> {
  mkdirSync(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(content, null, 1)}\n`);
}

/** The folder of an adapter's results. */
export function adapterFolder(name: string): string {
  const known = ["lavapipe", "swiftshader"].find((one) => name.toLowerCase().startsWith(one));
  return `bench/results/${known ?? name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "")}`;
}

/** One file for each group that has rows. */
export async function saveGroups(content: ResultsFile): Promise<string[]> {
  const files: string[] = [];
  for (const group of new Set(content.rows.map((row) => row.group))) {
    const file = `${adapterFolder(content.adapter.name)}/${group}.json`;
    const rows = content.rows.filter((row) => row.group === group);
    const profiles = Object.fromEntries(Object.entries(content.profiles ?? {}).filter(([name]) => rows.some((row) => row.name === name)));
    const { profiles: _, ...rest } = content;
    await writeResults(file, { ...rest, rows, ...(Object.keys(profiles).length > 0 && { profiles }) });
    files.push(file);
  }
  return files;
}
