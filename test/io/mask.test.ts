import { describe, expect, it } from "vitest";
import { connectedComponents, fillHoles, fillPolygons, fromCocoRle, polygons, removeSmall, signedArea, threshold, toCocoRle, toGeoJson } from "../../src/io/mask.js";
import type { BinaryMask } from "../../src/io/mask.js";
import { random } from "../support/random.js";

/** A mask drawn with # for foreground. */
function draw(...rows: string[]): BinaryMask {
  return { width: rows[0]!.length, height: rows.length, data: Uint8Array.from(rows.join(""), (c) => (c === "#" ? 1 : 0)) };
}

const rng = random("masks");
function noise(): BinaryMask {
  const [width, height, share] = [1 + rng.integer(14), 1 + rng.integer(14), rng.uniform()];
  return { width, height, data: Uint8Array.from({ length: width * height }, () => (rng.uniform() < share ? 1 : 0)) };
}

/** Component labels by flooding from each pixel: slow and plain. */
function flood({ width, height, data }: BinaryMask, corners: boolean): Uint32Array {
  const labels = new Uint32Array(data.length);
  let count = 0;
  for (let start = 0; start < data.length; start++) {
    if (data[start] === 0 || labels[start] !== 0) continue;
    const open = [start];
    labels[start] = ++count;
    for (let i = open.pop(); i !== undefined; i = open.pop())
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1], ...(corners ? [[1, 1], [1, -1], [-1, 1], [-1, -1]] : [])] as [number, number][]) {
        const [x, y] = [(i % width) + dx, Math.floor(i / width) + dy];
        const j = y * width + x;
        if (x < 0 || y < 0 || x >= width || y >= height || data[j] === 0 || labels[j] !== 0) continue;
        labels[j] = count;
        open.push(j);
      }
  }
  return labels;
}

describe("connected components", () => {
  it("counts, measures and boxes", () => {
    const mask = draw(
      "##...#",
      "..#..#",
      "#....#");
    const eight = connectedComponents(mask);
    expect(eight.count).toBe(3);
    expect([...eight.areas]).toEqual([3, 3, 1]);
    expect(eight.boxes).toEqual([{ x: 0, y: 0, width: 3, height: 2 }, { x: 5, y: 0, width: 1, height: 3 }, { x: 0, y: 2, width: 1, height: 1 }]);
    expect(connectedComponents(mask, { connectivity: 4 }).count).toBe(4);
    expect(() => connectedComponents(mask, { connectivity: 6 as 4 })).toThrow("connectedComponents: connectivity must be 4 or 8 but is 6.");
  });

  it("agrees with flooding on 400 random masks", () => {
    for (let i = 0; i < 400; i++) {
      const mask = noise();
      expect(connectedComponents(mask).labels).toEqual(flood(mask, true));
      expect(connectedComponents(mask, { connectivity: 4 }).labels).toEqual(flood(mask, false));
    }
  });

  it("removes small ones and fills holes", () => {
    expect(removeSmall(draw("##.#", "#..."), 2)).toEqual(draw("##..", "#..."));
    const ring = draw(
      ".###.",
      ".#.#.",
      ".##..",
      "....#");
    expect(fillHoles(ring)).toEqual(draw(".###.", ".###.", ".##..", "....#"));
    expect(fillHoles(ring, { connectivity: 4 })).toEqual(ring); // the hole leaks over the corner
    expect(fillHoles(ring, { maxArea: 0 })).toEqual(ring);
  });

  it("says which options are out of range", () => {
    const mask = draw("#");
    expect(() => fillHoles(mask, { connectivity: 5 as 4 })).toThrow("fillHoles: connectivity must be 4 or 8 but is 5.");
    expect(() => fillHoles(mask, { maxArea: NaN })).toThrow("fillHoles: maxArea must be a number of at least 0 but is NaN.");
    expect(() => removeSmall(mask, NaN)).toThrow("removeSmall: minArea must be a number of at least 0 but is NaN.");
    expect(() => threshold({ ...mask }, NaN)).toThrow("threshold: the threshold must be a number but is NaN.");
  });

  it("thresholds", () => {
    expect([...threshold({ width: 4, height: 1, data: [0.49, 0.5, NaN, 1] }).data]).toEqual([0, 1, 0, 1]);
    expect([...threshold({ width: 2, height: 1, data: [0.3, 0.2] }, 0.25).data]).toEqual([1, 0]);
  });
});

