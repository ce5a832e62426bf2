import { describe, expect, test } from "vitest";
import { checkAugmentOptions } from "../../src/data/augment.js";
import { datasetOf } from "../../src/data/dataset.js";
import { Capture } from "../../src/graph/capture.js";
import type { Tensor } from "../../src/graph/tensor.js";
import { tensor } from "../../src/graph/tensor.js";
import { BatchNorm2d } from "../../src/layers/batch-norm2d.js";
import { Conv2d } from "../../src/layers/conv2d.js";
import { ConvTranspose2d } from "../../src/layers/conv-transpose2d.js";
import type { Module } from "../../src/layers/module.js";
import { architectureNames, createModel } from "../../src/models/create.js";
import { SegmentationModel, type TrainingOutputs } from "../../src/models/segmentation-model.js";
import { relu } from "../../src/ops/pointwise.js";
import { rateAt } from "../../src/optim/schedule.js";
import { lossOf, modelOf, scheduleOf, stepsOf, trainerOptions } from "../../src/train/recipes/apply.js";
import { recipeNamed, recipes } from "../../src/train/recipes/index.js";
import { parameterGroups } from "../../src/train/recipes/parameters.js";
import { segnetClassWeights } from "../../src/train/recipes/segnet.js";
import { Trainer } from "../../src/train/trainer.js";
import { testDevice } from "../support/device.js";
import { squares } from "./support.js";

/** A backbone with a batch norm, a head, an auxiliary head and a deconvolution. */
class Small extends SegmentationModel {
  readonly architecture = "small";
  readonly multipleOf = 2;
  readonly body = new Conv2d(3, 4, { kernelSize: 3, stride: 2, padding: 1 });
  readonly norm = new BatchNorm2d(4);
  readonly classifier = new Conv2d(4, 2, { kernelSize: 1 });
  readonly auxClassifier = new Conv2d(4, 2, { kernelSize: 1 });
  readonly upscore2 = new ConvTranspose2d(2, 2, { kernelSize: 2, stride: 2, bias: false });

  constructor() {
    super({ inChannels: 3, classes: 2 });
  }

  override head(): readonly Module[] {
    return [this.classifier, this.auxClassifier];
  }

  override outputs(x: Tensor): TrainingOutputs {
    const features = relu(this.norm.forward(this.body.forward(this.input(x)))) as Tensor<"f32">;
    return { logits: this.upscore2.forward(this.classifier.forward(features)), auxiliary: [{ name: "aux", logits: this.auxClassifier.forward(features), weight: 1 }] };
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.outputs(x).logits;
  }
}

const small = async (): Promise<Small> => new Small().to(await testDevice(), { seed: 1 });
const named = (model: Small, rules: Parameters<typeof parameterGroups>[1]): object[] => parameterGroups(model, rules).map(({ parameters, ...settings }) => ({ ...settings, parameters: parameters.map(({ name }) => name) }));

describe("the groups of a recipe", () => {
  test("DeepLab: head ×10, its biases ×20, biases without decay, frozen batch norms left out", async () => {
    using model = await small();
    model.norm.freeze();
    expect(named(model, recipeNamed("deeplab-v2").parameters!)).toEqual([
      { learningRateScale: 1, parameters: ["body.weight", "upscore2.weight"] },
      { learningRateScale: 2, weightDecay: 0, parameters: ["body.bias"] },
      { learningRateScale: 10, parameters: ["classifier.weight", "aux_classifier.weight"] },
      { learningRateScale: 20, weightDecay: 0, parameters: ["classifier.bias", "aux_classifier.bias"] },
    ]);
  });

  test("FCN: deconvolutions stay as they are", async () => {
    using model = await small();
    expect(named(model, recipeNamed("fcn8s").parameters!)).toEqual([
      { learningRateScale: 1, parameters: ["body.weight", "norm.weight", "norm.bias", "classifier.weight", "aux_classifier.weight"] },
      { learningRateScale: 2, weightDecay: 0, parameters: ["body.bias", "classifier.bias", "aux_classifier.bias"] },
    ]);
    expect(model.upscore2.weight.trainable).toBe(false);
  });

  test("torchvision: the auxiliary head ×10", async () => {
    using model = await small();
    expect(named(model, recipeNamed("torchvision-fcn").parameters!)[1]).toEqual({ learningRateScale: 10, parameters: ["aux_classifier.weight", "aux_classifier.bias"] });
  });

  test("says when there is no head, or nothing to train", async () => {
    using model = createModel({ architecture: "unet", options: { classes: 2, widths: [4, 8] } }).to(await testDevice());
    expect(() => parameterGroups(model, [{ part: "head", learningRateScale: 10 }])).toThrow("parameterGroups: a rule speaks of the head, but UNet tells no head from its backbone (its head() is empty).");
    expect(() => parameterGroups(model, [{ fixed: true }])).toThrow("parameterGroups: no parameter of UNet is left to train.");
  });
});

