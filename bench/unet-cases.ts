import { Random } from "../src/data/random.js";
import { compile } from "../src/graph/compile.js";
import { tensor, type Tensor } from "../src/graph/tensor.js";
import { crossEntropy } from "../src/ops/cross-entropy.js";
import { valueAndGrad } from "../src/ops/value-and-grad.js";
import { UNet } from "../src/models/unet.js";
import { adam } from "../src/optim/index.js";
import type { Device } from "../src/runtime/device.js";
import { AtrousError } from "../src/runtime/errors.js";
import { FORWARD_PASS, type Case } from "./harness.js";
import { compare } from "./operator.js";
import { STEPS, type Inputs } from "./spec.js";
import { unetShape } from "./unet-inputs.js";
import { meanCrossEntropy, unetLogits, type Map64, type Weight } from "./unet-reference.js";

const { widths, classes, channels } = unetShape;
const learningRate = 1e-4;

export const makeUNet = (device: Device): UNet => new UNet({ inChannels: channels, classes, widths, norm: "none" }).to(device, { seed: 0 });

/** Multiply-adds of each convolution, first to last. */
function multiplyAdds(pixels: number): number[] {
  const at = (level: number): number => pixels / 4 ** level;
  const twice = (level: number, from: number, to: number): number[] => [9 * from * to * at(level), 9 * to * to * at(level)];
  const down = widths.flatMap((width, level) => twice(level, level === 0 ? channels : widths[level - 1]!, width));
  const up = widths.slice(0, -1).flatMap((width, level) => [widths[level + 1]! * width * at(level), ...twice(level, 2 * width, width)]);
  return [...down, ...up, widths[0]! * classes * pixels];
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Two operations per multiply-add of the convolutions; everything else is left out. */
export const forwardFlops = (pixels: number): number => 2 * sum(multiplyAdds(pixels));

/** Forward, and as much again for the gradients of inputs (not the image's) and of weights. */
export const stepFlops = (pixels: number): number => 2 * (3 * sum(multiplyAdds(pixels)) - multiplyAdds(pixels)[0]!);

export interface Batch {
  readonly image: Map64;
  readonly labels: Uint32Array;
}

export function makeBatch(n: number, size: number): Batch {
  const random = new Random(n, size);
  const image = Float64Array.from({ length: n * size * size * channels }, () => Math.fround(random.bits() / 2 ** 32));
  return { image: { shape: [n, size, size, channels], data: image }, labels: Uint32Array.from({ length: n * size * size }, () => random.bits() % classes) };
}

export const imageTensor = (device: Device, { image }: Batch): Tensor<"f32"> => tensor(device, Float32Array.from(image.data), image.shape);
export const labelTensor = (device: Device, { image, labels }: Batch): Tensor<"u32"> => tensor(device, labels, image.shape.slice(0, 3));

async function weightsOf(model: UNet): Promise<Weight[]> {
  const weights: Weight[] = [];
  for (const [, variable] of model.namedVariables()) weights.push({ shape: variable.shape, data: Float64Array.from(await variable.data()) });
  return weights;
}

/** What peers are given: image, labels and the weights as they are now. */
async function inputsOf({ image, labels }: Batch, model: UNet): Promise<Inputs> {
  const weights = await weightsOf(model);
  return {
    image: { shape: image.shape, data: Float32Array.from(image.data) },
    labels: { shape: image.shape.slice(0, 3), data: labels },
    ...Object.fromEntries(weights.map(({ shape, data }, i) => [`w${i}`, { shape, data: Float32Array.from(data) }])),
  };
}

const unetForward: Case = {
  name: "unet forward 256x256 batch 1", group: "networks",
  flops: forwardFlops(256 ** 2), count: "2 per multiply-add of the convolutions",
  spec: { kind: "unet", levels: widths.length, what: "logits", learningRate },
  prepare: async (device) => {
    const model = makeUNet(device).eval();
    const batch = makeBatch(1, 256);
    const image = imageTensor(device, batch);
    const forward = compile(function forward(x: Tensor) {
      return model.forward(x);
    });
    const plan = await forward.prepare(image);
    return {
      plan,
      inputs: await inputsOf(batch, model),
      run: () => forward(image).dispose(),
      result: async () => {
        using out = forward(image);
        return [await out.data() as Float32Array];
      },
      check: async () => {
        using out = forward(image);
        const got = await out.data();
        const want = unetLogits(batch.image, await weightsOf(model), widths.length).data;
        return compare(unetForward.name, Array.from(want, (value, i) => ({ got: got[i] as number, want: value })), 1e-4);
      },
      dispose: () => {
        forward.dispose();
        model.dispose();
        image.dispose();
      },
    };
  },
};

/**
 * The loss against the reference, and the gradient along a random direction d against central differences of the
 * reference, (L(w + εd) − L(w − εd)) / 2ε, on a batch small enough for that.
 */
async function checkGradient(device: Device, model: UNet): Promise<number> {
  const batch = makeBatch(2, 32);
  using image = imageTensor(device, batch);
  using labels = labelTensor(device, batch);
  const weights = await weightsOf(model);
  const { value, grads } = valueAndGrad(model, () => crossEntropy(model.forward(image), labels));
  const loss = (moved: readonly Weight[]): number => meanCrossEntropy(unetLogits(batch.image, moved, widths.length), batch.labels);
  let worst = compare("unet loss", [{ got: await value.item(), want: loss(weights) }], 1e-5);
  const variables = [...model.namedVariables()].map(([, variable]) => variable);
  const gradients: Float32Array[] = [];
  for (const variable of variables) gradients.push(await grads.get(variable as never)!.data() as Float32Array);
  for (const seed of [1, 2]) {
    const random = new Random(seed);
    // Half gradient, half noise: a random direction alone is almost at right angles to the gradient.
    const norm = Math.sqrt(sum(gradients.map((g) => sum(Array.from(g, (v) => v * v)))));
    const count = sum(gradients.map((g) => g.length));
    const direction = gradients.map((g) => Float64Array.from(g, (v) => v / norm + (2 * random.bits() / 2 ** 32 - 1) / Math.sqrt(count)));
    const moved = (by: number): Weight[] => weights.map(({ shape, data }, i) => ({ shape, data: data.map((v, k) => v + by * direction[i]![k]!) }));
    const epsilon = 1e-5;
    const want = (loss(moved(epsilon)) - loss(moved(-epsilon))) / (2 * epsilon);
    const got = sum(gradients.map((g, i) => g.reduce((s, v, k) => s + v * direction[i]![k]!, 0)));
    worst = Math.max(worst, compare("unet gradient", [{ got, want }], 1e-3));
  }
  value.dispose();
  for (const grad of grads.values()) grad.dispose();
  return worst;
}

/** What a step is compared with: the same batch forward, batch statistics and dropout as in training (this network has neither). */
const unetTrainingForward: Case = {
  name: "unet training-mode forward 128x128 batch 4", group: "training",
  flops: forwardFlops(4 * 128 ** 2), count: "2 per multiply-add of the convolutions",
  prepare: async (device) => {
    const model = makeUNet(device);
    const batch = makeBatch(4, 128);
    const image = imageTensor(device, batch);
    const forward = compile(function trainingForward(x: Tensor) {
      return model.forward(x);
    });
    return {
      plan: await forward.prepare(image),
      run: () => forward(image).dispose(),
      check: async () => {
        using out = forward(image);
        const got = await out.data();
        const want = unetLogits(batch.image, await weightsOf(model), widths.length).data;
        return compare(unetTrainingForward.name, Array.from(want, (value, i) => ({ got: got[i] as number, want: value })), 1e-4);
      },
      dispose: () => {
        forward.dispose();
        model.dispose();
        image.dispose();
      },
    };
  },
};

const unetStep: Case = {
  name: "unet training step 128x128 batch 4", group: "training",
  flops: stepFlops(4 * 128 ** 2), count: "2 per multiply-add of the convolutions, forward, input gradients (but the image's) and weight gradients",
  spec: { kind: "unet", levels: widths.length, what: "step", learningRate },
  beside: { name: FORWARD_PASS, case: unetTrainingForward },
  prepare: async (device) => {
    const model = makeUNet(device);
    const batch = makeBatch(4, 128);
    const [image, labels] = [imageTensor(device, batch), labelTensor(device, batch)];
    const optimizer = adam(model.parameters(), { learningRate });
    const step = compile(function step(x: Tensor, y: Tensor) {
      const { value, grads } = valueAndGrad(model, () => crossEntropy(model.forward(x), y));
      optimizer.update(grads);
      return value;
    });
    const plan = await step.prepare(image, labels);
    const inputs = await inputsOf(batch, model);
    const firstLosses = async (): Promise<number[]> => {
      const losses: number[] = [];
      for (let i = 0; i < STEPS; i++) {
        using loss = step(image, labels);
        losses.push(await loss.item());
      }
      return losses;
    };
    return {
      plan, inputs,
      run: () => step(image, labels).dispose(),
      result: async () => [Float32Array.from(await firstLosses())],
      check: async () => {
        const small = await checkGradient(device, model);
        const want = meanCrossEntropy(unetLogits(batch.image, await weightsOf(model), widths.length), batch.labels);
        const losses = await firstLosses();
        if (!(losses[STEPS - 1]! < losses[0]!)) throw new AtrousError(`${unetStep.name}: ${STEPS} steps do not lower the loss (${losses.join(", ")}).`);
        return Math.max(small, compare(unetStep.name, [{ got: losses[0]!, want }], 1e-5));
      },
      dispose: () => {
        step.dispose();
        optimizer.dispose();
        model.dispose();
        image.dispose();
        labels.dispose();
      },
    };
  },
};

export const unetCases: readonly Case[] = [unetForward, unetTrainingForward, unetStep];
