import { expect, it } from "vitest";
import { datasetOf } from "../../src/data/dataset.js";
import { classList } from "../../src/models/class-info.js";
import { datasetStatistics, medianFrequencyWeights } from "../../src/data/statistics.js";

const dataset = datasetOf(
  [
    { name: "a", width: 2, height: 2, image: Uint8Array.of(0, 0, 255, 0, 10, 255, 255, 20, 255, 255, 30, 255), mask: Uint8Array.of(0, 0, 0, 1) },
    { name: "b", width: 2, height: 1, image: Uint8Array.of(0, 0, 255, 255, 0, 255), mask: Uint8Array.of(0, 255) },
  ],
  classList(["x", "y", "z"]),
);

it("counts channels and classes exactly", async () => {
  const s = await datasetStatistics(dataset);
  expect(s.mean).toEqual([0.5, 10 / 255, 1]);
  expect(s.std[0]).toBeCloseTo(0.5, 12);
  expect(s.std[1]).toBeCloseTo(Math.sqrt((100 + 400 + 900) / 6 - 100) / 255, 12);
  expect(s.std[2]).toBe(0);
  expect([s.classPixels, s.presentPixels, s.ignoredPixels, s.samples]).toEqual([[4, 1, 0], [5, 4, 0], 1, 2]);
});

it("weighs classes by median frequency", async () => {
  // Frequencies 4/5 and 1/4, median 0.525; class z never occurs.
  const weights = medianFrequencyWeights(await datasetStatistics(dataset));
  expect(weights[0]).toBeCloseTo(0.65625, 12);
  expect(weights[1]).toBeCloseTo(2.1, 12);
  expect(weights[2]).toBe(0);
  expect(() => medianFrequencyWeights({ classPixels: [0], presentPixels: [0] })).toThrow("medianFrequencyWeights: no pixel belongs to a class.");
});
