import { expect, test } from "vitest";
import { Random } from "../../src/data/random.js";
import { borderWeights } from "../../src/data/weight-map.js";

test("weighs the gap between two objects as U-Net's equation says", () => {
  // Objects 7 and 9 with three pixels between them: d1 + d2 is 1 + 3, 2 + 2, 3 + 1 there, and 1 + 5 to the right of 9.
  const weights = borderWeights([7, 0, 0, 0, 9, 0], 6, 1, { strength: 10, sigma: 5 });
  const at = (d: number): number => 1 + 10 * Math.exp(-(d * d) / 50);
  expect([...weights]).toEqual([1, at(4), at(4), at(4), 1, at(1 + 5)].map((w) => expect.closeTo(w, 5)));
});

test("distances are Euclidean, to the nearest pixels of the two nearest objects", () => {
  const [width, height] = [23, 17];
  const random = new Random(4);
  const map = Uint8Array.from({ length: width * height }, () => (random.chance(0.03) ? 1 + random.int(5) : 0));
  const weights = borderWeights(map, width, height, { strength: 3, sigma: 2, classWeights: [0.5, 2] });
  for (let i = 0; i < map.length; i++) {
    const nearest = [1, 2, 3, 4, 5].map((id) => Math.min(...Array.from(map, (other, j) => (other === id ? Math.hypot((i % width) - (j % width), Math.floor(i / width) - Math.floor(j / width)) : Infinity)))).sort((a, b) => a - b);
    const expected = map[i] === 0 ? 0.5 + 3 * Math.exp(-((nearest[0]! + nearest[1]!) ** 2) / 8) : 2;
    expect(weights[i]).toBeCloseTo(expected, 5);
  }
});

test("without two objects only the class counts; classes can be balanced", () => {
  expect([...borderWeights([0, 3, 3, 0, 0, 0], 3, 2)]).toEqual([1, 1, 1, 1, 1, 1]);
  expect([...borderWeights([0, 3, 3, 0, 0, 0], 3, 2, { classWeights: "balanced" })]).toEqual([0.75, 1.5, 1.5, 0.75, 0.75, 0.75]);
  expect([...borderWeights([0, 0], 2, 1, { classWeights: "balanced" })]).toEqual([1, 1]);
});

test("refuses what it cannot use", () => {
  expect(() => borderWeights([0, 1], 3, 1)).toThrow("borderWeights: a map of 3x1 has 3 values, but this one has 2.");
  expect(() => borderWeights([0], 1, 1, { sigma: 0 })).toThrow("borderWeights: sigma must be a number above 0, not 0.");
  expect(() => borderWeights([0], 1, 1, { w0: 1 } as never)).toThrow('borderWeights: unknown option "w0". Options: strength, sigma, classWeights.');
});
