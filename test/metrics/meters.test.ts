import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { BoundaryMeter } from "../../src/metrics/boundary-meter.js";
import { CalibrationMeter } from "../../src/metrics/calibration-meter.js";
import { ConfusionMatrix } from "../../src/metrics/confusion-matrix.js";
import { imageScores } from "../../src/metrics/image-scores.js";
import { report } from "../../src/metrics/report.js";
import { scores } from "../../src/metrics/scores.js";
import { SegmentationMeter } from "../../src/metrics/segmentation-meter.js";
import { bestThreshold, rocCurve } from "../../src/metrics/threshold-curve.js";
import { ThresholdMeter } from "../../src/metrics/threshold-meter.js";
import { cast } from "../../src/ops/cast.js";
import { testDevice } from "../support/device.js";
import { random } from "../support/random.js";

describe("SegmentationMeter", () => {
  test("takes logits and class maps alike, batch after batch, and begins again", async () => {
    const device = await testDevice();
    const before = device.memory().tensors;
    const meter = new SegmentationMeter({ classes: 3, perImage: true });
    using logits = tensor(device, [1, 2, 0, 5, 1, 0, 0, 0, 9, 1, 1, 0], [2, 1, 2, 3]);
    using classes = tensor(device, Uint32Array.of(1, 0, 2, 0), [2, 1, 2]);
    using labels = tensor(device, Uint8Array.of(1, 0, 0, 255), [2, 1, 2]);
    meter.update(logits, labels);
    meter.update(classes, labels);
    expect([...(await meter.matrix()).counts]).toEqual([2, 0, 2, 0, 2, 0, 0, 0, 0]);
    expect((await meter.images()).map(({ counts }) => [...counts])).toEqual([[1, 0, 0, 0, 1, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 1, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0, 0, 0, 0]]);
    meter.reset();
    expect((await meter.matrix()).total).toBe(0);
    meter.dispose();
    expect(device.memory().tensors).toBe(before + 3);
  });

  test("one logit tells two classes apart", async () => {
    const device = await testDevice();
    using meter = new SegmentationMeter({ classes: 2 });
    using logits = tensor(device, [-1, 0, 0.1, 7], [1, 2, 2, 1]);
    using labels = tensor(device, Uint8Array.of(0, 1, 1, 0), [1, 2, 2]);
    meter.update(logits, labels);
    expect([...(await meter.matrix()).counts]).toEqual([1, 1, 1, 1]);
    await expect(meter.images()).rejects.toThrow("SegmentationMeter.images: the meter keeps no matrix for each image. Make it with perImage: true.");
  });

  test("says what is wrong", async () => {
    const device = await testDevice();
    using meter = new SegmentationMeter({ classes: 2 });
    using labels = tensor(device, Uint8Array.of(0, 1, 1, 0), [1, 2, 2]);
    using other = tensor(device, Uint8Array.of(0, 1), [1, 1, 2]);
    expect(() => meter.update(other, labels)).toThrow("confusionMatrix: predicted and labels must have the same shape.\n  predicted  [1, 1, 2]\n  labels     [1, 2, 2]");
    using logits = tensor(device, new Float32Array(20), [1, 2, 2, 5]);
    expect(() => meter.update(logits, labels)).toThrow("SegmentationMeter.update: logits of 2 classes must have a last axis of 2 or 1. Make the meter with the network's number of classes.\n  predicted  [1, 2, 2, 5]");
    using three = new SegmentationMeter({ classes: 3 });
    using single = tensor(device, new Float32Array(4), [1, 2, 2, 1]);
    expect(() => three.update(single, labels)).toThrow("SegmentationMeter.update: logits of 3 classes must have a last axis of 3. Make the meter with the network's number of classes.");
    expect(() => meter.update(undefined as never, labels)).toThrow("SegmentationMeter.update: predicted must be a tensor but is undefined.");
    // 2³² would be 0 on the GPU, and class 0 be ignored.
    for (const ignoreIndex of [2 ** 32, 0.5, NaN]) expect(() => new SegmentationMeter({ classes: 2, ignoreIndex })).toThrow(`SegmentationMeter: ignoreIndex must be a whole number of 32 bits but is ${ignoreIndex}.`);
    expect(() => new SegmentationMeter({ classes: 1 })).toThrow("SegmentationMeter: classes must be a whole number of at least 2 but is 1.");
    const inside = compile((x: Tensor) => { meter.update(x, x); return x; });
    expect(() => inside(labels)).toThrow("SegmentationMeter.update: it keeps counts from call to call, so it cannot run inside a function that is being captured. Call it with what that function returns.");
  });
});

