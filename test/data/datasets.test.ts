import { describe, expect, it } from "vitest";
import { openFolder } from "../../src/data/folder.js";
import { datasetStatistics, medianFrequencyWeights } from "../../src/data/statistics.js";
import { dataPath } from "../support/data.js";

const nuclei = dataPath("nuclei");
const camvid = dataPath("camvid");

describe.skipIf(!nuclei)("nuclei", () => {
  it.each([["train", 120], ["val", 30], ["test", 30]] as const)("has its images in %s", async (split, count) => {
    await using set = await openFolder(nuclei!, { split });
    expect(set.length).toBe(count);
    expect(set.classes).toEqual([{ name: "background", color: [0, 0, 0] }, { name: "nucleus", color: [255, 255, 255] }]);
    expect(set.assumed).toEqual([]);
  });

  it("decodes every test image; a ninth to a fifth of the pixels are nuclei", async () => {
    await using set = await openFolder(nuclei!, { split: "test" });
    const { classPixels, ignoredPixels, mean } = await datasetStatistics(set);
    const share = classPixels[1]! / (classPixels[0]! + classPixels[1]!);
    expect(share).toBeGreaterThan(0.11);
    expect(share).toBeLessThan(0.2);
    expect(ignoredPixels).toBe(0);
    expect(mean.every((m) => m > 0.05 && m < 0.5)).toBe(true);
  });
});

describe.skipIf(!camvid)("camvid", () => {
  it.each([["train", 367], ["val", 101], ["test", 233]] as const)("has its images in %s", async (split, count) => {
    await using set = await openFolder(camvid!, { split });
    expect(set.length).toBe(count);
    expect(set.classes.map(({ name }) => name)).toEqual(["sky", "building", "pole", "road", "pavement", "tree", "sign_symbol", "fence", "car", "pedestrian", "bicyclist"]);
  });

  // Counted from the same labels, independently: shared/reference/segmentation-facts.md gives road 29.46 % and void 1.70 % for val.
  it("counts the classes of val as others do", async () => {
    await using set = await openFolder(camvid!, { split: "val" });
    const statistics = await datasetStatistics(set);
    const labelled = statistics.classPixels.reduce((a, b) => a + b, 0);
    const all = labelled + statistics.ignoredPixels;
    expect(all).toBe(101 * 480 * 360);
    expect((100 * statistics.ignoredPixels) / all).toBeCloseTo(1.7, 1);
    expect((100 * statistics.classPixels[3]!) / labelled).toBeCloseTo(29.46, 1);
    const weights = medianFrequencyWeights(statistics);
    expect(Math.min(...weights)).toBe(weights[3]);
    expect([...weights].sort((a, b) => a - b)[5]).toBeCloseTo(1, 12);
  });
});
