import { cpus } from "node:os";
import type { Plan } from "../src/graph/plan.js";
import type { AdapterLimits } from "../src/kernels/adapter-limits.js";
import { median, ratioOf, type PlanNumbers, type Result, type Timed } from "./harness.js";
import { BUSY } from "./machine.js";
import { isFigures, type Row } from "./results-file.js";

/** A table with its columns aligned; the first to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join("  ").trimEnd()).join("\n");
}

/** Three significant digits. */
export const short = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** The adapter's peaks: the better of two measurements, before and after the cases. */
export const bestOf = (a: AdapterLimits, b: AdapterLimits): AdapterLimits => {
  const fastest = a.gflops >= b.gflops ? a : b;
  return { gflops: fastest.gflops, fastestForm: fastest.fastestForm, gigabytesPerSecond: Math.max(a.gigabytesPerSecond, b.gigabytesPerSecond) };
};

const milliseconds = (timed: Timed): string => `${median(timed.others) > BUSY ? "~" : ""}${short(median(timed.times))}`;

/**
 * Times, rates and percentages of the peaks; `~` marks times taken while others used the machine. CPU time over cores is
 * what a software adapter would need on an idle machine, about; of a GPU it says nothing.
 */
export function resultTable(results: readonly Result[], peak: AdapterLimits): string {
  const rows = results.map((result) => {
    const { case: { name, flops, bytes = 0 }, times } = result;
    const gflops = flops / median(times) / 1e6;
    const gigabytesPerSecond = bytes / median(times) / 1e6;
    return [
      name, milliseconds(result), `${short(Math.min(...times))}–${short(Math.max(...times))}`, short(median(result.cpuTimes) / cpus().length),
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

/** Names of everybody else, in the order in which they first appear. */
const rivalsOf = (results: readonly Result[]): string[] => [...new Set(results.flatMap(({ rivals }) => [...rivals.keys()]))];

/** Ours beside the others: their times, their CPU time, and their time over ours, paired by round (median, quartiles); above 1 ours is faster. */
export function rivalTable(results: readonly Result[]): string {
  const names = rivalsOf(results);
  const reasons: string[] = [];
  const mark = (text: string): string => {
    if (!reasons.includes(text)) reasons.push(text);
    return `[${reasons.indexOf(text) + 1}]`;
  };
  const rows = results.filter(({ rivals }) => rivals.size > 0).map((result) => [
    result.case.name, milliseconds(result), short(median(result.cpuTimes) / cpus().length),
    ...names.flatMap((name) => {
      const rival = result.rivals.get(name);
      if (!rival) return ["", "", ""];
      if ("absent" in rival) return [mark(`${name}: ${rival.absent}`), "", ""];
      const ratio = ratioOf(result, rival);
      return [milliseconds(rival), short(median(rival.cpuTimes) / cpus().length), `${ratio.median.toFixed(2)}× (${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)})`];
    }),
  ]);
  if (rows.length === 0) return "";
  return [table([["ms, CPU ms/core, time over ours", "atrous", "CPU", ...names.flatMap((name) => [name, "CPU", "over ours"])], ...rows]), ...reasons.map((text, i) => `[${i + 1}] ${text}`)].join("\n");
}

const geometricMean = (values: readonly number[]): number => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

/** Geometric means of the others' times over ours, by group. */
export function meansTable(rows: readonly Row[]): string {
  const names = [...new Set(rows.flatMap(({ contenders }) => Object.keys(contenders)))].filter((name) => name !== "atrous");
  const groups = [...new Set(rows.map(({ group }) => group))];
  const lines = groups.flatMap((group) => names.flatMap((name) => {
    const ratios = rows.filter((row) => row.group === group).flatMap(({ contenders }) => {
      const one = contenders[name];
      return isFigures(one) && one.ratio ? [one.ratio.median] : [];
    });
    return ratios.length > 0 ? [[`${group}, ${name}`, String(ratios.length), `${geometricMean(ratios).toFixed(2)}×`, `${Math.min(...ratios).toFixed(2)}×`, `${Math.max(...ratios).toFixed(2)}×`]] : [];
  }));
  return lines.length > 0 ? table([["over ours", "rows", "geometric mean", "least", "most"], ...lines]) : "";
}

/** What a plan is made of. */
export async function planNumbers(plan: Plan, { encodeTimes }: Timed): Promise<PlanNumbers> {
  const { calls } = plan.lowered;
  const pipelines = new Set(calls.map(({ shader, entry, constants }) => JSON.stringify([shader.name, shader.code.length > 0 ? shader.code : "", entry, constants])));
  const { slabs, lowerBound, derived } = plan.memory;
  return {
    dispatches: calls.length, pipelines: pipelines.size, slabBytes: slabs, lowerBoundBytes: lowerBound, derivedBytes: derived,
    encodeMicrosecondsPerDispatch: await plan.withTensors((slots) => plan.program.encodingTime(slots)), callMicrosecondsPerDispatch: (1000 * Math.min(...encodeTimes)) / calls.length,
  };
}

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(2);

/** What the plans are made of. */
export function planTable(results: readonly Result[]): string {
  const rows = results.flatMap(({ case: { name }, plan }) => (plan ? [[
    name, String(plan.dispatches), String(plan.pipelines), mebibytes(plan.slabBytes), mebibytes(plan.lowerBoundBytes),
    plan.lowerBoundBytes ? (plan.slabBytes / plan.lowerBoundBytes).toFixed(2) : "–", mebibytes(plan.derivedBytes), plan.encodeMicrosecondsPerDispatch.toFixed(1), plan.callMicrosecondsPerDispatch.toFixed(1),
  ]] : []));
  return rows.length > 0 ? table([["plan", "dispatches", "pipelines", "slabs MiB", "lower bound", "ratio", "derived MiB", "encode µs/dispatch", "call µs/dispatch"], ...rows]) : "";
}
