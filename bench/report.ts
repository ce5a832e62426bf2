import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import type { AdapterLimits } from "../src/kernels/adapter-limits.js";
import type { Device } from "../src/runtime/device.js";
import { median, quantile, type Result } from "./harness.js";
import { BUSY } from "./machine.js";
import type { ColdStart } from "./cold-start-runs.js";
import type { KernelRow } from "./profile.js";

/** A table with its columns aligned; the first to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join("  ").trimEnd()).join("\n");
}

/** Three significant digits. */
export const short = (value: number): string => (value >= 1000 ? value.toFixed(0) : value.toPrecision(3));

/** The adapter's peaks: the better of two measurements, before and after the cases. */
export const bestOf = (a: AdapterLimits, b: AdapterLimits): AdapterLimits => {
  const fastest = a.gflops >= b.gflops ? a : b;
  return { gflops: fastest.gflops, fastestForm: fastest.fastestForm, gigabytesPerSecond: Math.max(a.gigabytesPerSecond, b.gigabytesPerSecond) };
};

function rates({ case: { flops, bytes = 0 }, times }: Result): { gflops: number; gigabytesPerSecond: number } {
  return { gflops: flops / median(times) / 1e6, gigabytesPerSecond: bytes / median(times) / 1e6 };
}

/**
 * Times, rates and percentages of the peaks; `~` marks times taken while others used the machine. CPU time over cores is
 * what a software adapter would need on an idle machine, about; of a GPU it says nothing.
 */
export function resultTable(results: readonly Result[], peak: AdapterLimits): string {
  const rows = results.map((result) => {
    const { gflops, gigabytesPerSecond } = rates(result);
    const busy = median(result.others) > BUSY;
    return [
      result.case.name,
      `${busy ? "~" : ""}${short(median(result.times))}`,
      `${short(Math.min(...result.times))}–${short(Math.max(...result.times))}`,
      short(median(result.cpuTimes) / cpus().length),
      gflops ? short(gflops) : "",
      gflops ? `${((100 * gflops) / peak.gflops).toFixed(0)} %` : "",
      gigabytesPerSecond ? short(gigabytesPerSecond) : "",
      gigabytesPerSecond ? `${((100 * gigabytesPerSecond) / peak.gigabytesPerSecond).toFixed(0)} %` : "",
      result.error.toExponential(0),
      `${(100 * median(result.others)).toFixed(0)} %`,
    ];
  });
  return table([["case", "ms", "spread", "CPU ms/core", "GFLOP/s", "of peak", "GB/s", "of peak", "error", "others"], ...rows]);
}

interface PlanNumbers {
  readonly dispatches: number;
  readonly pipelines: number;
  readonly slabBytes: number;
  readonly lowerBoundBytes: number;
  readonly derivedBytes: number;
  /** Microseconds on the calling thread, copies in and out and submission included: the least of all rounds, since drivers on the CPU take the core away. */
  readonly encodeMicrosecondsPerDispatch: number;
}

function planNumbers({ prepared: { plan }, encodeTimes }: Result): PlanNumbers {
  const { calls } = plan.lowered;
  const pipelines = new Set(calls.map(({ shader, entry, constants }) => JSON.stringify([shader.name, shader.code.length > 0 ? shader.code : "", entry, constants])));
  const { slabs, lowerBound, derived } = plan.memory;
  return {
    dispatches: calls.length, pipelines: pipelines.size, slabBytes: slabs, lowerBoundBytes: lowerBound, derivedBytes: derived,
    encodeMicrosecondsPerDispatch: (1000 * Math.min(...encodeTimes)) / calls.length,
  };
}

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(2);

/** What the plans are made of. */
export function planTable(results: readonly Result[]): string {
  const rows = results.map((result) => {
    const plan = planNumbers(result);
    return [
      result.case.name, String(plan.dispatches), String(plan.pipelines), mebibytes(plan.slabBytes), mebibytes(plan.lowerBoundBytes),
      (plan.slabBytes / plan.lowerBoundBytes).toFixed(2), mebibytes(plan.derivedBytes), plan.encodeMicrosecondsPerDispatch.toFixed(1),
    ];
  });
  return table([["plan", "dispatches", "pipelines", "slabs MiB", "lower bound", "ratio", "derived MiB", "encode µs/dispatch"], ...rows]);
}

export interface Report {
  readonly device: Device;
  readonly peak: AdapterLimits;
  readonly results: readonly Result[];
  readonly profiles: Readonly<Record<string, readonly KernelRow[]>>;
  readonly cold: readonly ColdStart[];
  readonly rounds: number;
}

/** The measurements as JSON: what a table shows, with every time. */
export async function writeJson(file: string, { device, peak, results, profiles, cold, rounds }: Report): Promise<void> {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  const content = {
    adapter: { name: device.adapter.name, software: device.adapter.software, ...peak },
    machine: { cpu: cpus()[0]?.model.trim(), cores: cpus().length, platform: `${process.platform} ${process.arch}`, node: process.version },
    atrous: version,
    date: new Date().toISOString(),
    rounds,
    cases: results.map((result) => ({
      name: result.case.name, group: result.case.group,
      medianMs: median(result.times), quartilesMs: [quantile(result.times, 0.25), quantile(result.times, 0.75)], timesMs: result.times, cpuMs: median(result.cpuTimes),
      flops: result.case.flops, flopsCount: result.case.count, ...rates(result),
      percentOfPeak: (100 * rates(result).gflops) / peak.gflops,
      percentOfBandwidth: (100 * rates(result).gigabytesPerSecond) / peak.gigabytesPerSecond,
      relativeError: result.error, othersShare: median(result.others),
      plan: planNumbers(result),
    })),
    ...(Object.keys(profiles).length > 0 ? { profiles } : {}),
    ...(cold.length > 0 ? { coldStart: cold } : {}),
  };
  await writeFile(file, `${JSON.stringify(content, null, 2)}\n`);
}
