import { checkOptions, DataError, OptionError } from "../runtime/errors.js";
import type { ClassInfo, Dataset, Sample } from "./dataset.js";
import { SampleCache } from "./cache.js";
import { Random } from "./random.js";
import { drawOptics, photograph } from "./synthetic-optics.js";
import { cloud, coverage, drawBlob, eachPixel, placeBlobs, type Blob } from "./synthetic-shapes.js";

/** Fluorescence: nuclei glow on black. Histology: nuclei are stained purple (haematoxylin) in pinkish tissue (eosin). */
export type Stain = "fluorescence" | "histology";

const stains = ["fluorescence", "histology"] as const;

export interface SyntheticOptions {
  /** Number of samples. Default 64. */
  length?: number | undefined;
  /** Height and width in pixels. Default [128, 128]. */
  size?: readonly [number, number] | undefined;
  /** Default 0. */
  seed?: number | undefined;
  /** One stain, or "both": they alternate. Default "both". */
  stain?: Stain | "both" | undefined;
  /** Smallest and largest mean radius of the nuclei of an image, in pixels. Default [5, 11]. */
  radius?: readonly [number, number] | undefined;
}

const PURPOSE = 0x5e7;

/** Absorption of red, green and blue by the two dyes (Ruifrok and Johnston 2001, as measured for their colour deconvolution). */
const HAEMATOXYLIN = [0.644, 0.717, 0.267] as const;
const EOSIN = [0.093, 0.954, 0.283] as const;

interface Scene {
  readonly width: number;
  readonly height: number;
  readonly radius: number;
  readonly nuclei: readonly Blob[];
  readonly random: Random;
}

/**
 * A made-up set of microscope pictures with exact masks (0 background, 1 nucleus): nuclei of varying size and shape, alone
 * and crowded, some out of focus, among specks, fibres and red cells that are no nuclei; uneven light, blur and noise.
 * Every sample depends on the seed and its index alone.
 */
export class SyntheticMicroscopy implements Dataset {
  readonly classes: readonly ClassInfo[] = [
    { name: "background", color: [0, 0, 0] },
    { name: "nucleus", color: [255, 255, 255] },
  ];
  readonly length: number;
  readonly #options: Required<{ [K in keyof SyntheticOptions]: NonNullable<SyntheticOptions[K]> }>;
  readonly #cache = new SampleCache(2 ** 28);

  constructor(options: SyntheticOptions = {}) {
    checkOptions("SyntheticMicroscopy", options, ["length", "size", "seed", "stain", "radius"]);
    const { length = 64, size = [128, 128], seed = 0, stain = "both", radius = [5, 11] } = options;
    if (![length, ...size].every((n) => Number.isInteger(n) && n > 0) || size.length !== 2)
      throw new OptionError(`SyntheticMicroscopy: length and size must be whole numbers of at least 1, not ${length} and [${size.join(", ")}].`);
    if (stain !== "both" && !stains.includes(stain))
      throw new OptionError(`SyntheticMicroscopy: stain must be one of ${stains.join(", ")}, both, not ${JSON.stringify(stain)}.`);
    if (!Number.isSafeInteger(seed)) throw new OptionError(`SyntheticMicroscopy: seed must be a whole number, not ${seed}.`);
    if (!(radius.length === 2 && radius[0] >= 1 && radius[0] <= radius[1] && radius[1] < Infinity))
      throw new OptionError(`SyntheticMicroscopy: radius must be [smallest, largest], at least 1 pixel, not [${radius.join(", ")}].`);
    this.length = length;
    this.#options = { length, size, seed, stain, radius };
  }

  get(index: number): Sample {
    if (!Number.isInteger(index) || index < 0 || index >= this.length) throw new DataError(`There is no sample ${index}: the data set has ${this.length}.`);
    const kept = this.#cache.get(index);
    if (kept) return kept;
    const sample = this.#make(index);
    this.#cache.set(index, sample);
    return sample;
  }

  #make(index: number): Sample {
    const { size: [height, width], seed, stain: wanted, radius: radii } = this.#options;
    const stain = wanted === "both" ? stains[index % 2]! : wanted;
    const random = new Random(PURPOSE, seed, index);
    const radius = random.between(...radii);
    const cover = random.between(0.1, 0.3);
    const crowding = random.between(0.1, 0.7);
    const nuclei = placeBlobs(random, width, height, cover, crowding, (x, y) => {
      const unfocused = random.chance(0.12);
      return drawBlob(random, x, y, {
        radius, spread: 0.17, maxAspect: 1.8, bend: 0.09,
        edge: unfocused ? [2, 3.2] : [0.5, 1],
        strength: unfocused ? [0.4, 0.6] : [0.6, 1],
      });
    });
    const scene = { width, height, radius, nuclei, random };
    const light = stain === "fluorescence" ? fluorescence(scene) : histology(scene);
    const image = photograph(light, width, height, drawOptics(random), random, stain === "fluorescence");
    return { name: `${stain}-${String(index).padStart(4, "0")}`, image, mask: outlines(scene), width, height };
  }
}

function outlines({ width, height, nuclei }: Scene): Uint8Array {
  const mask = new Uint8Array(width * height);
  for (const nucleus of nuclei) eachPixel(nucleus, width, height, 0, (pixel) => (mask[pixel] = 1));
  return mask;
}

/** Specks: a few tiny blobs anywhere. */
function specks({ width, height, random }: Scene, radius: readonly [number, number], strength: readonly [number, number]): Blob[] {
  const count = Math.round((random.between(0, 10) * width * height) / 16384);
  return Array.from({ length: count }, () =>
    drawBlob(random, random.next() * width, random.next() * height, { radius: random.between(...radius), spread: 0.1, maxAspect: 1.5, bend: 0.1, edge: [0.5, 1], strength }));
}

