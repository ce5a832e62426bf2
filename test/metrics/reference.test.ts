import { describe, expect, test } from "vitest";
import { tensor } from "../../src/graph/tensor.js";
import { BoundaryMeter } from "../../src/metrics/boundary-meter.js";
import { CalibrationMeter } from "../../src/metrics/calibration-meter.js";
import { imageScores } from "../../src/metrics/image-scores.js";
import { ratioNames, type Ratios } from "../../src/metrics/ratios.js";
import { scores } from "../../src/metrics/scores.js";
import { SegmentationMeter } from "../../src/metrics/segmentation-meter.js";
import { bestThreshold, precisionRecallCurve, rocCurve } from "../../src/metrics/threshold-curve.js";
import { ThresholdMeter } from "../../src/metrics/threshold-meter.js";
import fixture from "../fixtures/metrics.json" with { type: "json" };
import { testDevice } from "../support/device.js";

/** Written by scripts/reference/metrics.py; numbers that JSON does not have are words there. */
type Given = number | string;

const close = (actual: number, expected: Given | undefined, what: string, digits = 10): void => {
  const wanted = Number(expected);
  if (Number.isFinite(wanted)) expect(actual, what).toBeCloseTo(wanted, digits);
  else expect(actual, what).toBe(wanted);
};
const sameRatios = (actual: Ratios, expected: readonly Given[], what: string): void => ratioNames.forEach((name, i) => close(actual[name], expected[i], `${what} ${name}`));

describe("scores as scikit-learn, torchmetrics and smp have them", () => {
  test.each(fixture.segmentations.map((c) => [c.name, c] as const))("%s", async (_, c) => {
    const device = await testDevice();
    using predicted = tensor(device, Uint8Array.from(c.predicted), c.shape);
    using truth = tensor(device, Uint8Array.from(c.truth), c.shape);
    using meter = new SegmentationMeter({ classes: c.classes, perImage: true });
    meter.update(predicted, truth);
    const matrix = await meter.matrix();
    expect([...matrix.counts]).toEqual(c.matrix);
    const options = { absent: c.absent as "ignore", beta: c.beta };
    const result = scores(matrix, options);
    result.perClass.forEach((ratios, i) => sameRatios(ratios, c.perClass[i]!, `class ${i}`));
    if (c.pixelAccuracy === undefined) return;
    for (const key of ["pixelAccuracy", "classAccuracy", "frequencyWeightedIou", "kappa", "mcc"] as const) close(result[key], c[key], key);
    sameRatios(result.mean, c.mean!, "mean");
    sameRatios(result.micro, c.micro!, "micro");
    sameRatios(result.weighted, c.weighted!, "weighted");
    const images = imageScores(await meter.images(), options);
    sameRatios(images.mean, c.imageMean!, "mean of images");
    sameRatios(images.micro, c.imageMicro!, "micro of images");
    sameRatios(images.weighted, c.imageWeighted!, "weighted, of images");
    // Identities: IoU = Dice / (2 − Dice), and pooling all classes is the pixel accuracy.
    for (const { dice, iou } of result.perClass) if (!Number.isNaN(dice)) expect(iou).toBeCloseTo(dice / (2 - dice), 14);
    expect(result.micro.recall).toBeCloseTo(result.pixelAccuracy, 14);
  });
});

describe("curves as scikit-learn has them", () => {
  test.each(fixture.curves.map((c) => [c.name, c] as const))("%s", async (_, c) => {
    const device = await testDevice();
    using meter = new ThresholdMeter();
    // In two parts, which must come to the same.
    const half = Math.floor(c.scores.length / 2);
    for (const [from, to] of [[0, half], [half, c.scores.length]]) {
      using p = tensor(device, Float32Array.from(c.scores.slice(from, to)));
      using truth = tensor(device, Uint8Array.from(c.truth.slice(from, to)));
      meter.update(p, truth);
    }
    const counts = await meter.counts();
    expect([counts.positives, counts.negatives]).toEqual([c.positives, c.negatives]);
    const [roc, pr] = [rocCurve(counts), precisionRecallCurve(counts)];
    if (c.auc === undefined) return expect(roc.auc).toBeNaN();
    expect(roc.thresholds).toEqual(c.thresholds!.map((v) => Math.fround(Number(v))));
    c.fpr!.forEach((rate, i) => close(roc.falsePositiveRate[i]!, rate, "false positive rate"));
    c.tpr!.forEach((rate, i) => close(roc.truePositiveRate[i]!, rate, "true positive rate"));
    close(roc.auc, c.auc, "AUC");
    close(pr.averagePrecision, c.averagePrecision, "average precision");
    for (const { c0, c1, error, threshold } of c.best!) {
      const best = bestThreshold(counts, { c0, c1 });
      expect([best.error, best.threshold]).toEqual([error, Math.fround(Number(threshold))]);
      expect(c0 * best.falsePositives + c1 * best.falseNegatives).toBe(error);
    }
  });
});

describe("calibration as torchmetrics has it", () => {
  test.each(fixture.calibrations.map((c) => [c.name, c] as const))("%s", async (_, c) => {
    const device = await testDevice();
    using logits = tensor(device, Float32Array.from(c.logits), [c.truth.length, c.classes]);
    using truth = tensor(device, Uint8Array.from(c.truth));
    using meter = new CalibrationMeter({ bins: c.bins });
    meter.update(logits, truth);
    const { expectedError, maximumError, bins } = await meter.result();
    expect(bins.reduce((n, { pixels }) => n + pixels, 0)).toBe(c.truth.filter((v) => v !== 255).length);
    close(expectedError, c.expected, "expected calibration error", 6);
    close(maximumError, c.maximum, "maximum calibration error", 5);
  });
});

describe("boundaries as SciPy has them", () => {
  test.each(fixture.surfaces.map((c) => [c.name, c] as const))("%s", async (_, c) => {
    const device = await testDevice();
    using predicted = tensor(device, Uint8Array.from(c.predicted), [1, ...c.shape]);
    using truth = tensor(device, Uint8Array.from(c.truth), [1, ...c.shape]);
    using meter = new BoundaryMeter({ classes: c.classes, spacing: c.spacing as [number, number], percentile: c.percentile, tolerance: c.tolerance, width: c.width });
    meter.update(predicted, truth);
    const { images, perClass } = await meter.result();
    c.perClass.forEach((expected, k) => {
      const names = ["hausdorff", "partialHausdorff", "averageSurfaceDistance", "boundaryF1", "boundaryIou"] as const;
      names.forEach((name, i) => close(images[0]![k]![name], expected[i], `class ${k} ${name}`, 4));
    });
    expect(perClass).toEqual(images[0]);
  });
});
