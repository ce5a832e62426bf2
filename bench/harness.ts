import type { Plan } from "../src/graph/plan.js";
import type { Device } from "../src/runtime/device.js";
import { AtrousError } from "../src/runtime/errors.js";
import type { Shape } from "../src/runtime/shape.js";
import type { Absent, ComparableRunner, Contender, Runner } from "./contender.js";
import { watchLoad } from "./machine.js";
import type { Inputs, Spec } from "./spec.js";

export const groups = ["limits", "operators", "networks", "training", "cold", "bundle", "memory"] as const;
export type Group = (typeof groups)[number];

/** One thing to measure. */
export interface Case {
  readonly name: string;
  readonly group: Group;
  /** Floating-point operations of one run, two per multiply-add; 0 where they say nothing (pooling). */
  readonly flops: number;
  /** How they were counted. */
  readonly count: string;
  /** Bytes that one run must read and write at least, counted once each: for what memory bounds. */
  readonly bytes?: number;
  /** What it computes, as data: what peers are given. */
  readonly spec?: Spec;
  /** Shapes of its inputs. */
  readonly shapes?: Readonly<Record<string, Shape>>;
  /** Takes seconds per run on a CPU. */
  readonly slow?: boolean;
  /** The kind of adapter it is for; undefined: both. */
  readonly where?: "gpu" | "software" | undefined;
  /** A WebGPU feature without which it is left out. */
  readonly feature?: string;
  /** Another case of ours that is timed in the same rounds, because the ratio of the two is asked for. */
  readonly beside?: { readonly name: string; readonly case: Case };
  prepare(device: Device): Promise<Prepared>;
}

/** How a training-mode forward pass is called in the row of its step. */
export const FORWARD_PASS = "atrous (forward pass)";

/** A case on a device, compiled. */
export interface Prepared {
  /** Queues one run. What it returns is disposed of at once. */
  run(): void | Promise<void>;
  /** Compares with a slow reference in double precision; throws on disagreement and returns the largest relative error. */
  check(): Promise<number>;
  /** What it computes on, for peers. */
  readonly inputs?: Inputs;
  /** What it computes from them, for comparison with peers; called once, before anything else. */
  result?(): Promise<Float32Array[]>;
  readonly plan?: Plan;
  dispose(): void;
}

/** Times in milliseconds per run, one for each round. */
export interface Timed {
  /** Largest error of the check, relative to the largest magnitude: of ours against the reference, of others against ours. */
  readonly error: number;
  readonly times: number[];
  /** Of this process's thread, per run: what encoding and submitting cost. */
  readonly encodeTimes: number[];
  /** CPU time of this process per run, all threads together; on a software adapter what the work cost, whoever else was running. */
  readonly cpuTimes: number[];
  /** Share of the cores that other programs took, by round. */
  readonly others: number[];
}

/** What a plan is made of, for the tables. */
export interface PlanNumbers {
  readonly dispatches: number;
  readonly pipelines: number;
  readonly slabBytes: number;
  readonly lowerBoundBytes: number;
  readonly derivedBytes: number;
  /** Microseconds on the calling thread from the start of the pass to the finished command buffer. */
  readonly encodeMicrosecondsPerDispatch: number;
  /** Of a whole call, copies in and out and submission included: the least of all rounds, since drivers on the CPU take the core away. */
  readonly callMicrosecondsPerDispatch: number;
}

