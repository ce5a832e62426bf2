/**
 * `await pytorchFamily("pooling", { maxPool2d: ({ x }, o) => maxPool2d(x, o), … })` registers one test per configuration of
 * test/fixtures/pytorch/pooling.safetensors, which scripts/reference/families/pooling.py writes (see configurations.py
 * beside it). Forward and all gradients run as one plan on poisoned memory with guard words behind every tensor; tolerances
 * are those below and nothing in a case changes them.
 */
import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { gradients } from "../../src/ops/gradients.js";
import { sizeOf } from "../reference/ndarray.js";
import { testDevice } from "./device.js";
import { expectGuards, poisonSlabs } from "./guards.js";
import { readFamily, type PyTorchConfiguration, type PyTorchFamily, type ResultSpec } from "./pytorch-file.js";
import { sampleCases } from "./tier.js";

// Options and inputs come from a file: each operator takes them unchecked and checks them itself.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Unchecked = any;
type Inputs = Record<string, Unchecked>;
type AnyTensor = Tensor<Unchecked>;

/** What an operator, or a metric that answers with numbers, does with a configuration. */
export type PyTorchOp = (inputs: Inputs, options: Unchecked) => AnyTensor | Record<string, AnyTensor>;
export type PyTorchHostOp = (inputs: Inputs, options: Unchecked) => Promise<Record<string, number | ArrayLike<number>>>;

export interface PyTorchFamilyOptions {
  /** Ops that run outside a plan, on concrete tensors, and give numbers: streaming metrics. They have no gradients. */
  host?: Record<string, PyTorchHostOp>;
  /** Cases of the quick tier and of Chromium. Default 12. */
  quick?: number;
}

/** Against float64. Forward: of the largest magnitude, or 1e-6. Gradients: by norm, and each element of the largest. */
const tolerance = { forward: 1e-5, gradient: 1e-4, element: 1e-3 } as const;

/** Registers the tests of a family; await it at the top of the test file. */
export async function pytorchFamily(name: string, ops: Record<string, PyTorchOp>, options: PyTorchFamilyOptions = {}): Promise<void> {
  const family = await readFamily(name);
  describe(`PyTorch: ${name}`, () => {
    const unknown = family.cases.find(({ op }) => !(op in ops) && !(op in (options.host ?? {})));
    test("every op of the file is tested", () => expect(unknown?.op).toBeUndefined());
    for (const c of sampleCases(name, family.cases, options.quick ?? 12)) {
      const host = options.host?.[c.op];
      test(`${c.op}: ${c.name}`, () => (host ? runOnHost(family, c, host) : runInPlan(family, c, ops[c.op]!)));
    }
  });
}

type Result = { shape: readonly number[]; dtype: string; data: ArrayLike<number> };

const isTensor = (o: AnyTensor | Record<string, AnyTensor>): o is AnyTensor => "dtype" in o && typeof o.dtype === "string";

async function runInPlan(family: PyTorchFamily, c: PyTorchConfiguration, op: PyTorchOp): Promise<void> {
  const device = await testDevice();
  const upload = (specs: PyTorchConfiguration["inputs"]): AnyTensor[] => Object.values(specs).map((spec) => tensor(device, family.make(spec), spec.shape));
  const [names, seedNames, wrt] = [Object.keys(c.inputs), Object.keys(c.cotangents ?? {}), Object.keys(c.grads ?? {})];
  device.poisonPool(true);
  device.guardPlans(true);
  try {
    const given = [...upload(c.inputs), ...upload(c.cotangents ?? {})];
    let outputNames: string[] = [];
    const plan = compile((...tensors: AnyTensor[]) => {
      const inputs = Object.fromEntries(names.map((k, i) => [k, tensors[i]!]));
      const result = op(inputs, c.options);
      const outputs: Record<string, AnyTensor> = isTensor(result) ? { out: result } : result;
      outputNames = Object.keys(outputs);
      const sources = wrt.map((k) => inputs[k] as AnyTensor);
      return [...Object.values(outputs), ...seedNames.flatMap((k, i) => gradients(outputs[k]!, sources, tensors[names.length + i]!))];
    });
    const made = plan.plan(...given);
    poisonSlabs(device, made);
    const tensors = plan(...given) as AnyTensor[];
    const read: Result[] = await Promise.all(tensors.map(async (t) => ({ shape: t.shape, dtype: t.dtype as string, data: (await t.data()) as ArrayLike<number> })));
    await expectGuards(device, made);
    [...tensors, ...given].forEach((t) => t.dispose());
    plan.dispose();
    for (const [k, expected] of Object.entries(c.outputs)) {
      const at = outputNames.indexOf(k);
      expect(at, `the op gives no "${k}"`).toBeGreaterThanOrEqual(0);
      checkShape(`output ${k}`, read[at]!, expected);
      checkForward(`output ${k}`, family, read[at]!.data, expected);
    }
    checkGradients(family, c, wrt.map((_, i) => total(read.slice(outputNames.length).filter((_, j) => j % wrt.length === i))));
  } finally {
    device.guardPlans(false);
    device.poisonPool(false);
  }
}

