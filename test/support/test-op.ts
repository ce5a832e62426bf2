/**
 * `testOp`: one table of cases per operator. Every case checks
 * - the output's shape, and its values against a naive double-precision reference;
 * - the gradient of every f32 input against central differences of that reference, contracted with a random cotangent;
 * - the same bits from a second run whose memory was filled with NaN words, and from a third with such words behind the end of
 *   every tensor too, which must still be there afterwards;
 * - the values and gradients with each kernel variant forced, in such memory;
 * - that device memory is back where it began.
 * In the full tier, on adapters with the feature "shader-f16", all of that happens again with the f32 inputs stored as f16.
 */
import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { gradients } from "../../src/ops/gradients.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import type { DType } from "../../src/runtime/dtype.js";
import type { NdArray } from "../reference/ndarray.js";
import { fromHalf, toHalf } from "../../src/runtime/half.js";
import { cast } from "../../src/ops/cast.js";
import { forwardMismatch, gradientMismatch, halfTolerance, type Tolerance } from "./compare.js";
import { heldMemory, testDevice } from "./device.js";
import { expectGuards, poisonSlabs } from "./guards.js";
import { halfInputs, makeInput, toTyped, type InputSpec, type TestInput } from "./inputs.js";
import { numericGradient } from "./numeric-gradient.js";
import { random, type Random } from "./random.js";
import { sampleCases, tier } from "./tier.js";

/** One row of a table: an input specification per input name, beside `name`, `options` and overrides. */
export type OpCase<I, O> = { [K in keyof I]: InputSpec } & { name?: string; options?: O; tolerance?: Tolerance; noHalf?: string };

// Tables mix dtypes (images, labels), which the op's own signature checks; `Tensor<any>` lets one tensor fit each.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type AnyTensor = Tensor<any>;
type TensorsOf<I> = { [K in keyof I]: AnyTensor };
type Outputs<T> = T | Record<string, T>;

export interface TestOpOptions {
  tolerance?: Tolerance;
  /** Inputs that hold whole numbers: a plain shape means u32 below 4 for them. */
  integer?: readonly string[];
  /** Kernel variants to force, each once per case, beside the one that the cost model chooses. Default ["clear"]. */
  variants?: readonly string[];
  /** false: the op has no gradient. */
  gradients?: boolean;
  /** Elements per input that are differentiated numerically. Default 40. */
  samples?: number;
  /** Why no case (or, in a row of the table, this one) runs in f16: a sentence. */
  noHalf?: string;
}

/** Elements per input that are differentiated numerically in f16 runs: enough to see what differs from f32, and the reference is slow. */
const HALF_SAMPLES = 12;

type Build = (inputs: Record<string, AnyTensor>) => Outputs<AnyTensor>;
type Reference = (inputs: Record<string, NdArray>) => Outputs<NdArray>;

const asRecord = <T extends object>(outputs: Outputs<T>, single: (o: Outputs<T>) => o is T): Record<string, T> => (single(outputs) ? { out: outputs } : outputs);
const isArray = (o: Outputs<NdArray>): o is NdArray => "data" in o && o.data instanceof Float64Array;
const isTensor = (o: Outputs<AnyTensor>): o is AnyTensor => "dtype" in o && typeof o.dtype === "string";

/** Registers the tests of one operator; see the top of this file. */
export function testOp<I extends { [K in keyof I]: NdArray | undefined }, O extends object>(
  name: string,
  fn: (inputs: TensorsOf<I>, options: O) => Outputs<AnyTensor>,
  reference: (inputs: I, options: O) => Outputs<NdArray>,
  cases: readonly OpCase<NoInfer<I>, NoInfer<O>>[],
  options: TestOpOptions = {},
): void {
  describe(name, () => {
    for (const { row, index } of sampleCases(name, cases.map((row, index) => ({ row, index })))) {
      const { name: title, options: given = {} as O, tolerance, noHalf = options.noHalf, ...specs } = row;
      const rng = random(`${name} ${index}`);
      const inputs = Object.fromEntries(
        Object.entries(specs as Record<string, InputSpec>).map(([k, spec]) => [k, makeInput(spec, rng, options.integer?.includes(k))]),
      );
      const build: Build = (tensors) => fn(tensors as TensorsOf<I>, given);
      const refer: Reference = (arrays) => reference(arrays as I, given);
      test(title ?? caseTitle(inputs, given), async () => {
        await runCase(build, refer, inputs, rng, { ...options, tolerance: { ...options.tolerance, ...tolerance } });
      });
      if (tier() !== "full" || noHalf !== undefined || !Object.values(inputs).some(({ half }) => half)) continue;
      test(`${title ?? caseTitle(inputs, given)} in f16`, async (context) => {
        if (!(await testDevice()).adapter.features.has("shader-f16")) return context.skip("the adapter has no shader-f16");
        await runCase(build, refer, halfInputs(inputs), random(`${name} ${index} f16`), { ...options, tolerance: halfTolerance, samples: HALF_SAMPLES });
      });
    }
  });
}

