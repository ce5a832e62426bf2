/**
 * `await pytorchNetworks("fcn", { "fcn_resnet50 narrow": () => new FCN({ … }), … })` compares networks with what PyTorch computed for
 * the same weights (test/fixtures/networks/fcn.safetensors, written by scripts/reference/models/fcn.py): logits in evaluation and,
 * where the file has them, outputs, gradients of all parameters and running statistics in training. Weights go the way of files:
 * PyTorch's names and layouts, through `loadWeights`.
 */
import { describe, expect, test } from "vitest";
import { hashText } from "../../src/data/random.js";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { readSafetensors, toFloat32, writeSafetensors, type SafeTensor } from "../../src/io/safetensors.js";
import { loadWeights, weightsOf } from "../../src/io/weights.js";
import { Dropout, Dropout2d } from "../../src/layers/dropout.js";
import type { SegmentationModel } from "../../src/models/segmentation-model.js";
import { add, mul } from "../../src/ops/pointwise.js";
import { sum } from "../../src/ops/sum.js";
import { valueAndGrad } from "../../src/ops/value-and-grad.js";
import type { Device } from "../../src/runtime/device.js";
import { sizeOf } from "../reference/ndarray.js";
import { testDevice } from "./device.js";
import { loadFixture, signSums, words } from "./pytorch-file.js";
import { platform, tier } from "./tier.js";

interface NetworkResult {
  shape: number[];
  norm: number;
  largest: number;
  at: number;
  sums?: number[];
}

interface NetworkCase {
  name: string;
  /** [N, H, W, C]. */
  input: number[];
  gain: number;
  /** Compared in the full tier only. */
  full: boolean;
  /** Names and shapes of the state dict, in PyTorch's layout; their number for big networks. */
  entries: Record<string, number[]> | number;
  logits: NetworkResult;
  training?: { outputs: NetworkResult[]; gradients: Record<string, NetworkResult>; statistics: Record<string, NetworkResult> };
}

interface NetworkFamily {
  seed: number;
  cases: NetworkCase[];
  values: Float32Array;
}

const WHOLE = 64;
const SAMPLES = 16;
/** Of the largest logit; of the norm of a gradient, and of the largest norm of all. */
const tolerance = { logits: 1e-4, gradient: 1e-3, share: 1e-5 } as const;

export async function pytorchNetworks(name: string, models: Record<string, () => SegmentationModel>): Promise<void> {
  const { tensors, metadata } = readSafetensors(await loadFixture(`networks/${name}.safetensors`), `${name}.safetensors`);
  const family = { ...(JSON.parse(metadata["networks"]!) as Omit<NetworkFamily, "values">), values: tensors.get("values")!.data as Float32Array };
  describe(`PyTorch networks: ${name}`, () => {
    test("every network of the file is tested", () => expect(Object.keys(models).sort()).toEqual(family.cases.map((c) => c.name).sort()));
    for (const c of family.cases) test.skipIf(c.full && (tier() === "quick" || platform() === "browser"))(c.name, () => compareNetwork(family, c, models[c.name]!));
  });
}

/** networks.py: value_of. */
function entry(name: string, shape: readonly number[], { seed }: NetworkFamily, gain: number): SafeTensor {
  const size = sizeOf(shape);
  if (name.endsWith("num_batches_tracked")) return { dtype: "I64", shape: [], data: new BigInt64Array(1) };
  const word = words(seed, hashText(name));
  const bound = gain * Math.sqrt((6 * shape[0]!) / size);
  const positive = name.endsWith("running_var") || name.endsWith("weight");
  const [low, high] = shape.length >= 2 ? [-bound, bound] : positive ? [0.5, 1.5] : [-0.3, 0.3];
  const data = new Float32Array(size);
  for (let i = 0; i < size; i++) data[i] = low + (high - low) * (word(i) / 2 ** 32);
  return { dtype: "F32", shape: [...shape], data };
}

/** networks.py: _map. */
function map(device: Device, { seed }: NetworkFamily, name: string, shape: readonly number[]): Tensor {
  const word = words(seed, hashText(name));
  return tensor(device, Float32Array.from({ length: sizeOf(shape) }, (_, i) => 2 * (word(i) / 2 ** 32) - 1), shape);
}

const fileShape = (shape: readonly number[]): readonly number[] => (shape.length === 4 ? [shape[0]!, shape[3]!, shape[1]!, shape[2]!] : shape);

async function compareNetwork(family: NetworkFamily, c: NetworkCase, make: () => SegmentationModel): Promise<void> {
  const device = await testDevice();
  using model = make();
  const shapes = typeof c.entries === "number" ? Object.fromEntries([...model.namedVariables()].map(([k, { shape }]) => [k, fileShape(shape)])) : c.entries;
  if (typeof c.entries === "number") expect(Object.keys(shapes), "state dict").toHaveLength(c.entries);
  model.to(device);
  loadWeights(model, writeSafetensors(new Map(Object.entries(shapes).map(([k, shape]) => [k, entry(k, shape, family, c.gain)]))), { name: `${c.name}.safetensors` });
  using x = map(device, family, `${c.name}/x`, c.input);
  model.eval();
  const forward = compile((x: Tensor) => model.forward(x));
  using logits = forward(x);
  close("logits", family, await logits.data(), c.logits, logits.shape, tolerance.logits);
  forward.dispose();
  if (c.training) await compareTraining(family, c, model, x, c.training);
}