async function runOnHost(family: PyTorchFamily, c: PyTorchConfiguration, op: PyTorchHostOp): Promise<void> {
  const device = await testDevice();
  const inputs = Object.fromEntries(Object.entries(c.inputs).map(([k, spec]) => [k, tensor(device, family.make(spec), spec.shape) as AnyTensor]));
  const numbers = await op(inputs, c.options);
  Object.values(inputs).forEach((t) => t.dispose());
  for (const [k, expected] of Object.entries(c.outputs)) {
    const actual = numbers[k];
    expect(actual, `the op gives no "${k}"`).toBeDefined();
    checkForward(`output ${k}`, family, typeof actual === "number" ? [actual] : actual!, expected);
  }
}

/** Gradients come once per differentiable output; their sum is the gradient of Σ output · cotangent. */
function total(parts: Result[]): Result {
  const data = Float64Array.from(parts[0]!.data);
  for (const part of parts.slice(1)) data.forEach((v, i) => (data[i] = v + part.data[i]!));
  return { ...parts[0]!, data };
}

function checkShape(what: string, actual: Result, expected: ResultSpec): void {
  expect(actual.shape, `shape of ${what}`).toEqual(expected.shape);
  expect(actual.dtype.startsWith("f"), `${what} is ${actual.dtype} where PyTorch has ${expected.dtype}`).toBe(expected.dtype === "f32");
}

const norm = (values: ArrayLike<number>): number => Math.sqrt(Array.from(values).reduce((s, v) => s + v * v, 0));
const largest = (values: ArrayLike<number>): number => Array.from(values).reduce((m, v) => (Number.isFinite(v) ? Math.max(m, Math.abs(v)) : m), 0);
const same = (a: number, b: number): boolean => Object.is(a, b) || a === b;

interface Compared {
  expected: ArrayLike<number>;
  /** Largest error of an element, and where; a NaN or an infinity in the wrong place counts as Infinity. */
  worst: number;
  where: string;
  /** Norm of the error: over all elements, or (big results) over the samples and estimated for the whole. */
  errorNorm: number;
  norm: number;
  largest: number;
}

function compare(family: PyTorchFamily, actual: ArrayLike<number>, spec: ResultSpec): Compared {
  const expected = family.stored(spec);
  const positions = family.positions(spec);
  let [worst, at, square] = [0, 0, 0];
  positions.forEach((p, i) => {
    const [a, e] = [actual[p]!, expected[i]!];
    if (same(a, e)) return;
    const error = Math.abs(a - e);
    square += error * error;
    if (!(error <= worst)) [worst, at] = [Number.isNaN(error) ? Infinity : error, i];
  });
  const where = `element ${positions[at]} of [${spec.shape.join(", ")}] is ${actual[positions[at] ?? 0]}, PyTorch has ${expected[at]}`;
  let errorNorm = Math.sqrt(square);
  if (spec.sums) {
    const sums = family.signSums(spec, actual);
    errorNorm = Math.max(errorNorm, norm(sums.map((s, i) => s - spec.sums![i]!)) / Math.sqrt(sums.length));
    if (Number.isNaN(errorNorm)) errorNorm = Infinity;
  }
  return { expected, worst, where, errorNorm, norm: spec.norm ?? norm(Array.from(expected).filter(Number.isFinite)), largest: spec.largest ?? largest(expected) };
}

export function checkForward(what: string, family: PyTorchFamily, actual: ArrayLike<number>, spec: ResultSpec): void {
  const size = sizeOf(spec.shape);
  expect(actual.length, `elements of ${what}`).toBe(size);
  const c = compare(family, actual, spec);
  const bound = spec.dtype === "f32" ? Math.max(tolerance.forward * c.largest, 1e-6) : 0;
  if (c.worst > bound) expect.fail(`${what}: ${c.where} (allowed ${bound.toExponential(2)})`);
  if (c.errorNorm > bound * Math.sqrt(size)) expect.fail(`${what}: all samples agree but the whole does not: its error has norm ${c.errorNorm.toExponential(2)}, allowed ${(bound * Math.sqrt(size)).toExponential(2)}`);
}

export function checkGradients(family: PyTorchFamily, c: PyTorchConfiguration, actual: Result[]): void {
  const specs = Object.entries(c.grads ?? {});
  const compared = specs.map(([k, spec], i) => {
    checkShape(`gradient of ${k}`, actual[i]!, spec);
    return compare(family, actual[i]!.data, spec);
  });
  const cotangents = Object.values(c.cotangents ?? {});
  const outputs = cotangents.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  compared.forEach((g, i) => {
    const what = `gradient of ${specs[i]![0]}`;
    const size = sizeOf(specs[i]![1].shape);
    // What cancels to nearly nothing (a saturated softmax, say) is right to the rounding of what cancelled: cotangents near
    // 1, or their share where few of them spread over many elements (a mean).
    const floor = 1e-6 * Math.min(1, outputs / Math.max(size, 1));
    const element = tolerance.element * g.largest + floor;
    if (g.worst > element) expect.fail(`${what}: ${g.where} (allowed ${element.toExponential(2)})`);
    const whole = tolerance.gradient * g.norm + floor * Math.sqrt(size);
    if (g.errorNorm > whole) expect.fail(`${what}: error norm ${g.errorNorm.toExponential(2)}, allowed ${whole.toExponential(2)}; worst ${g.where}`);
  });
}
