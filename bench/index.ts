// `npm run bench`: see bench/options.ts for what it takes.
import { measureAdapter, type AdapterLimits } from "../src/kernels/adapter-limits.js";
import { createDevice } from "../src/node.js";
import { AtrousError } from "../src/runtime/errors.js";
import { coldStarts, type ColdStart } from "./cold-start-runs.js";
import { convolutionCases } from "./convolution-cases.js";
import { measure, median, prepareCase, type Case, type Result } from "./harness.js";
import { BUSY, describeMachine, watchLoad } from "./machine.js";
import { operatorCases } from "./operator-cases.js";
import { help, readOptions, type BenchOptions } from "./options.js";
import { profileRows, profileTables, type KernelRow } from "./profile.js";
import { bestOf, planTable, resultTable, short, table, writeJson } from "./report.js";
import { unetCases } from "./unet-cases.js";

const cases: readonly Case[] = [...convolutionCases, ...operatorCases, ...unetCases];

/** A line that replaces itself on a terminal, and nothing elsewhere. */
function status(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

function choose({ only }: BenchOptions): Case[] {
  const chosen = cases.filter(({ name, group }) => only.length === 0 || only.some((part) => name.includes(part) || group === part));
  if (chosen.length === 0) throw new AtrousError(`bench: no case is called like ${only.map((part) => `"${part}"`).join(" or ")}. --list names them.`);
  return chosen;
}

const showPeak = ({ gflops, fastestForm, gigabytesPerSecond }: AdapterLimits): string => `${short(gflops)} GFLOP/s (${fastestForm}), copy ${short(gigabytesPerSecond)} GB/s`;

function showCold(starts: readonly ColdStart[]): string {
  const seconds = (value: number): string => (value / 1000).toFixed(2);
  return table([
    ["seconds from process start to", "loaded", "device", "compiled", "first result"],
    ...starts.map(({ name, cache, imported, opened, prepared, first }) => [`${name}, ${cache ? "filled" : "no"} shader cache`, seconds(imported), seconds(opened), seconds(prepared), seconds(first)]),
  ]);
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return console.log(help);
  const chosen = choose(options);
  if (options.list) return console.log(chosen.map(({ name }) => name).join("\n"));

  await using device = await createDevice();
  console.log(`adapter: ${device.adapter.name}${device.adapter.software ? " (software)" : ""}`);
  console.log(`machine: ${describeMachine()}`);
  const load = watchLoad();
  const before = await measureAdapter(device);
  console.log(`peaks before: ${showPeak(before)}`);

  const results: Result[] = [];
  for (const one of chosen) {
    status(`checking ${one.name}`);
    results.push(await prepareCase(device, one));
  }
  await measure(device, results, options.rounds, (done, total, name) => status(`${done}/${total} ${name}`));
  status("");
  const after = await measureAdapter(device);
  const peak = bestOf(before, after);
  console.log(`peaks after:  ${showPeak(after)}`);
  const { others } = load();
  if (others > BUSY) console.log(`Other programs took ${(100 * others).toFixed(0)} % of this machine meanwhile: trust ratios, not milliseconds.`);
  console.log(`\n${resultTable(results, peak)}\n\n${planTable(results)}`);

  const networks = results.filter((result) => result.case.group === "networks");
  const profiles: Record<string, KernelRow[]> = {};
  for (const { case: { name }, prepared, times } of networks) {
    if (options.describe) console.log(`\n${prepared.plan.describe()}`);
    if (!options.profile) continue;
    profiles[name] = await profileRows(prepared.plan);
    console.log(`\n${name}, ${short(median(times))} ms as a whole; ${profileTables(profiles[name])}`);
  }
  const cold = options.cold ? await coldStarts(3) : [];
  if (cold.length > 0) console.log(`\n${showCold(cold)}`);
  if (options.json) await writeJson(options.json, { device, peak, results, profiles, cold, rounds: options.rounds });
  for (const { prepared } of results) prepared.dispose();
}

try {
  await main();
} catch (error) {
  if (!(error instanceof AtrousError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