test("schedules are those of the papers", () => {
  const v1 = scheduleOf(recipeNamed("deeplab-v1").schedule, 6000, 100);
  expect([0, 1999, 2000, 4000, 5999].map((step) => rateAt(v1, step))).toEqual([1e-3, 1e-3, 1e-4, 1e-5, 1e-5].map((rate) => expect.closeTo(rate, 12)));
  const v2 = scheduleOf(recipeNamed("deeplab-v2").schedule, 20_000, 100);
  expect(rateAt(v2, 10_000)).toBeCloseTo(2.5e-4 * 0.5 ** 0.9, 12);
  const densenet = scheduleOf(recipeNamed("fc-densenet103").schedule, 1000, 122);
  expect([121, 122, 244].map((step) => rateAt(densenet, step))).toEqual([1e-3, 0.995e-3, 0.995 ** 2 * 1e-3].map((rate) => expect.closeTo(rate, 12)));
  expect(stepsOf(recipeNamed("fc-densenet103"), 367)).toBe(Math.ceil((750 * 367) / 3));
  expect(stepsOf(recipeNamed("segnet-camvid"), 367)).toBe(10_000);
});

test("cross-entropy is divided by weights, by pixels, or not at all", async () => {
  const device = await testDevice();
  using logits = tensor(device, [1, -1, 0.5, 0, 2, 1], [1, 1, 3, 2]);
  using mask = tensor(device, Uint8Array.of(0, 1, 255), [1, 1, 3]);
  const value = async (reduction: "mean" | "pixels" | "sum", weight?: number[]): Promise<number> => {
    using loss = lossOf({ rule: "ce", reduction }, weight)(logits as Tensor<"f32">, mask as Tensor<"u8">);
    return loss.item();
  };
  const [a, b] = [Math.log(1 + Math.exp(-2)), Math.log(1 + Math.exp(0.5))];
  expect(await value("mean")).toBeCloseTo((a + b) / 2, 5);
  expect(await value("mean", [1, 3])).toBeCloseTo((a + 3 * b) / 4, 5);
  expect(await value("pixels", [1, 3])).toBeCloseTo((a + 3 * b) / 2, 5);
  expect(await value("sum", [1, 3])).toBeCloseTo(a + 3 * b, 5);
  using one = tensor(device, [1, 2, 3], [1, 1, 3, 1]);
  expect(() => lossOf({ rule: "ce", reduction: "sum" })(one as Tensor<"f32">, mask as Tensor<"u8">)).toThrow("Class weights and other reductions than the mean need a logit for each class");
});