async function compareTraining(family: NetworkFamily, c: NetworkCase, model: SegmentationModel, x: Tensor, expected: NonNullable<NetworkCase["training"]>): Promise<void> {
  model.train();
  for (const [, module] of model.modules()) if (module instanceof Dropout || module instanceof Dropout2d) module.eval();
  const cotangents = expected.outputs.map(({ shape }, i) => map(model.device, family, `${c.name}/cotangent${i}`, shape));
  const step = compile((x: Tensor, cotangents: Tensor[]) => {
    const { grads, aux } = valueAndGrad(model, () => {
      const { logits, auxiliary } = model.outputs(x);
      const outputs = [logits, ...auxiliary.map((head) => head.logits)];
      expect(outputs.map(({ shape }) => shape), "outputs of training").toEqual(cotangents.map(({ shape }) => shape));
      return [outputs.map((y, i) => sum(mul(y, cotangents[i]!))).reduce((a, b) => add(a, b)), outputs];
    });
    return { outputs: aux, grads: model.parameters().map((p) => grads.get(p)!) };
  });
  const { outputs, grads } = step(x, cotangents);
  for (const [i, y] of outputs.entries()) close(i === 0 ? "logits in training" : `auxiliary output ${i}`, family, await y.data(), expected.outputs[i]!, y.shape, tolerance.logits);
  const state = readSafetensors(await weightsOf(model)).tensors;
  for (const [k, spec] of Object.entries(expected.statistics)) close(k, family, toFloat32(state.get(k)!), spec, state.get(k)!.shape, tolerance.logits);

  const paths = new Map([...model.namedVariables()].map(([path, variable]) => [variable as object, path]));
  const largestNorm = Math.max(...Object.values(expected.gradients).map(({ norm }) => norm));
  const found = new Map<string, { data: Float32Array; shape: readonly number[] }>();
  for (const [i, p] of model.parameters().entries()) found.set(paths.get(p)!, { data: toFile((await grads[i]!.data()) as Float32Array, p.shape), shape: fileShape(p.shape) });
  expect([...found.keys()].sort(), "parameters").toEqual(Object.keys(expected.gradients).sort());
  for (const [k, { data, shape }] of found) {
    const spec = expected.gradients[k]!;
    expect(shape, `gradient of ${k}`).toEqual(spec.shape);
    const { errorNorm } = compare(family, data, spec);
    const allowed = tolerance.gradient * spec.norm + tolerance.share * largestNorm;
    if (!(errorNorm <= allowed)) expect.fail(`gradient of ${k}: its error has norm ${errorNorm.toExponential(2)}, allowed ${allowed.toExponential(2)} (norm ${spec.norm.toExponential(2)})`);
  }
  [...outputs, ...grads, ...cotangents].forEach((t) => t.dispose());
  step.dispose();
}

/** [a, h, w, b] in memory to [a, b, h, w] in files. */
function toFile(data: Float32Array, shape: readonly number[]): Float32Array {
  if (shape.length !== 4) return data;
  const [a, h, w, b] = shape as [number, number, number, number];
  const out = new Float32Array(data.length);
  for (let i = 0; i < a; i++) for (let p = 0; p < h * w; p++) for (let k = 0; k < b; k++) out[(i * b + k) * h * w + p] = data[(i * h * w + p) * b + k]!;
  return out;
}

function compare(family: NetworkFamily, actual: ArrayLike<number>, spec: NetworkResult): { worst: number; errorNorm: number; where: string } {
  const size = sizeOf(spec.shape);
  const word = words(family.seed, size, 1);
  const count = size <= WHOLE ? size : SAMPLES;
  let [worst, square, where] = [0, 0, ""];
  for (let i = 0; i < count; i++) {
    const position = size <= WHOLE ? i : Math.floor((word(i) * size) / 2 ** 32);
    const [a, e] = [actual[position]!, family.values[spec.at + i]!];
    const error = Math.abs(a - e);
    square += error * error;
    if (!(error <= worst)) [worst, where] = [Number.isNaN(error) ? Infinity : error, `element ${position} is ${a}, PyTorch has ${e}`];
  }
  let errorNorm = Math.sqrt(square);
  if (spec.sums) {
    const sums = signSums(actual, family.seed, size);
    errorNorm = Math.max(errorNorm, Math.hypot(...sums.map((s, i) => s - spec.sums![i]!)) / Math.sqrt(sums.length));
  }
  return { worst, errorNorm: Number.isNaN(errorNorm) ? Infinity : errorNorm, where };
}

/** Each sample within `share` of the largest magnitude, and the whole by its norm. */
function close(what: string, family: NetworkFamily, actual: ArrayLike<number>, spec: NetworkResult, shape: readonly number[], share: number): void {
  expect(shape, `shape of ${what}`).toEqual(spec.shape);
  const { worst, errorNorm, where } = compare(family, actual, spec);
  const bound = Math.max(share * spec.largest, 1e-7);
  if (!(worst <= bound)) expect.fail(`${what}: ${where} (allowed ${bound.toExponential(2)})`);
  const whole = bound * Math.sqrt(sizeOf(spec.shape));
  if (!(errorNorm <= whole)) expect.fail(`${what}: the samples agree but the whole does not: its error has norm ${errorNorm.toExponential(2)}, allowed ${whole.toExponential(2)}`);
}