describe("ThresholdMeter", () => {
  test("bins count exactly at their thresholds", async () => {
    const device = await testDevice();
    const rng = random("bins");
    const scores = Float32Array.from({ length: 5000 }, () => rng.uniform());
    const labels = Uint8Array.from(scores, (v) => (rng.uniform() < 0.1 ? 255 : rng.uniform() < v ? 1 : 0));
    using p = tensor(device, scores);
    using truth = tensor(device, labels);
    using binned = new ThresholdMeter({ bins: 64 });
    using exact = new ThresholdMeter();
    for (const meter of [binned, exact]) meter.update(p, truth);
    const [a, b] = [await binned.counts(), await exact.counts()];
    expect([a.positives, a.negatives]).toEqual([b.positives, b.negatives]);
    a.thresholds.forEach((t, i) => {
      const called = scores.reduce((n, v, k) => n + Number(v >= t && labels[k] === 1), 0);
      expect(a.truePositives[i], `at ${t}`).toBe(called);
    });
    expect(rocCurve(a).auc).toBeCloseTo(rocCurve(b).auc, 3);
    // The brute-force optimum.
    const costs = { c0: 2, c1: 3 };
    const error = (t: number): number => scores.reduce((n, v, k) => n + (labels[k] === 255 ? 0 : v >= t ? (labels[k] === 0 ? costs.c0 : 0) : labels[k] === 1 ? costs.c1 : 0), 0);
    const best = bestThreshold(b, costs);
    expect(best.error).toBe(Math.min(...[Infinity, ...scores].map(error)));
    expect(error(best.threshold)).toBe(best.error);
  });

  test.each([11, 100])("%i bins count exactly scores that are a last digit from a threshold", async (bins) => {
    const device = await testDevice();
    const scores = Float32Array.from({ length: 3 * bins }, (_, i) => Math.floor(i / 3) / bins);
    const bits = new Uint32Array(scores.buffer);
    for (let i = 3; i < bits.length; i += 3) { bits[i]!--; bits[i + 2]!++; }
    using p = tensor(device, scores);
    using truth = tensor(device, new Uint8Array(scores.length));
    using meter = new ThresholdMeter({ bins });
    meter.update(p, truth);
    const { thresholds, falsePositives } = await meter.counts();
    expect(falsePositives).toEqual(thresholds.map((t) => scores.reduce((n, v) => n + Number(v >= t), 0)));
    thresholds.slice(1).forEach((t, i) => expect(t).toBeCloseTo((bins - 1 - i) / bins, 6));
  });

  test("a batch that comes while counts are awaited is counted once", async () => {
    const device = await testDevice();
    using p = tensor(device, [0.5, 0.25]);
    using truth = tensor(device, Uint8Array.of(1, 0));
    using meter = new ThresholdMeter();
    meter.update(p, truth);
    const first = meter.counts();
    meter.update(p, truth);
    expect((await first).positives).toBe(1);
    expect((await meter.counts()).positives).toBe(2);
  });

  test("what is ignored may be anything", async () => {
    const device = await testDevice();
    using p = tensor(device, [0.5, NaN, 7]);
    using truth = tensor(device, Uint8Array.of(1, 255, 255));
    for (const bins of [8, "exact"] as const) {
      using meter = new ThresholdMeter({ bins });
      meter.update(p, truth);
      expect((await meter.counts()).positives).toBe(1);
    }
  });

  test("logits have no place in bins", async () => {
    const device = await testDevice();
    using p = tensor(device, [-3, 7, 0.5]);
    using truth = tensor(device, Uint8Array.of(0, 1, 1));
    using meter = new ThresholdMeter({ bins: 4 });
    meter.update(p, truth);
    await expect(meter.counts()).rejects.toThrow('ThresholdMeter: 2 scores are not from 0 to 1, where the bins are. Take sigmoid of logits, or bins: "exact".');
  });

  test("refuses what has no threshold", async () => {
    const device = await testDevice();
    using p = tensor(device, [0.5, NaN, 0.1]);
    using truth = tensor(device, Uint8Array.of(0, 1, 1));
    for (const bins of [8, "exact"] as const) {
      using meter = new ThresholdMeter({ bins });
      expect(() => bestThreshold({ thresholds: [Infinity], truePositives: [0], falsePositives: [0], positives: 0, negatives: 0 }, { c0: 1, c1: 1 })).toThrow("bestThreshold: no pixel was counted. Call update first.");
      meter.update(p, truth);
      await expect(meter.counts()).rejects.toThrow("ThresholdMeter: 1 scores are not numbers. Look for NaN in what the network gives.");
      expect(() => meter.update(p, p)).toThrow("ThresholdMeter.update: labels must be class numbers (u8, u32 or i32) but are f32.");
    }
    expect(() => new ThresholdMeter({ bins: 1 })).toThrow("ThresholdMeter: bins must be a whole number of at least 2 but is 1.");
    expect(() => new ThresholdMeter({ positive: 255 })).toThrow("ThresholdMeter: ignoreIndex must not be the positive label, 255.");
  });
});

