// `npm run bench`: see bench/options.ts for what it takes.
import { measureAdapter, type AdapterLimits } from "../src/kernels/adapter-limits.js";
import { createDevice } from "../src/node.js";
import type { Device } from "../src/runtime/device.js";
import { AtrousError } from "../src/runtime/errors.js";
import { barsTable } from "./bars.js";
import { benchCases } from "./cases.js";
import type { Contender } from "./contender.js";
import { measureCase, type Case, type Measurement, type Result } from "./harness.js";
import { BUSY, describeMachine, watchLoad } from "./machine.js";
import { help, readOptions, type BenchOptions } from "./options.js";
import { otherRows, otherTable } from "./other-rows.js";
import { installedPeers, openPeers } from "./peers/load.js";
import { profileRows, profileTables, type KernelRow } from "./profile.js";
import { bestOf, meansTable, planNumbers, planTable, resultTable, rivalTable, short } from "./report.js";
import { resultsFile, rowsOf, saveGroups, writeResults } from "./results-file.js";

/** A line that replaces itself on a terminal, and nothing elsewhere. */
function status(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

function choose({ only, groups }: BenchOptions): Case[] {
  const chosen = benchCases.filter(({ name, group }) => groups.includes(group) && (only.length === 0 || only.some((part) => name.includes(part) || group === part)));
  if (chosen.length === 0 && only.length > 0) throw new AtrousError(`bench: no case is called like ${only.map((part) => `"${part}"`).join(" or ")}. --list names them.`);
  return chosen;
}

const showPeak = ({ gflops, fastestForm, gigabytesPerSecond }: AdapterLimits): string => `${short(gflops)} GFLOP/s (${fastestForm}), copy ${short(gigabytesPerSecond)} GB/s`;

/** Ours on a second device, with other Dawn toggles. */
async function openVariants({ toggles }: BenchOptions, contenders: readonly Contender[]): Promise<(Measurement["variants"][number] & { toggles: readonly string[] })[]> {
  const chosen = toggles.length > 0 ? toggles : contenders.some(({ name }) => name === "ort") ? ["disable_robustness"] : [];
  if (chosen.length === 0) return [];
  const name = `atrous (${chosen.join() === "disable_robustness" ? "no robustness" : chosen.join(", ")})`;
  return [{ name, device: await createDevice({ toggles: chosen }), everywhere: toggles.length > 0, toggles: chosen }];
}

async function measureAll(device: Device, chosen: readonly Case[], options: BenchOptions, { contenders, variants }: Pick<Measurement, "contenders" | "variants">): Promise<{ results: Result[]; profiles: Record<string, KernelRow[]> }> {
  const profiles: Record<string, KernelRow[]> = {};
  const results: Result[] = [];
  for (const [i, one] of chosen.entries()) {
    results.push(await measureCase(device, one, {
      rounds: options.rounds, contenders, variants,
      progress: (what) => status(`${i + 1}/${chosen.length} ${one.name}: ${what}`),
      look: async ({ name, group }, { plan }, timed) => {
        if (!plan) return undefined;
        const network = group === "networks" || group === "training";
        if (network && options.describe) console.log(`\n${plan.describe()}`);
        if (network && options.profile) console.log(`\n${name}; ${profileTables((profiles[name] = await profileRows(plan)))}`);
        return planNumbers(plan, timed);
      },
    }));
  }
  status("");
  return { results, profiles };
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return console.log(help);
  const chosen = choose(options);
  if (options.list) return console.log(chosen.map(({ name }) => name).join("\n"));

  await using device = await createDevice();
  const { name, software, features } = device.adapter;
  const here = chosen.filter(({ where, feature }) => (where === undefined || (where === "software") === software) && (!feature || features.has(feature)));
  console.log(`adapter: ${name}${software ? " (software)" : ""}`);
  console.log(`machine: ${describeMachine()}`);
  const peers = options.peers ?? installedPeers();
  const contenders = here.some(({ spec }) => spec) ? await openPeers(peers) : [];
  for (const peer of contenders) console.log(`${peer.name} ${peer.version}: ${peer.notes.join("; ")}`);
  const variants = await openVariants(options, contenders);
  const load = watchLoad();
  const before = await measureAdapter(device);
  console.log(`peaks before: ${showPeak(before)}`);
  const { results, profiles } = await measureAll(device, here, options, { contenders, variants });
  const after = await measureAdapter(device);
  const peak = bestOf(before, after);
  console.log(`peaks after:  ${showPeak(after)}`);
  const { others } = load();
  const rows = [...rowsOf(results, peak), ...await otherRows(options.groups, peers, options.rounds, status)];
  status("");
  if (others > BUSY) console.log(`Other programs took ${(100 * others).toFixed(0)} % of this machine meanwhile: trust ratios, not milliseconds.`);

  const tables = [
    results.length > 0 ? resultTable(results, peak) : "", rivalTable(results), planTable(results), otherTable(rows), meansTable(rows), barsTable(rows),
  ];
  console.log(`\n${tables.filter(Boolean).join("\n\n")}`);
  const file = resultsFile({ device, peak, rounds: options.rounds, contenders, toggles: Object.fromEntries(variants.map((one) => [one.name, one.toggles])), rows, profiles });
  if (options.json) await writeResults(options.json, file);
  if (options.save) console.log(`\nwritten: ${(await saveGroups(file)).join(", ")}`);
  for (const variant of variants) await variant.device.destroy();
}

try {
  await main();
  // Peers leave devices and workers behind that would keep the process alive.
  process.exit();
} catch (error) {
  if (!(error instanceof AtrousError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
