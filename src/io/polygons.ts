import { checkRaster } from "./image.js";
import { connectedComponents } from "./components.js";
import type { Mask } from "./components.js";
import type { LabelMap } from "./image.js";

/** A corner of pixels as x, y: (0, 0) is the top left corner of the image, (width, height) the bottom right one. */
export type Point = [number, number];
/** A closed line: the last point repeats the first. Only corners are listed. */
export type Ring = Point[];

/** One region with its holes. Rings touch themselves nowhere. */
export interface Polygon {
  outer: Ring;
  holes: Ring[];
}

/**
 * The outlines of the foreground along pixel edges, one polygon per 4-connected region in reading order.
 * Exact: `fillPolygons` gives the mask back. Outer rings have positive area `½ Σ (x₀y₁ - x₁y₀)`, holes negative.
 */
export function polygons(mask: Mask): Polygon[] {
  checkRaster("polygons", mask);
  const { width, height, data } = mask;
  const { labels, count } = connectedComponents(mask, { connectivity: 4 });
  const result: Polygon[] = Array.from({ length: count }, () => ({ outer: [], holes: [] }));
  const traced = new Uint8Array(data.length); // pixels whose upper edge is part of a ring already
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      if (data[i] === 0 || traced[i] || (y > 0 && data[i - width] !== 0)) continue;
      const polygon = result[labels[i]! - 1]!;
      for (const ring of splitAtTouches(trace(mask, x, y, traced), width + 1)) {
        if (signedArea(ring) > 0) polygon.outer = ring;
        else polygon.holes.push(ring);
      }
    }
  return result;
}

/** `½ Σ (x₀y₁ - x₁y₀)`: positive for outer rings. */
export function signedArea(ring: Ring): number {
  let twice = 0;
  for (let i = 0; i + 1 < ring.length; i++) twice += ring[i]![0] * ring[i + 1]![1] - ring[i + 1]![0] * ring[i]![1];
  return twice / 2;
}

const steps: readonly Point[] = [[1, 0], [0, 1], [-1, 0], [0, -1]]; // right, down, left, up

/** Walks once round the boundary that has the upper edge of pixel (x, y), with the foreground on the right hand; an open list of corners. */
function trace({ width, height, data }: Mask, startX: number, startY: number, traced: Uint8Array): Point[] {
  const inside = (x: number, y: number): boolean => x >= 0 && y >= 0 && x < width && y < height && data[y * width + x] !== 0;
  const corners: Point[] = [];
  let [x, y, direction] = [startX, startY, 0];
  do {
    if (direction === 0) traced[y * width + x] = 1;
    const [dx, dy] = steps[direction]!;
    x += dx;
    y += dy;
    // The two pixels ahead of corner (x, y): to the right and to the left of the way.
    const right = inside(x + (dx - dy - 1) / 2, y + (dx + dy - 1) / 2);
    const left = inside(x + (dx + dy - 1) / 2, y + (dy - dx - 1) / 2);
    const turn = !right ? 1 : left ? 3 : 0; // round the own pixel first: regions that touch at a corner stay apart
    if (turn !== 0) corners.push([x, y]);
    direction = (direction + turn) % 4;
  } while (x !== startX || y !== startY || direction !== 0);
  return corners;
}

/** Splits a walk that comes back to a corner into rings that do not, each closed. */
function splitAtTouches(corners: readonly Point[], columns: number): Ring[] {
  const rings: Ring[] = [];
  const stack: Point[] = [];
  const at = new Map<number, number>(); // corner → its index in the stack
  for (const corner of corners) {
    const key = corner[1] * columns + corner[0];
    const before = at.get(key);
    if (before !== undefined) {
      const loop = stack.splice(before + 1);
      for (const [x, y] of loop) at.delete(y * columns + x);
      rings.push([corner, ...loop, [...corner]]);
      continue;
    }
    at.set(key, stack.push(corner) - 1);
  }
  rings.push([...stack, [...stack[0]!]]);
  return rings;
}

/** The mask of pixels whose centre lies inside the polygons, by the even-odd rule, row by row; any coordinates are allowed. */
export function fillPolygons(shapes: readonly Polygon[], width: number, height: number): Mask & { data: Uint8Array } {
  const data = new Uint8Array(width * height);
  checkRaster("fillPolygons", { width, height, data });
  for (const { outer, holes } of shapes) {
    const crossings: number[][] = Array.from({ length: height }, () => []);
    for (const ring of [outer, ...holes])
      for (let i = 0; i + 1 < ring.length; i++) {
        const [a, b] = ring[i]![1] < ring[i + 1]![1] ? [ring[i]!, ring[i + 1]!] : [ring[i + 1]!, ring[i]!];
        // Rows whose centre line y + ½ lies in [a, b).
        for (let y = Math.max(0, Math.ceil(a[1] - 0.5)); y < height && y + 0.5 < b[1]; y++)
          crossings[y]!.push(a[0] + ((y + 0.5 - a[1]) * (b[0] - a[0])) / (b[1] - a[1]));
      }
    crossings.forEach((row, y) => {
      row.sort((a, b) => a - b);
      for (let i = 0; i + 1 < row.length; i += 2)
        data.fill(1, y * width + clamp(Math.ceil(row[i]! - 0.5), width), y * width + clamp(Math.ceil(row[i + 1]! - 0.5), width));
    });
  }
  return { width, height, data };
}

const clamp = (x: number, high: number): number => Math.min(high, Math.max(0, x));

export interface GeoJsonFeature {
  type: "Feature";
  properties: Record<string, string | number>;
  geometry: { type: "Polygon"; coordinates: Ring[] };
}

export interface GeoJsonFeatures {
  type: "FeatureCollection";
  features: GeoJsonFeature[];
}

export interface GeoJsonOptions {
  /** Labels that are no objects. Default `[0]`. */
  background?: readonly number[] | undefined;
  /** Names of the classes by label, written as the property `name`. */
  classNames?: readonly string[] | undefined;
}

/**
 * The regions of a mask or class map as GeoJSON: one feature per 4-connected region, with the properties `class` (its label),
 * `name` and `area` (pixels). Coordinates are pixels with y pointing down, from the top left corner of the image. Read as
 * plain numbers, outer rings are counter-clockwise and holes clockwise, as RFC 7946 asks; on a screen they look the other way.
 */
export function toGeoJson(labels: LabelMap, { background = [0], classNames }: GeoJsonOptions = {}): GeoJsonFeatures {
  checkRaster("toGeoJson", labels);
  const { width, height, data } = labels;
  const present = [...new Set(data)].filter((label) => !background.includes(label)).sort((a, b) => a - b);
  const features = present.flatMap((label) => {
    const mask = { width, height, data: Uint8Array.from(data, (v) => (v === label ? 1 : 0)) };
    return polygons(mask).map(({ outer, holes }): GeoJsonFeature => {
      const name = classNames?.[label];
      const area = [outer, ...holes].reduce((sum, ring) => sum + signedArea(ring), 0);
      return { type: "Feature", properties: { class: label, ...(name === undefined ? {} : { name }), area }, geometry: { type: "Polygon", coordinates: [outer, ...holes] } };
    });
  });
  return { type: "FeatureCollection", features };
}