/** A measured case: ours, and the others by name. */
export interface Result extends Timed {
  readonly case: Case;
  readonly plan: PlanNumbers | undefined;
  readonly rivals: ReadonlyMap<string, Timed | Absent>;
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
/** Rounds of what takes seconds. */
const SLOW_ROUNDS = 3;

interface Sample {
  readonly time: number;
  readonly encode: number;
  readonly cpu: number;
}

/** Milliseconds per run: by the clock, on this thread, and of CPU time, over `repeats` runs one after the other. */
async function sample(runner: Runner, repeats: number): Promise<Sample> {
  const used = process.cpuUsage();
  const start = performance.now();
  for (let i = 0; i < repeats; i++) {
    const running = runner.run();
    if (running) await running;
  }
  const encoded = performance.now();
  await runner.idle();
  const time = performance.now() - start;
  const { user, system } = process.cpuUsage(used);
  return { time: time / repeats, encode: (encoded - start) / repeats, cpu: (user + system) / 1000 / repeats };
}

/** Largest difference from `want`, relative to its largest magnitude. */
function differenceOf(got: Float32Array, want: Float32Array, tolerance: number): number {
  if (got.length !== want.length) throw new AtrousError(`its result has ${got.length} elements where ours has ${want.length}`);
  let [largest, worst, at] = [1e-30, 0, 0];
  for (const value of want) largest = Math.max(largest, Math.abs(value));
  for (let i = 0; i < want.length; i++) {
    const error = Math.abs(got[i]! - want[i]!);
    if (error <= worst) continue;
    [worst, at] = [error, i];
    if (!Number.isFinite(error)) break;
  }
  if (!(worst / largest <= tolerance)) throw new AtrousError(`its result differs: ${got[at]} where ours is ${want[at]}, element ${at}`);
  return worst / largest;
}

/** The largest of several results. Adam turns rounding errors of tiny gradients into steps: losses of training may differ more. */
function errorOf(got: readonly Float32Array[], want: readonly Float32Array[], { spec }: Case): number {
  if (got.length !== want.length) throw new AtrousError(`it has ${got.length} results where ours has ${want.length}`);
  const tolerance = spec?.kind === "unet" && spec.what === "step" ? 1e-2 : 1e-4;
  return Math.max(...got.map((part, i) => differenceOf(part, want[i]!, tolerance)));
}

interface Entrant {
  readonly name: string;
  readonly runner: Runner;
  readonly timed: Timed;
  repeats: number;
}

const entrant = (name: string, runner: Runner, error: number): Entrant => ({ name, runner, timed: { error, times: [], encodeTimes: [], cpuTimes: [], others: [] }, repeats: 1 });

/** Ours, as a contender among others. */
const ownRunner = (device: Device, prepared: Prepared): Runner => ({ run: () => prepared.run(), idle: () => device.idle(), dispose: () => prepared.dispose() });

/** First line of what went wrong, short enough for a table's footnote. */
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split("\n")[0]!.slice(0, 200);

export interface Measurement {
  readonly rounds: number;
  readonly contenders: readonly Contender[];
  /** Ours on other devices (with other Dawn toggles), by name. */
  readonly variants: readonly { readonly name: string; readonly device: Device; readonly everywhere: boolean }[];
  /** Called while the plan is alive. */
  readonly look: (one: Case, prepared: Prepared, timed: Timed) => Promise<PlanNumbers | undefined>;
  readonly progress: (what: string) => void;
}

async function prepareRival(one: Case, { prepare }: Contender, inputs: Inputs, want: readonly Float32Array[]): Promise<Absent | { runner: ComparableRunner; error: number }> {
  const runner = await prepare(one.spec!, inputs);
  if ("absent" in runner) return runner;
  try {
    return { runner, error: errorOf(await runner.result(), want, one) };
  } catch (error) {
    await runner.dispose();
    throw error;
  }
}

/** Everybody who computes a case, checked; ours first. */
async function entrantsOf(device: Device, one: Case, { contenders, variants, progress }: Measurement): Promise<{ prepared: Prepared; entrants: Entrant[]; absent: Map<string, Absent> }> {
  progress("checking");
  const prepared = await one.prepare(device);
  const want = await prepared.result?.();
  const entrants = [entrant("atrous", ownRunner(device, prepared), await prepared.check())];
  const absent = new Map<string, Absent>();
  if (one.beside) {
    progress(`checking ${one.beside.name}`);
    const other = await one.beside.case.prepare(device);
    entrants.push(entrant(one.beside.name, ownRunner(device, other), await other.check()));
  }
  for (const variant of variants) {
    if (!variant.everywhere && one.group !== "networks" && one.group !== "training") continue;
    progress(`checking ${variant.name}`);
    const other = await one.prepare(variant.device);
    const got = await other.result?.();
    const error = want && got ? errorOf(got, want, one) : await other.check();
    entrants.push(entrant(variant.name, ownRunner(variant.device, other), error));
  }
  for (const contender of contenders) {
    if (!one.spec || !prepared.inputs || !want) continue;
    progress(`checking ${contender.name}`);
    try {
      const rival = await prepareRival(one, contender, prepared.inputs, want);
      if ("absent" in rival) absent.set(contender.name, rival);
      else entrants.push(entrant(contender.name, rival.runner, rival.error));
    } catch (error) {
      absent.set(contender.name, { absent: reasonOf(error) });
    }
  }
  return { prepared, entrants, absent };
}

/**
 * Prepares a case for everybody, compares the results before anything is timed (a wrong one of ours ends the benchmark, a
 * wrong one of another library its part in this case), and times them in interleaved rounds: in every round each of them
 * once, whoever came last in one round being first in the next.
 */
export async function measureCase(device: Device, one: Case, measurement: Measurement): Promise<Result> {
  const { prepared, entrants, absent } = await entrantsOf(device, one, measurement);
  for (const each of entrants) {
    measurement.progress(`warming up ${each.name}`);
    await sample(each.runner, 1);
    const { time } = await sample(each.runner, 1);
    each.repeats = Math.min(MOST_REPEATS, Math.max(1, Math.ceil(SAMPLE_MS / time)));
  }
  const rounds = one.slow ? Math.min(measurement.rounds, SLOW_ROUNDS) : measurement.rounds;
  for (let round = 0; round < rounds; round++) {
    for (const { name, runner, timed, repeats } of round % 2 ? [...entrants].reverse() : entrants) {
      measurement.progress(`round ${round + 1}/${rounds} ${name}`);
      const load = watchLoad();
      const { time, encode, cpu } = await sample(runner, repeats);
      timed.times.push(time);
      timed.encodeTimes.push(encode);
      timed.cpuTimes.push(cpu);
      timed.others.push(load().others);
    }
  }
  const ours = entrants[0]!.timed;
  const plan = await measurement.look(one, prepared, ours);
  for (const { runner } of entrants) await runner.dispose();
  return { case: one, plan, ...ours, rivals: new Map<string, Timed | Absent>([...entrants.slice(1).map(({ name, timed }) => [name, timed] as const), ...absent]) };
}

/** How much longer than ours a rival takes, measured side by side: the median over the rounds and its quartiles. */
export function ratioOf(ours: Timed, rival: Timed): { median: number; low: number; high: number } {
  const ratios = rival.times.map((time, round) => time / ours.times[round]!);
  return { median: median(ratios), low: quantile(ratios, 0.25), high: quantile(ratios, 0.75) };
}