describe("polygons", () => {
  it("traces corners only, holes the other way round", () => {
    const [polygon, ...others] = polygons(draw("###", "#.#", "###"));
    expect(others).toEqual([]);
    expect(polygon!.outer).toEqual([[3, 0], [3, 3], [0, 3], [0, 0], [3, 0]]);
    expect(polygon!.holes).toHaveLength(1);
    expect(signedArea(polygon!.outer)).toBe(9);
    expect(signedArea(polygon!.holes[0]!)).toBe(-1);
  });

  it("gives 1,500 random masks back, with rings that touch themselves nowhere", () => {
    for (let i = 0; i < 1500; i++) {
      const mask = noise();
      const shapes = polygons(mask);
      expect(fillPolygons(shapes, mask.width, mask.height)).toEqual(mask);
      for (const { outer, holes } of shapes) {
        expect(signedArea(outer)).toBeGreaterThan(0);
        for (const hole of holes) expect(signedArea(hole)).toBeLessThan(0);
        for (const ring of [outer, ...holes]) expect(new Set(ring.map(String)).size).toBe(ring.length - 1);
      }
    }
  });

  it("fills polygons of any coordinates, clipped to the image", () => {
    expect(fillPolygons([{ outer: [[-5, -5], [50, -5], [-5, 50], [-5, -5]], holes: [] }], 2, 2).data).toEqual(Uint8Array.of(1, 1, 1, 1));
    expect(fillPolygons([{ outer: [[0.6, 0], [1.6, 0], [1.6, 1], [0.6, 1], [0.6, 0]], holes: [] }], 3, 1).data).toEqual(Uint8Array.of(0, 1, 0));
  });

  it("writes GeoJSON by class", () => {
    const { features } = toGeoJson({ width: 3, height: 1, data: Uint8Array.of(2, 0, 1) }, { classNames: ["sky", "road"] });
    expect(features).toEqual([
      { type: "Feature", properties: { class: 1, name: "road", area: 1 }, geometry: { type: "Polygon", coordinates: [[[3, 0], [3, 1], [2, 1], [2, 0], [3, 0]]] } },
      { type: "Feature", properties: { class: 2, area: 1 }, geometry: { type: "Polygon", coordinates: [[[1, 0], [1, 1], [0, 1], [0, 0], [1, 0]]] } },
    ]);
  });
});

describe("COCO run lengths", () => {
  // Texts written by pycocotools 2.0.11.
  it("matches pycocotools", () => {
    for (const { mask, counts, text } of cocoFixtures) {
      expect(toCocoRle(mask)).toEqual({ size: [mask.height, mask.width], counts });
      expect(toCocoRle(mask, { compressed: true }).counts).toBe(text);
      expect(fromCocoRle({ size: [mask.height, mask.width], counts: text })).toEqual(mask);
    }
  });

  it("goes there and back on 400 random masks", () => {
    for (let i = 0; i < 400; i++) {
      const mask = noise();
      expect(fromCocoRle(toCocoRle(mask))).toEqual(mask);
      expect(fromCocoRle(toCocoRle(mask, { compressed: true }))).toEqual(mask);
    }
  });

  it("refuses runs that do not fit", () => {
    expect(() => fromCocoRle({ size: [2, 2], counts: [1, 2] })).toThrow("fromCocoRle: the runs are 3 pixels long but the size is 2×2, 4 pixels.");
    expect(() => fromCocoRle({ size: [2, 2], counts: [5, -1] })).toThrow("fromCocoRle: run lengths must be whole numbers of at least 0.");
    expect(() => fromCocoRle({ size: [2, 2], counts: "o" })).toThrow("fromCocoRle: the text is damaged or cut off.");
    expect(() => fromCocoRle({ size: [1e9, 1e9], counts: [1e18] })).toThrow("is not that of an image");
  });
});

function rectangle(width: number, height: number, left: number, top: number, right: number, bottom: number): BinaryMask {
  const data = Uint8Array.from({ length: width * height }, (_, i) => (i % width >= left && i % width < right && i >= top * width && i < bottom * width ? 1 : 0));
  return { width, height, data };
}
const rectangleCounts = [7 * 40 + 5, ...Array.from({ length: 37 }, () => [25, 15]).flat(), 25, 10 + 5 * 40];

const cocoFixtures = [
  { mask: draw("..###", "#.##.", "##..."), counts: [1, 2, 2, 3, 1, 2, 1, 1, 2], text: "1221OO0O1" },
  { mask: draw("######", "#....#", "#.##.#", "######"), counts: [0, 5, 2, 2, 1, 3, 1, 3, 2, 5], text: "052MO10012" },
  { mask: rectangle(50, 40, 7, 5, 45, 30), counts: rectangleCounts, text: "m8i0?0000000000000000000000000000000000000000000000000000000000000000000000000S6" },
];
