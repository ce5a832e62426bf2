import { mix32, type Random } from "./random.js";

/** A roundish thing in the picture: an ellipse whose outline is bent by a few harmonics. Lengths are in pixels. */
export interface Blob {
  readonly x: number;
  readonly y: number;
  /** Geometric mean of the two half-axes. */
  readonly radius: number;
  /** Long over short half-axis. */
  readonly aspect: number;
  readonly angle: number;
  /** Amplitude and phase of the outline's waves with 2, 3, 4, … periods. */
  readonly waves: readonly (readonly [number, number])[];
  /** Width of the edge: about 0.5 in focus, several pixels out of focus. */
  readonly edge: number;
  /** How strongly it is stained, about 0.3 … 1. */
  readonly strength: number;
  readonly seed: number;
}

export interface BlobStyle {
  radius: number;
  /** Relative spread of radii. */
  spread: number;
  maxAspect: number;
  /** Largest amplitude of the outline's waves. */
  bend: number;
  edge: readonly [number, number];
  strength: readonly [number, number];
}

export function drawBlob(random: Random, x: number, y: number, style: BlobStyle): Blob {
  return {
    x,
    y,
    radius: style.radius * Math.exp(style.spread * random.normal()),
    aspect: random.between(1, style.maxAspect),
    angle: random.between(0, Math.PI),
    waves: [1, 0.7, 0.5].map((part) => [style.bend * part * random.next(), random.between(0, 2 * Math.PI)] as const),
    edge: random.between(...style.edge),
    strength: random.between(...style.strength),
    seed: random.bits(),
  };
}

/** Distance of a point from the outline, negative inside; exact for circles, near enough for the rest. */
export function distance(blob: Blob, x: number, y: number): number {
  const [dx, dy] = [x - blob.x, y - blob.y];
  const [cos, sin] = [Math.cos(blob.angle), Math.sin(blob.angle)];
  const stretch = Math.sqrt(blob.aspect);
  const u = (cos * dx + sin * dy) / stretch;
  const v = (cos * dy - sin * dx) * stretch;
  const theta = Math.atan2(v, u);
  let outline = blob.radius;
  for (let k = 0; k < blob.waves.length; k++) {
    const [amplitude, phase] = blob.waves[k]!;
    outline += blob.radius * amplitude * Math.cos((k + 2) * theta + phase);
  }
  return Math.sqrt(u * u + v * v) - outline;
}

/** Calls `visit` for each pixel that lies within `margin` of the blob, with its distance from the outline. */
export function eachPixel(blob: Blob, width: number, height: number, margin: number, visit: (pixel: number, d: number, x: number, y: number) => void): void {
  const bend = blob.waves.reduce((sum, [amplitude]) => sum + amplitude, 1);
  const reach = blob.radius * Math.sqrt(blob.aspect) * bend + margin + 1;
  const [left, right] = [Math.max(0, Math.floor(blob.x - reach)), Math.min(width - 1, Math.ceil(blob.x + reach))];
  const [top, bottom] = [Math.max(0, Math.floor(blob.y - reach)), Math.min(height - 1, Math.ceil(blob.y + reach))];
  for (let y = top; y <= bottom; y++)
    for (let x = left; x <= right; x++) {
      const d = distance(blob, x + 0.5, y + 0.5);
      if (d < margin) visit(y * width + x, d, x, y);
    }
}

/** 1 well inside, 0 well outside, a smooth step of the blob's edge width between (0.5 on the outline). */
export function coverage(d: number, edge: number): number {
  return 1 / (1 + Math.exp(Math.min(40, (2 * d) / edge)));
}

/**
 * Places blobs until they cover about `cover` of the area: some alone, some (`crowding`, 0 … 1) against a neighbour that is
 * there already, touching or slightly overlapping. Some lie across the border.
 */
export function placeBlobs(random: Random, width: number, height: number, cover: number, crowding: number, draw: (x: number, y: number) => Blob): Blob[] {
  const blobs: Blob[] = [];
  let area = 0;
  for (let tries = 0; area < cover * width * height && tries < 4000; tries++) {
    let blob = draw(random.between(-0.02, 1.02) * width, random.between(-0.02, 1.02) * height);
    if (blobs.length > 0 && random.chance(crowding)) {
      const neighbour = blobs[random.int(blobs.length)]!;
      const away = (neighbour.radius + blob.radius) * random.between(0.92, 1.08);
      const direction = random.between(0, 2 * Math.PI);
      blob = { ...blob, x: neighbour.x + away * Math.cos(direction), y: neighbour.y + away * Math.sin(direction) };
    }
    if (blob.x < -4 || blob.y < -4 || blob.x > width + 4 || blob.y > height + 4) continue;
    if (blobs.some((b) => Math.hypot(b.x - blob.x, b.y - blob.y) < 0.9 * (b.radius + blob.radius))) continue;
    blobs.push(blob);
    area += Math.PI * blob.radius ** 2;
  }
  return blobs;
}

/** Smooth noise in 0 … 1: random values on a lattice of whole numbers, blended between. */
function valueNoise(seed: number, x: number, y: number): number {
  const [ix, iy] = [Math.floor(x), Math.floor(y)];
  const [fx, fy] = [x - ix, y - iy];
  const [u, v] = [fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)];
  const at = (i: number, j: number): number => mix32(seed ^ Math.imul(ix + i, 0x27d4eb2d) ^ Math.imul(iy + j, 0x165667b1)) / 0x100000000;
  const top = at(0, 0) + (at(1, 0) - at(0, 0)) * u;
  const bottom = at(0, 1) + (at(1, 1) - at(0, 1)) * u;
  return top + (bottom - top) * v;
}

/** Two octaves of smooth noise with features of `scale` and half as many pixels, 0 … 1. */
export function cloud(seed: number, x: number, y: number, scale: number): number {
  return (2 * valueNoise(seed, x / scale, y / scale) + valueNoise(seed + 1, (2 * x) / scale, (2 * y) / scale)) / 3;
}
