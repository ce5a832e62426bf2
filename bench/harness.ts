import type { Plan } from "../src/graph/plan.js";
import type { Device } from "../src/runtime/device.js";
import { watchLoad } from "./machine.js";

/** One thing to measure. */
export interface Case {
  readonly name: string;
  readonly group: "operators" | "networks";
  /** Floating-point operations of one run, two per multiply-add; 0 where they say nothing (pooling). */
  readonly flops: number;
  /** How they were counted. */
  readonly count: string;
  /** Bytes that one run must read and write at least, counted once each: for what memory bounds. */
  readonly bytes?: number;
  prepare(device: Device): Promise<Prepared>;
}

/** A case on a device, compiled. */
export interface Prepared {
  /** Queues one run. What it returns is disposed of at once. */
  run(): void;
  /** Compares with a slow reference in double precision; throws on disagreement and returns the largest relative error. */
  check(): Promise<number>;
  readonly plan: Plan;
  dispose(): void;
}

/** A measured case: times in milliseconds. */
export interface Result {
  readonly case: Case;
  readonly prepared: Prepared;
  /** Largest error of the check, relative to the largest magnitude. */
  readonly error: number;
  readonly times: number[];
  /** Of this process's thread, per run: what encoding and submitting cost. */
  readonly encodeTimes: number[];
  /** CPU time of this process per run, all threads together; on a software adapter what the work cost, whoever else was running. */
  readonly cpuTimes: number[];
  /** Share of the cores that others took, by round. */
  readonly others: number[];
}

export const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

export function quantile(values: readonly number[], q: number): number {
  const order = sorted(values);
  const at = (order.length - 1) * q;
  const low = order[Math.floor(at)] ?? NaN;
  return low + ((order[Math.ceil(at)] ?? NaN) - low) * (at % 1);
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** A sample lasts at least this long: short runs are repeated within it, and waiting for the GPU counts once. */
const SAMPLE_MS = 40;
const MOST_REPEATS = 200;

interface Sample {
  readonly time: number;
  readonly encode: number;
  readonly cpu: number;
}

/** Milliseconds per run: by the clock, on this thread, and of CPU time, over `repeats` runs submitted one after the other. */
async function sample(device: Device, prepared: Prepared, repeats: number): Promise<Sample> {
  const used = process.cpuUsage();
  const start = performance.now();
  for (let i = 0; i < repeats; i++) prepared.run();
  const encoded = performance.now();
  await device.idle();
  const time = performance.now() - start;
  const { user, system } = process.cpuUsage(used);
  return { time: time / repeats, encode: (encoded - start) / repeats, cpu: (user + system) / 1000 / repeats };
}

/** Prepares and checks one case; wrong results end the benchmark before anything is timed. */
export async function prepareCase(device: Device, one: Case): Promise<Result> {
  const prepared = await one.prepare(device);
  const error = await prepared.check();
  return { case: one, prepared, error, times: [], encodeTimes: [], cpuTimes: [], others: [] };
}

/**
 * Times the cases in interleaved rounds, so that a machine that changes speed changes it for all of them; every other
 * round goes backwards. Two runs of each warm up.
 */
export async function measure(device: Device, results: readonly Result[], rounds: number, progress: (done: number, total: number, name: string) => void): Promise<void> {
  const repeats = new Map<Result, number>();
  for (const result of results) {
    await sample(device, result.prepared, 1);
    const { time } = await sample(device, result.prepared, 1);
    repeats.set(result, Math.min(MOST_REPEATS, Math.max(1, Math.ceil(SAMPLE_MS / time))));
  }
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 ? [...results].reverse() : results;
    for (const [i, result] of order.entries()) {
      progress(round * results.length + i, rounds * results.length, result.case.name);
      const load = watchLoad();
      const { time, encode, cpu } = await sample(device, result.prepared, repeats.get(result)!);
      result.times.push(time);
      result.encodeTimes.push(encode);
      result.cpuTimes.push(cpu);
      result.others.push(load().others);
    }
  }
}