describe("trainerOptions", () => {
  test("make a trainer that trains as the recipe says", async () => {
    using model = await small();
    const dataset = squares(6, 1, [33, 33]);
    const recipe = { ...recipeNamed("pspnet"), size: [17, 17] as const, batchSize: 2 };
    const options = await trainerOptions(recipe, { model, dataset, steps: 2 });
    expect(options).toMatchObject({ steps: 2, batchSize: 2, size: [17, 17], auxiliaryWeights: { aux: 0.4 }, padding: [123.675, 116.28, 103.53], patience: undefined });
    expect(model.normalisation.mean).toEqual([0.485, 0.456, 0.406]);
    const { losses, reason } = await new Trainer({ ...options, size: 16, seed: 1 }).run();
    expect(reason).toBe("finished");
    expect(losses).toHaveLength(2);
  });

  test("freeze batch norms, statistics included, where the recipe does", async () => {
    using model = await small();
    const options = await trainerOptions({ ...recipeNamed("deeplab-v2"), size: [16, 16], batchSize: 2 }, { model, dataset: squares(4, 1), steps: 2 });
    const before = await model.body.weight.data();
    await new Trainer(options).run();
    expect([...(await model.norm.runningMean.data())]).toEqual([0, 0, 0, 0]);
    expect([...(await model.norm.weight.data())]).toEqual([1, 1, 1, 1]);
    expect(await model.body.weight.data()).not.toEqual(before);
  });

  test("SegNet's weights are for its eleven classes; others are computed, and batch norms recalibrated", async () => {
    using model = createModel({ architecture: "segnet-basic", options: { classes: 2, width: 4 } }).to(await testDevice());
    const dataset = squares(4, 1);
    await expect(trainerOptions(recipeNamed("segnet-camvid"), { model, dataset })).rejects.toThrow(
      `The recipe's class weights are for 11 classes, but the data have 2. Take "median-frequency", which computes them from the data.`,
    );
    const options = await trainerOptions(recipeNamed("segnet-basic"), { model, dataset, validation: squares(2, 3), steps: 1 });
    expect(options).toMatchObject({ recalibrate: "epoch", batchSize: 4, size: undefined });
    expect(model.normalisation.std[0]).toBeCloseTo(1 / 255, 10);
    expect((await new Trainer(options).run()).recalibrated).toBeDefined();
    expect(segnetClassWeights).toHaveLength(11);
  });
});

describe.each(recipes.map((recipe) => [recipe.name, recipe] as const))("%s", (name, recipe) => {
  test("is plain data whose options are accepted", () => {
    expect(JSON.parse(JSON.stringify(recipe))).toEqual(recipe);
    expect(recipeNamed(name)).toBe(recipe);
    checkAugmentOptions(recipe.augment);
    expect(rateAt(scheduleOf(recipe.schedule, stepsOf(recipe, 100), 10), 0)).toBe(recipe.schedule.learningRate);
    expect(recipe.summary).not.toMatch(/\.$/);
  });

  test("has a model, with the heads that it speaks of", () => {
    expect(architectureNames).toContain(recipe.model.architecture);
    const model = modelOf(recipe, 3);
    expect(() => parameterGroups(model, recipe.parameters ?? [])).not.toThrow();
    const capture = new Capture({ shapesOnly: true });
    const { auxiliary } = capture.run(() => model.outputs(capture.input([2, ...(recipe.size ?? [96, 96]), 3], "f32")));
    for (const head of Object.keys(recipe.auxiliaryWeights ?? {})) expect(auxiliary.map((each) => each.name)).toContain(head);
    for (const { path } of recipe.parameters ?? []) if (path !== undefined) expect([...model.namedVariables()].some(([at]) => at.includes(path))).toBe(true);
  });
});

test("a recipe that is not there is named, with those that are", () => {
  expect(() => recipeNamed("segnet-camvit")).toThrow(/^There is no recipe "segnet-camvit"\. Did you mean segnet-camvid\? Recipes: fcn32s, /);
  expect(new Set(recipes.map(({ name }) => name)).size).toBe(recipes.length);
});

test("median frequency weights of a recipe come from the data", async () => {
  using model = await small();
  const mask = Uint8Array.of(0, 0, 0, 1);
  const dataset = datasetOf([{ name: "a", width: 2, height: 2, image: new Uint8Array(12), mask }], [{ name: "x", color: [0, 0, 0] }, { name: "y", color: [1, 1, 1] }]);
  const { loss } = await trainerOptions(recipeNamed("segnet"), { model, dataset });
  using logits = tensor(model.device, [0, 0, 0, 0, 0, 0, 0, 0], [1, 2, 2, 2]);
  using labels = tensor(model.device, mask, [1, 2, 2]);
  using value = (loss as ReturnType<typeof lossOf>)(logits as Tensor<"f32">, labels as Tensor<"u8">);
  // Frequencies 3/4 and 1/4, median 1/2: weights 2/3 and 2. Per pixel: (3 · 2/3 + 2) / 4.
  expect(await value.item()).toBeCloseTo(Math.LN2, 5);
});