function caseTitle(inputs: Record<string, TestInput>, options: object): string {
  const shapes = Object.entries(inputs).map(([k, { value }]) => `${k} [${value.shape.join(", ")}]`);
  return `${shapes.join(" ")}${Object.keys(options).length > 0 ? " " + JSON.stringify(options) : ""}`;
}

async function runCase(build: Build, reference: Reference, inputs: Record<string, TestInput>, rng: Random, options: TestOpOptions): Promise<void> {
  const device = await testDevice();
  const arrays = Object.fromEntries(Object.entries(inputs).map(([k, { value }]) => [k, value]));
  const expected = asRecord(reference(arrays), isArray);
  const finite = Object.values(expected).every(({ data }) => data.every(Number.isFinite));
  const wrt = options.gradients === false || !finite ? [] : Object.keys(inputs).filter((k) => inputs[k]!.gradient);
  const round = Object.values(inputs).some(({ dtype }) => dtype === "f16") ? (v: number) => fromHalf(toHalf(v)) : Math.fround;
  const cotangents = Object.fromEntries(Object.entries(expected).map(([k, { shape, data }]) => [k, { shape, data: data.map(() => round(rng.normal())) }]));
  const before = heldMemory(device);
  const run = (poisoned = false) => runOnDevice(build, inputs, wrt, cotangents, poisoned);

  device.poisonPool(true);
  try {
    const first = await run();
    const floats = check(first, expected, options.tolerance ?? {}, "");
    const slopes = wrt.map((k) => numericGradient(() => contract(asRecord(reference(arrays), isArray), cotangents, floats), arrays[k]!, rng, options.samples ?? 40));
    const scale = Math.max(1, ...slopes.flatMap(({ values }) => values.map(Math.abs)));
    checkGradients(first, inputs, wrt, slopes, options.tolerance ?? {}, scale, "");
    expectSameBits(await run(true), first);
    device.guardPlans(true);
    expectSameBits(await run(true), first);
    for (const variant of tier() === "full" ? (options.variants ?? ["clear"]) : []) {
      device.forceVariant(variant);
      const forced = await run(true);
      check(forced, expected, options.tolerance ?? {}, `variant "${variant}": `);
      checkGradients(forced, inputs, wrt, slopes, options.tolerance ?? {}, scale, `variant "${variant}": `);
    }
  } finally {
    device.forceVariant(undefined);
    device.guardPlans(false);
    device.poisonPool(false);
  }
  expect(heldMemory(device), "device memory after the case").toEqual(before);
}

interface Result {
  shape: readonly number[];
  dtype: DType;
  data: ArrayLike<number> & ArrayBufferView;
}

interface RunResult {
  outputs: Record<string, Result>;
  grads: Result[];
}

const isFloat = (dtype: DType): boolean => dtype === "f32" || dtype === "f16";

/** What was read as numbers: f16 comes as bits. */
const numbers = (dtype: DType, data: Result["data"]): Result["data"] => (dtype === "f16" ? Float64Array.from(data, fromHalf) : data);

