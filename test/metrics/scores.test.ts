import { describe, expect, test } from "vitest";
import { tensor } from "../../src/graph/tensor.js";
import { ConfusionMatrix } from "../../src/metrics/confusion-matrix.js";
import { scores } from "../../src/metrics/scores.js";
import { confusionMatrix } from "../../src/ops/confusion-matrix.js";
import { testDevice } from "../support/device.js";
import { random } from "../support/random.js";

/** 3 classes; class 2 is never predicted. */
const three = (): ConfusionMatrix => new ConfusionMatrix(3).add([50, 10, 0, 5, 30, 0, 2, 3, 0]);

describe("ConfusionMatrix", () => {
  test("adds counts from the GPU, other matrices and class maps alike", async () => {
    const device = await testDevice();
    const rng = random("confusion");
    const labels = Uint8Array.from({ length: 999 }, () => (rng.uniform() < 0.1 ? 255 : rng.integer(3)));
    const predicted = Uint8Array.from({ length: 999 }, () => rng.integer(3));
    using a = tensor(device, predicted);
    using b = tensor(device, labels);
    using counts = confusionMatrix(a, b, { classes: 3, ignoreIndex: 255 });
    const onDevice = new ConfusionMatrix(3).add(await counts.data());
    const onHost = new ConfusionMatrix(3).addMaps(predicted, labels);
    expect(onDevice.counts).toEqual(onHost.counts);
    expect(onDevice.total).toBe(labels.filter((v) => v !== 255).length);
    expect(new ConfusionMatrix(3).add(onDevice).add(onHost).total).toBe(2 * onHost.total);
  });

  test("stays exact beyond 32 bits", () => {
    const matrix = new ConfusionMatrix(1);
    for (let i = 0; i < 3; i++) matrix.add([2 ** 32 - 1]);
    expect(matrix.total).toBe(3 * (2 ** 32 - 1));
  });

  test("tells what became of a class", () => {
    expect(three().at(0, 1)).toBe(10);
    expect(() => three().at(0, 3)).toThrow("ConfusionMatrix.at: classes are numbered from 0 to 2, but (0, 3) was asked for.");
    expect(three().outcome(1)).toEqual({ truePositive: 30, falsePositive: 13, falseNegative: 5, trueNegative: 52 });
  });

  test("refuses what does not fit", () => {
    expect(() => new ConfusionMatrix(0)).toThrow("ConfusionMatrix: classes must be a whole number of at least 1 but is 0.");
    expect(() => three().add([1, 2, 3, 4])).toThrow("ConfusionMatrix.add: 3 classes have 9 counts but 4 were given.");
    const matrix = three();
    expect(() => matrix.add([1, 1, 1, 1, -1, 1, 1, 1, 1])).toThrow("ConfusionMatrix.add: counts must be whole numbers of at least 0 but one is -1.");
    expect(matrix.total).toBe(100);
    expect(() => three().addMaps([1], [1, 2])).toThrow("ConfusionMatrix.addMaps: there are 1 predictions but 2 labels.");
  });
});

describe("scores", () => {
  test("of a matrix worked out by hand", () => {
    const { pixelAccuracy, perClass, mean, pixels } = scores(three(), { names: ["a", "b", "c"] });
    expect(pixels).toBe(100);
    expect(pixelAccuracy).toBe(0.8);
    expect(perClass[0]).toEqual({ name: "a", support: 60, precision: 50 / 57, recall: 50 / 60, specificity: 33 / 40, fBeta: 100 / 117, dice: 100 / 117, iou: 50 / 67 });
    expect(perClass[1]).toEqual({ name: "b", support: 35, precision: 30 / 43, recall: 30 / 35, specificity: 52 / 65, fBeta: 60 / 78, dice: 60 / 78, iou: 30 / 48 });
    // It occurs but is never predicted: no policy applies, it simply scores 0.
    expect(perClass[2]).toEqual({ name: "c", support: 5, precision: 0, recall: 0, specificity: 1, fBeta: 0, dice: 0, iou: 0 });
    expect(mean.iou).toBeCloseTo((50 / 67 + 30 / 48) / 3, 15);
    for (const { dice, iou } of perClass) expect(iou).toBeCloseTo(dice / (2 - dice), 15);
  });

  test.each([["ignore", NaN, 0.5], ["zero", 0, 0.25], ["one", 1, 0.75]] as const)("an absent class: %s", (absent, iou, mean) => {
    // Classes 2 and 3 do not occur; 0 and 1 have IoU 1/2 each in the end.
    const matrix = new ConfusionMatrix(4).add([2, 1, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    const result = scores(matrix, { absent });
    expect(result.perClass[3]!.iou).toBe(iou);
    expect(result.perClass[2]!.precision).toBe(iou);
    expect(result.mean.iou).toBe(mean);
  });

  test("class maps are counted without what is no class", () => {
    const matrix = new ConfusionMatrix(3).addMaps(Int32Array.of(-1, 0, 2, 3, 1), Int32Array.of(1, 1, -1, 0, 255));
    expect([...matrix.counts]).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 0]);
    expect(new ConfusionMatrix(3).addMaps([0.5, 1], [0, 1.5]).total).toBe(0);
  });

  test("of nothing at all", () => {
    const { pixelAccuracy, mean } = scores(new ConfusionMatrix(2));
    expect(pixelAccuracy).toBeNaN();
    expect(mean.iou).toBeNaN();
  });

  test("cost-weighted error: c0 · FP + c1 · FN", () => {
    const { perClass, total } = scores(three()).costWeightedError({ c0: 1, c1: 10 });
    expect(perClass).toEqual([7 + 100, 13 + 50, 0 + 50]);
    expect(total).toBe(220);
    expect(() => scores(three()).costWeightedError({ c0: -1, c1: 1 })).toThrow("costWeightedError: c0 must be a number of at least 0 but is -1.");
  });

  test("refuses unknown policies and wrong names", () => {
    expect(() => scores(three(), { absent: "skip" as never })).toThrow('scores: absent must be "ignore", "zero" or "one" but is "skip".');
    expect(() => scores(three(), { names: ["a"] })).toThrow("scores: there are 3 classes but 1 names.");
    expect(() => scores(three(), { beta: 0 })).toThrow("scores: beta must be a number above 0 but is 0.");
    expect(() => scores(three(), { include: [3] })).toThrow("scores: include must list class numbers from 0 to 2 but is [3].");
  });
});
