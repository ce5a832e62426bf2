// The same bits every time, where GPUs invite disorder: sums over many elements, scattering, whole training steps.
import { expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { UNet } from "../../src/models/unet.js";
import { avgPool2d } from "../../src/ops/avg-pool2d.js";
import { batchNormTrain } from "../../src/ops/batch-norm2d.js";
import { conv2d } from "../../src/ops/conv2d.js";
import { convTranspose2d } from "../../src/ops/conv-transpose2d.js";
import { crossEntropy } from "../../src/ops/cross-entropy.js";
import { gradients } from "../../src/ops/gradients.js";
import { gather } from "../../src/ops/gather.js";
import { maxPool2d } from "../../src/ops/max-pool2d.js";
import { resize } from "../../src/ops/resize.js";
import { scatterAdd } from "../../src/ops/scatter-add.js";
import { sort } from "../../src/ops/sort.js";
import { sum } from "../../src/ops/sum.js";
import { adam } from "../../src/optim/index.js";
import { crossEntropyLoss } from "../../src/train/loss.js";
import { trainingStep } from "../../src/train/step.js";
import type { Device } from "../../src/runtime/device.js";
import { testDevice } from "../support/device.js";
import { poisonSlabs } from "../support/guards.js";
import { random } from "../support/random.js";
import { tier } from "../support/tier.js";

const runs = tier() === "full" ? 10 : 3;

// Tables mix dtypes, which the ops check.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type AnyTensor = Tensor<any>;

interface Subject {
  name: string;
  /** Shapes of normally distributed inputs, or whole numbers below `classes`. */
  inputs: Record<string, number[] | { shape: number[]; classes: number }>;
  op: (inputs: Record<string, AnyTensor>) => AnyTensor;
}

const subjects: Subject[] = [
  { name: "conv2d", inputs: { x: [2, 33, 29, 24], weight: [40, 3, 3, 24], bias: [40] }, op: ({ x, weight, bias }) => conv2d(x!, weight!, { padding: 1, bias }) },
  { name: "depthwise conv2d", inputs: { x: [2, 33, 29, 24], weight: [24, 3, 3, 1] }, op: ({ x, weight }) => conv2d(x!, weight!, { padding: 2, dilation: 2, groups: 24 }) },
  { name: "convTranspose2d", inputs: { x: [2, 15, 13, 24], weight: [24, 3, 3, 16], bias: [16] }, op: ({ x, weight, bias }) => convTranspose2d(x!, weight!, { stride: 2, bias }) },
  { name: "maxPool2d", inputs: { x: [2, 33, 31, 12] }, op: ({ x }) => maxPool2d(x!, { kernelSize: 3, stride: 2, padding: 1 }) },
  { name: "avgPool2d", inputs: { x: [2, 33, 31, 12] }, op: ({ x }) => avgPool2d(x!, { kernelSize: 3, stride: 2, padding: 1 }) },
  { name: "resize", inputs: { x: [2, 17, 16, 12] }, op: ({ x }) => resize(x!, { size: [40, 35] }) },
  { name: "batchNorm2d", inputs: { x: [4, 31, 33, 20], gamma: [20], beta: [20] }, op: ({ x, gamma, beta }) => batchNormTrain(x!, gamma!, beta!).out },
  { name: "crossEntropy", inputs: { logits: [2, 61, 67, 21], labels: { shape: [2, 61, 67], classes: 21 } }, op: ({ logits, labels }) => crossEntropy(logits!, labels!) },
  { name: "scatterAdd", inputs: { x: [40], indices: { shape: [20000], classes: 40 }, source: [20000] }, op: ({ x, indices, source }) => scatterAdd(x!, indices!, source!) },
  { name: "gather", inputs: { x: [100, 8], indices: { shape: [5000, 8], classes: 100 } }, op: ({ x, indices }) => gather(x!, indices!, { axis: 0 }) },
  { name: "sort", inputs: { x: [3, 5000] }, op: ({ x }) => sort(x!).values },
  { name: "sum", inputs: { x: [3, 40001] }, op: ({ x }) => sum(x!, { axes: [1] }) },
];

const bitsOf = (data: ArrayBufferView): string => new Uint32Array(data.buffer, data.byteOffset, data.byteLength / 4).join();

function makeInputs(device: Device, { name, inputs }: Subject): AnyTensor[] {
  const rng = random(name);
  return Object.values(inputs).map((spec) => {
    const { shape, classes } = Array.isArray(spec) ? { shape: spec, classes: 0 } : spec;
    const size = shape.reduce((a, b) => a * b, 1);
    return classes ? tensor(device, Uint32Array.from({ length: size }, () => rng.integer(classes)), shape) : tensor(device, Float32Array.from({ length: size }, () => rng.normal()), shape);
  });
}

/** Result and all gradients as one text of bits; every second run has a plan of its own. */
test.each(subjects.map((s) => [s.name, s] as const))(`%s, forward and backward, ${runs} times`, async (_, subject) => {
  const device = await testDevice();
  const names = Object.keys(subject.inputs);
  const given = makeInputs(device, subject);
  const make = () =>
    compile((...tensors: AnyTensor[]) => {
      const out = subject.op(Object.fromEntries(names.map((k, i) => [k, tensors[i]!])));
      const sources = tensors.filter(({ dtype }) => dtype === "f32");
      // The result is its own cotangent: the gradients of its squares, halved.
      return [out, ...gradients(out, sources, out)];
    });
  const kept = make();
  const seen = new Set<string>();
  device.poisonPool(true);
  for (let i = 0; i < runs; i++) {
    const plan = i % 2 === 0 ? kept : make();
    poisonSlabs(device, plan.plan(...given));
    const results = plan(...given) as AnyTensor[];
    seen.add((await Promise.all(results.map(async (t) => bitsOf(await t.data())))).join("\n"));
    results.forEach((t) => t.dispose());
    if (plan !== kept) plan.dispose();
  }
  device.poisonPool(false);
  kept.dispose();
  given.forEach((t) => t.dispose());
  expect(seen.size).toBe(1);
});

test(`three training steps of a U-Net, ${runs} times`, async () => {
  const device = await testDevice();
  const rng = random("training");
  const image = tensor(device, Uint8Array.from({ length: 2 * 32 * 32 * 3 }, () => rng.integer(256)), [2, 32, 32, 3]);
  const mask = tensor(device, Uint8Array.from({ length: 2 * 32 * 32 }, () => rng.integer(3)), [2, 32, 32]);
  const seen = new Set<string>();
  for (let i = 0; i < runs; i++) {
    const model = new UNet({ classes: 3, widths: [8, 16] }).to(device, { seed: 7 });
    const optimizer = adam(model.parameters(), { learningRate: 0.01 });
    const step = trainingStep(model, optimizer, crossEntropyLoss);
    for (let k = 0; k < 3; k++) step([image], [mask]).dispose();
    const weights = await Promise.all([...model.namedVariables()].map(async ([, variable]) => bitsOf(await variable.data())));
    seen.add(weights.join("\n"));
    step.dispose();
    optimizer.dispose();
    model.dispose();
  }
  image.dispose();
  mask.dispose();
  expect(seen.size).toBe(1);
});
