import { expect, test } from "vitest";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { BatchNorm2d } from "../../src/layers/batch-norm2d.js";
import { Conv2d } from "../../src/layers/conv2d.js";
import { ConfusionMatrix } from "../../src/metrics/confusion-matrix.js";
import { SegmentationModel, type TrainingOutputs } from "../../src/models/segmentation-model.js";
import { relu } from "../../src/ops/pointwise.js";
import { sgd } from "../../src/optim/index.js";
import { evaluate } from "../../src/train/evaluate.js";
import type { TrainingEvent } from "../../src/train/events.js";
import { memoryStorage } from "../../src/train/storage.js";
import { Trainer } from "../../src/train/trainer.js";
import { testDevice } from "../support/device.js";
import { memory, squares } from "./support.js";

/** Logits at half the size of the image, and an auxiliary head at a quarter of it. */
class Half extends SegmentationModel {
  readonly architecture = "half";
  readonly multipleOf = 1;
  readonly body = new Conv2d(3, 4, { kernelSize: 3, stride: 2, padding: 1 });
  readonly norm = new BatchNorm2d(4);
  readonly classifier = new Conv2d(4, 2, { kernelSize: 1 });
  readonly aux = new Conv2d(4, 2, { kernelSize: 3, stride: 2, padding: 1 });

  constructor(readonly weight = 0.4) {
    super({ inChannels: 3, classes: 2 });
  }

  features(x: Tensor): Tensor<"f32"> {
    return relu(this.norm.forward(this.body.forward(this.input(x)))) as Tensor<"f32">;
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.classifier.forward(this.features(x));
  }

  override outputs(x: Tensor): TrainingOutputs {
    const features = this.features(x);
    return { logits: this.classifier.forward(features), auxiliary: [{ name: "aux", logits: this.aux.forward(features), weight: this.weight }] };
  }
}

const half = async (weight?: number): Promise<Half> => new Half(weight).to(await testDevice(), { seed: 2 });
const run = { dataset: squares(8, 1), steps: 1, batchSize: 4, size: 16, seed: 3 } as const;

async function loss(model: Half, options: { auxiliaryWeights?: Record<string, number> } = {}): Promise<number> {
  const { losses } = await new Trainer({ model, ...run, ...options }).run();
  model.dispose();
  return losses[0]!.loss;
}

test("the loss of auxiliary heads counts as the model says, or as the trainer is told", async () => {
  const [none, some, more, told, off] = [await loss(await half(0)), await loss(await half(0.4)), await loss(await half(0.8)), await loss(await half(0.4), { auxiliaryWeights: { aux: 0.8 } }), await loss(await half(), { auxiliaryWeights: { aux: 0 } })];
  expect(more - none).toBeCloseTo(2 * (some - none), 5);
  expect(some - none).toBeGreaterThan(0.1);
  expect(told).toBe(more);
  expect(off).toBe(none);
});

test("auxiliaryWeights of heads that are not there, or below 0, are refused", async () => {
  using model = await half();
  await expect(new Trainer({ model, ...run, auxiliaryWeights: { sub4: 1 } }).run()).rejects.toThrow('Trainer: auxiliaryWeights names "sub4", but Half has the auxiliary heads aux.');
  expect(() => new Trainer({ model, ...run, auxiliaryWeights: { aux: -1 } })).toThrow("Trainer: auxiliaryWeights.aux must be a number of at least 0, not -1.");
});

test("evaluation compares logits of another size with the nearest labels", async () => {
  const device = await testDevice();
  using model = await half();
  const [height, width] = [18, 22];
  const dataset = squares(3, 4, [height, width]);
  const { matrix } = await evaluate(model, dataset);
  const expected = new ConfusionMatrix(2);
  model.eval();
  for (let i = 0; i < 3; i++) {
    const { image, mask } = await dataset.get(i);
    using x = tensor(device, image as Uint8Array, [1, height, width, 3]);
    using logits = model.forward(x);
    const values = await logits.data();
    const predicted = Array.from({ length: 99 }, (_, p) => (values[2 * p + 1]! > values[2 * p]! ? 1 : 0));
    expected.addMaps(predicted, Array.from({ length: 99 }, (_, p) => mask![2 * Math.floor(p / 11) * width + 2 * (p % 11)]!));
  }
  expect([...matrix.counts]).toEqual([...expected.counts]);
});

test("batch norms are recalibrated when training is done, and the weights written are those", async () => {
  const device = await testDevice();
  using model = await half();
  const before = memory(device);
  const events: TrainingEvent[] = [];
  const storage = memoryStorage();
  const options = { model, ...run, steps: 2, validation: squares(2, 2), validateEvery: 2, storage, callbacks: [(event: TrainingEvent) => void events.push(event)] };
  const { recalibrated } = await new Trainer({ ...options, recalibrate: "epoch", optimizer: (m) => sgd(m.parameters(), { learningRate: 0.1 }) }).run();
  expect(recalibrated?.mean.iou).toEqual(expect.any(Number));
  expect(events.slice(-2)).toMatchObject([{ type: "recalibrated", step: 2, batches: 2 }, { type: "end", reason: "finished" }]);
  expect([...(await model.norm.numBatchesTracked.data())]).toEqual([2]);
  expect(model.training).toBe(false);
  expect(memory(device)).toEqual(before);
  expect(() => new Trainer({ ...options, recalibrate: 0 })).toThrow('Trainer: recalibrate must be a number of batches, at least 1, or "epoch", not 0.');
});