describe("BoundaryMeter", () => {
  test("an image where one of the two has no such class", async () => {
    const device = await testDevice();
    const truth = new Uint8Array(30);
    truth[7] = 1;
    using labels = tensor(device, truth, [1, 5, 6]);
    using nothing = tensor(device, new Uint8Array(30), [1, 5, 6]);
    for (const [unmatched, expected] of [["infinity", Infinity], ["diagonal", Math.hypot(5 * 2, 6 * 3)], ["ignore", NaN]] as const) {
      using meter = new BoundaryMeter({ classes: 2, spacing: [2, 3], unmatched });
      meter.update(nothing, labels);
      meter.update(labels, labels);
      const { images, perClass } = await meter.result();
      expect(images[0]![1]!.hausdorff).toBe(expected);
      expect(perClass[1]!.hausdorff).toBe(unmatched === "ignore" ? 0 : expected / 2);
      expect(images[1]![1]).toEqual({ hausdorff: 0, partialHausdorff: 0, averageSurfaceDistance: 0, boundaryF1: 1, boundaryIou: 1 });
    }
  });

  test("labels below 0 are no class", async () => {
    const device = await testDevice();
    using labels = tensor(device, Int32Array.of(1, 1, -1, -1), [1, 1, 4]);
    using predicted = tensor(device, Int32Array.of(1, 1, -1, -7), [1, 1, 4]);
    using meter = new BoundaryMeter({ classes: 2 });
    meter.update(predicted, labels);
    const [background, foreground] = (await meter.result()).perClass;
    expect(background!.hausdorff).toBeNaN();
    expect(foreground!.hausdorff).toBe(0);
  });

  test("what is ignored has no contour of its own class", async () => {
    const device = await testDevice();
    using labels = tensor(device, Uint8Array.of(1, 1, 255, 255), [1, 1, 4]);
    using predicted = tensor(device, Uint8Array.of(1, 1, 1, 0), [1, 1, 4]);
    using meter = new BoundaryMeter({ classes: 2 });
    meter.update(predicted, labels);
    const [background, foreground] = (await meter.result()).perClass;
    expect(background!.hausdorff).toBeNaN();
    expect(foreground!.hausdorff).toBe(0);
  });

  test("says what is wrong", async () => {
    const device = await testDevice();
    expect(() => new BoundaryMeter({ classes: 2, spacing: [0, 1] })).toThrow("BoundaryMeter: spacing must be two numbers above 0, [between rows, between columns], but is [0,1].");
    expect(() => new BoundaryMeter({ classes: 2, percentile: 0 })).toThrow("BoundaryMeter: percentile must be above 0 and at most 100 but is 0.");
    expect(() => new BoundaryMeter({ classes: 2, width: 2 })).toThrow("BoundaryMeter: width must be a part of the diagonal, from 0 to 1, but is 2.");
    using meter = new BoundaryMeter({ classes: 2 });
    using labels = tensor(device, Uint8Array.of(0, 1, 1, 0), [2, 2]);
    expect(() => meter.update(labels, labels)).toThrow("BoundaryMeter.update: labels must be [n, h, w], and predicted class numbers of that shape or logits with one more axis.\n  predicted  [2, 2]\n  labels     [2, 2]");
  });
});