/** Runs the op and its gradients as one fresh plan (`poisoned`: in memory full of NaN words), reads everything, and frees everything. */
async function runOnDevice(build: Build, inputs: Record<string, TestInput>, wrt: string[], cotangents: Record<string, NdArray>, poisoned: boolean): Promise<RunResult> {
  const device = await testDevice();
  const names = Object.keys(inputs);
  const given = names.map((k) => tensor(device, toTyped(inputs[k]!.value, inputs[k]!.dtype), inputs[k]!.value.shape, { dtype: inputs[k]!.dtype }) as AnyTensor);
  const seeds = Object.values(cotangents).map(({ shape, data }) => tensor(device, Float32Array.from(data), shape) as AnyTensor);
  let outputNames: string[] = [];
  const plan = compile((...tensors: AnyTensor[]) => {
    const arguments_ = Object.fromEntries(names.map((k, i) => [k, tensors[i]!]));
    const outputs = asRecord(build(arguments_), isTensor);
    outputNames = Object.keys(outputs);
    const all = Object.values(outputs);
    const seedOf = Object.fromEntries(Object.keys(cotangents).map((k, i) => [k, tensors[names.length + i]!]));
    const smooth = wrt.length === 0 ? [] : Object.entries(outputs).filter(([, t]) => isFloat(t.dtype));
    const sources = wrt.map((k) => arguments_[k]!);
    return [...all, ...smooth.flatMap(([k, t]) => gradients(t, sources, cast(seedOf[k]!, t.dtype)))];
  });
  const made = plan.plan(...given, ...seeds);
  if (poisoned) poisonSlabs(device, made);
  const results = plan(...given, ...seeds) as AnyTensor[];
  const read = await Promise.all(results.map(async (t) => ({ shape: t.shape, dtype: t.dtype as DType, data: numbers(t.dtype as DType, (await t.data()) as Result["data"]) })));
  if (device.guarded) await expectGuards(device, made);
  for (const t of [...results, ...given, ...seeds]) t.dispose();
  plan.dispose();
  const outputs = Object.fromEntries(outputNames.map((k, i) => [k, read[i]!]));
  return { outputs, grads: sumBySource(read.slice(outputNames.length), wrt.length) };
}

/** Gradients come once per differentiable output; their sum is the gradient of the contraction. */
function sumBySource(parts: Result[], sources: number): Result[] {
  return parts.slice(0, sources).map((first, i) => {
    const data = Float64Array.from(first.data);
    for (let j = i + sources; j < parts.length; j += sources) data.forEach((v, k) => (data[k] = v + parts[j]!.data[k]!));
    return { ...first, data };
  });
}

/** Compares outputs with the reference; returns the names of the float outputs. */
function check(run: RunResult, expected: Record<string, NdArray>, tolerance: Tolerance, note: string): string[] {
  expect(Object.keys(run.outputs).sort(), `${note}outputs`).toEqual(Object.keys(expected).sort());
  for (const [k, e] of Object.entries(expected)) {
    const actual = run.outputs[k]!;
    expect(actual.shape, `${note}shape of ${k}`).toEqual(e.shape);
    const problem = forwardMismatch(actual.data, e, tolerance, !isFloat(actual.dtype));
    if (problem) expect.fail(`${note}${k} ${problem}`);
  }
  return Object.keys(expected).filter((k) => isFloat(run.outputs[k]!.dtype));
}

function checkGradients(run: RunResult, inputs: Record<string, TestInput>, wrt: string[], slopes: { positions: number[]; values: number[]; labels: string[] }[], tolerance: Tolerance, scale: number, note: string): void {
  for (const [i, k] of wrt.entries()) {
    const { positions, values, labels } = slopes[i]!;
    const { data, shape } = run.grads[i]!;
    expect(shape, `${note}shape of the gradient of ${k}`).toEqual(inputs[k]!.value.shape);
    const stray = Array.from(data).findIndex((v) => !Number.isFinite(v));
    if (stray >= 0) expect.fail(`${note}gradient of ${k}: element ${stray} is ${data[stray]}`);
    const problem = gradientMismatch(positions.map((p) => data[p]!), values, labels, tolerance, scale);
    if (problem) expect.fail(`${note}gradient of ${k} ${problem}`);
  }
}

/** Σ cotangent · output over the float outputs. */
function contract(outputs: Record<string, NdArray>, cotangents: Record<string, NdArray>, floats: string[]): number {
  let total = 0;
  for (const k of floats) {
    const weights = cotangents[k]!.data;
    outputs[k]!.data.forEach((v, i) => (total += v * weights[i]!));
  }
  return total;
}

const bytes = ({ data }: Result): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

function expectSameBits(second: RunResult, first: RunResult): void {
  const all = (r: RunResult): [string, Result][] => [...Object.entries(r.outputs), ...r.grads.map((g, i) => [`gradient ${i}`, g] as [string, Result])];
  const again = Object.fromEntries(all(second));
  for (const [k, result] of all(first)) {
    const [a, b] = [bytes(result), bytes(again[k]!)];
    const differs = a.length !== b.length || a.some((v, i) => v !== b[i]);
    if (differs) expect.fail(`${k} differs in a second run on poisoned buffers: something is read before it is written, or the order is not fixed`);
  }
}
