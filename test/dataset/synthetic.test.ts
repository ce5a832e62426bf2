import { describe, expect, it } from "vitest";
import { checkSample } from "../../src/data/dataset.js";
import { SyntheticMicroscopy } from "../../src/data/synthetic.js";

const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

describe("SyntheticMicroscopy", () => {
  it("makes valid samples of any size, stains in turn, about a sixth of the pixels in nuclei", () => {
    const set = new SyntheticMicroscopy({ length: 24, size: [72, 97] });
    let foreground = 0;
    for (let i = 0; i < set.length; i++) {
      const sample = set.get(i);
      checkSample(sample, 2);
      expect([sample.width, sample.height]).toEqual([97, 72]);
      expect(sample.name).toBe(`${i % 2 ? "histology" : "fluorescence"}-${String(i).padStart(4, "0")}`);
      foreground += mean(sample.mask!) / set.length;
    }
    expect(foreground).toBeGreaterThan(0.1);
    expect(foreground).toBeLessThan(0.3);
  });

  it("shows nuclei bright on black and dark on pink", () => {
    const set = new SyntheticMicroscopy({ length: 8 });
    for (let i = 0; i < set.length; i++) {
      const { image, mask } = set.get(i);
      const red = (label: number) => mean([...mask!].flatMap((m, p) => (m === label ? [image[p * 3]!, image[p * 3 + 2]!] : [])));
      if (i % 2) expect(red(1)).toBeLessThan(red(0) - 20);
      else expect(red(1)).toBeGreaterThan(red(0) + 10);
    }
  });

  it("depends on seed and index alone", () => {
    const a = new SyntheticMicroscopy({ length: 4, seed: 9, size: [48, 48] });
    const b = new SyntheticMicroscopy({ length: 100, seed: 9, size: [48, 48] });
    b.get(1);
    expect(b.get(3)).toEqual(a.get(3));
    expect(new SyntheticMicroscopy({ seed: 10, size: [48, 48] }).get(3).image).not.toEqual(a.get(3).image);
  });

  it("refuses impossible options", () => {
    expect(() => new SyntheticMicroscopy({ size: [0, 5] })).toThrow("SyntheticMicroscopy: length and size must be whole numbers of at least 1, not 64 and [0, 5].");
    expect(() => new SyntheticMicroscopy({ stain: "gram" as "both" })).toThrow(`SyntheticMicroscopy: stain must be one of fluorescence, histology, both, not "gram".`);
    expect(() => new SyntheticMicroscopy({ length: 2 }).get(2)).toThrow("There is no sample 2: the data set has 2.");
  });
});