test("CalibrationMeter: nothing counted is no number", async () => {
  expect(() => new CalibrationMeter({ bins: 257 })).toThrow("CalibrationMeter: bins may be at most 256 but is 257.");
  using meter = new CalibrationMeter();
  const { expectedError, maximumError, bins } = await meter.result();
  expect([expectedError, maximumError]).toEqual([NaN, NaN]);
  expect(bins).toHaveLength(15);
});

test("CalibrationMeter: ignored pixels and labels that are no class have no part", async () => {
  const device = await testDevice();
  using logits = tensor(device, [NaN, 1, 2, 0, 0, 1, 0, 1], [4, 2]);
  using labels = tensor(device, Int32Array.of(255, 0, 7, -1));
  using meter = new CalibrationMeter({ bins: 2 });
  meter.update(logits, labels);
  const { expectedError, bins } = await meter.result();
  expect(bins.map(({ pixels }) => pixels)).toEqual([0, 1]);
  expect(expectedError).toBeCloseTo(1 - 1 / (1 + Math.exp(-2)), 6);
});

test("CalibrationMeter: sums of f16 logits are f32", async () => {
  const device = await testDevice();
  if (!device.adapter.features.has("shader-f16")) return;
  const n = 70_000;
  using logits = tensor(device, Float32Array.from({ length: 2 * n }, (_, i) => (i % 2 ? 3 : 0)), [n, 2]);
  using half = cast(logits, "f16");
  using labels = tensor(device, new Uint8Array(n).fill(1));
  using meter = new CalibrationMeter({ bins: 2 });
  meter.update(half, labels);
  expect((await meter.result()).expectedError).toBeCloseTo(1 - 1 / (1 + Math.exp(-3)), 5);
});

test("image scores refuse matrices of nothing", () => {
  expect(() => imageScores([])).toThrow("imageScores: there must be a confusion matrix of at least one image.");
  expect(() => imageScores([new ConfusionMatrix(2), new ConfusionMatrix(3)])).toThrow("ConfusionMatrix.add: 2 classes have 4 counts but 9 were given.");
});

test("a report as text, page and picture", () => {
  const metrics = scores(new ConfusionMatrix(2).add([90, 5, 1, 4]), { names: ["background", "<cell>"] });
  const { text, html, picture } = report(metrics);
  expect(text).toContain("<cell>");
  expect(text.split("\n").at(-1)).toBe("<cell>                      1       4");
  expect(html).toContain("<th>&lt;cell&gt;</th><td>0.444</td><td>0.800</td><td>0.571</td><td>0.400</td><td>5</td>");
  expect(html).toContain(picture);
  expect(picture).toContain("<title>&lt;cell&gt; taken for background: 1 pixels, 20.00 % of the class</title>");
  expect(picture.match(/<rect/g)).toHaveLength(4);
  expect(() => report(metrics, { precent: true } as never)).toThrow('report: unknown option "precent". Did you mean "percent"?');
});
