import { compile } from "../src/graph/compile.js";
import { tensor, type Tensor } from "../src/graph/tensor.js";
import { Dropout } from "../src/layers/dropout.js";
import type { SegmentationModel } from "../src/models/segmentation-model.js";
import { summary } from "../src/models/summary.js";
import { sgd, type Optimizer } from "../src/optim/index.js";
import type { Device } from "../src/runtime/device.js";
import { AtrousError } from "../src/runtime/errors.js";
import type { Shape } from "../src/runtime/shape.js";
import { crossEntropyLoss } from "../src/train/loss.js";
import { trainingStep } from "../src/train/step.js";
import { FORWARD_PASS, type Case } from "./harness.js";
import { bySize, bytesOf, checkResult, onDevice, prepareClear, sizeName, type NetworkCase, type NetworkSpec } from "./network.js";
import { compare } from "./operator.js";

/** Steps of the check: the loss of the second depends on the gradients of the first; later ones tell rounding errors apart as well. */
const STEPS = 3;
/** Images of the check. Batch norm behind a global pooling has this many numbers for its statistics, and with two of them rounding errors double gradients. */
const CHECKED = 8;

const optimizerOf = (model: SegmentationModel): Optimizer => sgd(model.parameters().filter(({ trainable }) => trainable), { learningRate: 0.02, momentum: 0.9 });

interface Batch {
  readonly images: Tensor<"u8">[];
  readonly masks: Tensor<"u8">[];
}

const batchOf = (device: Device, name: string, shape: Shape, classes: number): Batch => ({
  images: [tensor(device, bytesOf(name, shape), shape)],
  masks: [tensor(device, bytesOf(`${name} masks`, shape.slice(0, 3), classes), shape.slice(0, 3))],
});

const disposeBatch = ({ images, masks }: Batch): void => [...images, ...masks].forEach((each) => each.dispose());

interface Trained {
  readonly losses: readonly number[];
  /** Norm of the first step's gradient. */
  readonly norm: number;
}

/** Some steps of a fresh network, without dropout, whose pattern differs from run to run. */
async function train(device: Device, { name, make, narrow = make, checkSize }: NetworkSpec, clear: boolean): Promise<Trained> {
  using model = await onDevice(narrow(), device);
  for (const [, module] of model.modules()) if (module instanceof Dropout) module.eval();
  using optimizer = optimizerOf(model);
  // Two of the classes: that the others are absent is learnt in a step or two, from noise as well.
  const batch = batchOf(device, name, [CHECKED, ...checkSize, 3], 2);
  const step = trainingStep(model, optimizer, crossEntropyLoss);
  if (clear) await prepareClear(device, step, batch.images, batch.masks);
  const steps: Float32Array[] = [];
  for (let i = 0; i < STEPS; i++) {
    using result = step(batch.images, batch.masks);
    steps.push(await result.data());
  }
  step.dispose();
  disposeBatch(batch);
  return { losses: steps.map(([loss]) => loss!), norm: steps[0]![1]! };
}

/**
 * Loss and gradient of the first step, and the loss after it, against those of a training with the clear kernels; the largest error. Batch
 * norms multiply rounding errors of gradients by thousands.
 */
async function checkStep(device: Device, spec: NetworkSpec): Promise<number> {
  const [got, want] = [await train(device, spec, false), await train(device, spec, true)];
  if (!(want.losses.at(-1)! < want.losses[0]!)) throw new AtrousError(`${spec.name}: ${STEPS} steps do not lower the loss (${want.losses.join(", ")}).`);
  return Math.max(
    compare(`${spec.name}, first loss`, [{ got: got.losses[0]!, want: want.losses[0]! }], 1e-5),
    compare(`${spec.name}, norm of the gradient`, [{ got: got.norm, want: want.norm }], 5e-3),
    compare(`${spec.name}, second loss`, [{ got: got.losses[1]!, want: want.losses[1]! }], 5e-3),
  );
}

function stepCase(spec: NetworkSpec, size: readonly [number, number], suffix: string): Case {
  const { batch = 1 } = spec;
  const name = `${spec.name} training step ${sizeName(size)} batch ${batch}${suffix}`;
  const shape = [batch, ...size, 3];
  let flops: number | undefined;
  return {
    name, group: "training", count: "2 per multiply-add of the convolutions, forward, input gradients (but the image's) and weight gradients",
    beside: { name: FORWARD_PASS, case: trainingForwardCase(spec, size, suffix) },
    get flops() {
      if (flops === undefined) {
        const { macs, layers } = summary(spec.make(), shape);
        flops = 2 * (3 * macs - layers.find((layer) => layer.macs > 0)!.macs);
      }
      return flops;
    },
    prepare: async (device) => {
      const model = await onDevice(spec.make(), device);
      const optimizer = optimizerOf(model);
      const pairs = batchOf(device, name, shape, model.classes);
      const step = trainingStep(model, optimizer, crossEntropyLoss);
      return {
        plan: await step.prepare(pairs.images, pairs.masks),
        run: () => step(pairs.images, pairs.masks).dispose(),
        check: async () => {
          const error = await checkStep(device, spec);
          using result = step(pairs.images, pairs.masks);
          const [loss, norm] = await result.data();
          if (!Number.isFinite(loss) || !(norm! > 0)) throw new AtrousError(`${name}: loss ${loss}, gradient norm ${norm}.`);
          return error;
        },
        dispose: () => {
          step.dispose();
          optimizer.dispose();
          model.dispose();
          disposeBatch(pairs);
        },
      };
    },
  };
}

/** What a step is to be compared with: batch statistics, running statistics moved on, nothing kept for a backward pass. */
function trainingForwardCase(spec: NetworkSpec, size: readonly [number, number], suffix: string): Case {
  const { batch = 1 } = spec;
  const name = `${spec.name} training-mode forward ${sizeName(size)} batch ${batch}${suffix}`;
  const shape = [batch, ...size, 3];
  let flops: number | undefined;
  return {
    name, group: "training", count: "2 per multiply-add of the convolutions",
    get flops() {
      return (flops ??= 2 * summary(spec.make(), shape).macs);
    },
    prepare: async (device) => {
      const model = (await onDevice(spec.make(), device)).train() as SegmentationModel;
      const image = tensor(device, bytesOf(name, shape), shape);
      const forward = compile(function trainingForward(x: Tensor) {
        return model.forward(x);
      });
      return {
        plan: await forward.prepare(image),
        run: () => forward(image).dispose(),
        check: async () => {
          await checkResult(name, () => forward(image), false);
          return 0;
        },
        dispose: () => {
          forward.dispose();
          model.dispose();
          image.dispose();
        },
      };
    },
  };
}

export const trainingCases = (spec: NetworkSpec): NetworkCase[] => [
  ...bySize(spec, (size, suffix) => trainingForwardCase(spec, size, suffix)),
  ...bySize(spec, (size, suffix) => stepCase(spec, size, suffix)),
];