/** Fibres: long, thin, slightly wavy strokes. Adds `strength` along each to `plane`. */
function fibres({ width, height, random }: Scene, plane: Float32Array, most: number, strength: readonly [number, number]): void {
  for (let count = random.int(most + 1); count > 0; count--) {
    let [x, y, direction] = [random.next() * width, random.next() * height, random.between(0, 2 * Math.PI)];
    const [amount, thick] = [random.between(...strength), random.between(0.6, 1.4)];
    for (let length = random.between(15, 60); length > 0; length--) {
      direction += 0.12 * random.normal();
      x += Math.cos(direction);
      y += Math.sin(direction);
      const point: Blob = { x, y, radius: thick, aspect: 1, angle: 0, waves: [], edge: 0.7, strength: amount, seed: 0 };
      eachPixel(point, width, height, 1.5, (pixel, d) => (plane[pixel] = Math.max(plane[pixel]!, amount * coverage(d, 0.7))));
    }
  }
}

/** Light emitted: dark background with a haze from other depths, nuclei, specks and fibres; grey or tinted. */
function fluorescence(scene: Scene): Float32Array {
  const { width, height, radius, nuclei, random } = scene;
  const exposure = random.between(0.35, 0.95);
  const [dark, haze, hazeSeed] = [random.between(0.02, 0.08), random.between(0.02, 0.14), random.bits()];
  const extra = new Float32Array(width * height);
  fibres(scene, extra, 2, [0.08, 0.3]);
  const dust = specks(scene, [0.7, 1.6], [0.3, 1]);
  // Light from things that overlap adds up, but never beyond what the dye can give: 1 - (1 - a)(1 - b).
  const glow = new Float32Array(width * height);
  for (const nucleus of [...nuclei, ...dust])
    eachPixel(nucleus, width, height, 4 * nucleus.edge, (pixel, d, x, y) => {
      const texture = 0.75 + 0.5 * cloud(nucleus.seed, x, y, Math.max(2, radius * 0.45));
      const a = Math.min(1, nucleus.strength * coverage(d, nucleus.edge) * texture);
      glow[pixel] = 1 - (1 - glow[pixel]!) * (1 - a);
    });
  const tint = random.chance(0.3) ? [random.between(0.05, 0.4), random.between(0.3, 0.7), 1] : [1, 1, 1];
  const light = new Float32Array(width * height * 3);
  for (let y = 0, pixel = 0; y < height; y++)
    for (let x = 0; x < width; x++, pixel++) {
      const value = dark + haze * cloud(hazeSeed, x, y, 45) + exposure * Math.max(glow[pixel]!, extra[pixel]!);
      for (let c = 0; c < 3; c++) light[pixel * 3 + c] = value * tint[c]!;
    }
  return light;
}

/** Light let through: white light weakened by the two dyes (Beer and Lambert: 10^-density) and by specks of pigment. */
function histology(scene: Scene): Float32Array {
  const { width, height, radius, nuclei, random } = scene;
  const [dye, tissue] = [random.between(0.55, 1.1), random.between(0.1, 0.32)];
  const [seed, gapSeed, gaps] = [random.bits(), random.bits(), random.between(0.15, 0.4)];
  const lamp = [random.between(0.93, 1), random.between(0.92, 0.98), random.between(0.93, 1)];
  const purple = new Float32Array(width * height);
  const pink = new Float32Array(width * height);
  const black = new Float32Array(width * height);
  for (let y = 0, pixel = 0; y < height; y++)
    for (let x = 0; x < width; x++, pixel++) {
      const matter = Math.min(1, Math.max(0, (cloud(gapSeed, x, y, 38) - gaps) * 6));
      pink[pixel] = tissue * matter * (0.35 + 1.3 * cloud(seed, x, y, 9));
      purple[pixel] = 0.05 * matter * cloud(seed + 7, x, y, 14);
    }
  fibres(scene, pink, 6, [0.25, 0.55]);
  const redCells = placeBlobs(random, width, height, random.chance(0.5) ? random.between(0, 0.05) : 0, 0.5, (x, y) =>
    drawBlob(random, x, y, { radius: Math.max(2, radius * 0.6), spread: 0.06, maxAspect: 1.3, bend: 0.04, edge: [0.5, 1], strength: [0.35, 0.6] }));
  for (const cell of redCells) eachPixel(cell, width, height, 3, (pixel, d) => (pink[pixel]! += cell.strength * coverage(d, cell.edge)));
  for (const nucleus of nuclei)
    eachPixel(nucleus, width, height, 4 * nucleus.edge, (pixel, d, x, y) => {
      const chromatin = 0.65 + 0.7 * cloud(nucleus.seed, x, y, Math.max(2, radius * 0.4));
      // The membrane is a little darker than what it holds.
      const rim = nucleus.edge < 1.5 ? 0.3 * Math.exp(-((d + 1) ** 2) / 1.5) : 0;
      purple[pixel] = Math.max(purple[pixel]!, dye * nucleus.strength * coverage(d, nucleus.edge) * (chromatin + rim));
    });
  for (const speck of specks(scene, [0.7, 1.5], [0.4, 1])) eachPixel(speck, width, height, 3, (pixel, d) => (black[pixel]! += speck.strength * coverage(d, speck.edge)));
  const light = new Float32Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++)
    for (let c = 0; c < 3; c++) {
      const density = purple[pixel]! * HAEMATOXYLIN[c]! + pink[pixel]! * EOSIN[c]! + black[pixel]! * [0.5, 0.6, 0.7][c]!;
      light[pixel * 3 + c] = lamp[c]! * 10 ** -density;
    }
  return light;
}
