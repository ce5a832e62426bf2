import { checkOptions, OptionError } from "../runtime/errors.js";
import { hash32, Random } from "./random.js";

/** Random changes made to an image and its mask together. Everything is off unless it is asked for. */
export interface AugmentOptions {
  /** Mirror left and right, every second time. Default false. */
  flipHorizontal?: boolean;
  /** Mirror top and bottom, every second time. Default false. */
  flipVertical?: boolean;
  /** Largest angle in degrees (0 … 180), turned either way; or "quarter": 0, 90, 180 or 270 degrees, without interpolation. Default 0. */
  rotate?: number | "quarter";
  /** Smallest and largest zoom, drawn evenly on a logarithmic scale; 2 makes things twice as large. Default [1, 1]. */
  scale?: readonly [number, number];
  /** Cut the window out at a random place, not in the middle. Default true. */
  crop?: boolean;
  /** Largest change of brightness: 0.2 multiplies by 0.8 … 1.2, so that dark pictures keep what they show (0 … 1). Default 0. */
  brightness?: number;
  /** Largest change of contrast about the image's mean grey: 0.2 draws factors 0.8 … 1.2 (0 … 1). Default 0. */
  contrast?: number;
  /** Largest change of saturation: 0.2 draws factors 0.8 … 1.2 (0 … 1). Default 0. */
  saturation?: number;
  /** Largest standard deviation of added noise, as a part of the full range (0 … 1). Default 0. */
  noise?: number;
  /**
   * Standard deviation, in pixels, of a Gaussian blur that every second image gets (0 … 20). 1.1 is the 5×5 kernel of PSPNet's training
   * (semseg's `RandomGaussianBlur`). Default 0.
   */
  blur?: number;
  /**
   * Standard deviation, in pixels, of smooth random displacements: vectors on a 3×3 grid over the window, interpolated bicubically (Ronneberger,
   * Fischer & Brox 2015: 10; 0 … 1000). Default 0.
   */
  elastic?: number;
  /** Before all else, bring the shorter side of every image to this many pixels (torchvision's recipes: 520). Default: as they are. */
  shortSide?: number;
}

/** What was drawn for one sample. */
export interface Augmentation {
  readonly flipX: boolean;
  readonly flipY: boolean;
  /** Degrees, turning the picture clockwise. */
  readonly angle: number;
  readonly scale: number;
  /** Where the window lies within the room it has, 0 … 1 along x and y; 0.5 is the middle. */
  readonly place: readonly [number, number];
  /** Factors; 1 changes nothing. */
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  /** Standard deviation in units of 0 … 255. */
  readonly noise: number;
  readonly noiseSeed: number;
  /** Standard deviation of the blur in pixels; 0 for none. */
  readonly blur: number;
  /** Displacements in pixels, x and y, of the points of a 3×3 grid, rows first; empty for none. */
  readonly elastic: readonly number[];
  /** Length of the image's shorter side before `scale`; undefined: as it is. */
  readonly shortSide: number | undefined;
}

/** No change: the window comes from the middle. */
export const unchanged: Augmentation = {
  flipX: false, flipY: false, angle: 0, scale: 1, place: [0.5, 0.5], brightness: 1, contrast: 1, saturation: 1, noise: 0, noiseSeed: 0,
  blur: 0, elastic: [], shortSide: undefined,
};

const amounts = ["brightness", "contrast", "saturation", "noise"] as const;
const keys = ["flipHorizontal", "flipVertical", "rotate", "scale", "crop", ...amounts, "blur", "elastic", "shortSide"];

/** Throws an OptionError when an option is unknown or out of range. */
export function checkAugmentOptions(options: AugmentOptions): void {
  checkOptions("augment", options, keys);
  const { rotate, scale, blur = 0, elastic = 0, shortSide = 1 } = options;
  if (rotate !== undefined && rotate !== "quarter" && !(rotate >= 0 && rotate <= 180))
    throw new OptionError(`augment: rotate must be degrees from 0 to 180, or "quarter", not ${rotate}.`);
  if (scale !== undefined && !(scale.length === 2 && scale[0] > 0 && scale[0] <= scale[1] && scale[1] <= 100))
    throw new OptionError(`augment: scale must be [smallest, largest] with 0 < smallest <= largest <= 100, not [${scale.join(", ")}].`);
  if (!(blur >= 0 && blur <= 20)) throw new OptionError(`augment: blur must be a deviation in pixels from 0 to 20, not ${blur}.`);
  if (!(elastic >= 0 && elastic <= 1000)) throw new OptionError(`augment: elastic must be a deviation in pixels from 0 to 1000, not ${elastic}.`);
  if (!(Number.isInteger(shortSide) && shortSide >= 1)) throw new OptionError(`augment: shortSide must be a whole number of pixels of at least 1, not ${shortSide}.`);
  for (const key of amounts) {
    const amount = options[key];
    if (amount !== undefined && !(amount >= 0 && amount <= 1)) throw new OptionError(`augment: ${key} must be from 0 to 1, not ${amount}.`);
  }
}

/** Points along each side of the grid of an elastic deformation. */
export const ELASTIC_GRID = 3;

/** Keeps augmentation draws apart from shuffling and everything else that shares the seed. */
const PURPOSE = 0xa06;

/**
 * Draws the changes for the sample at `index` in `epoch`. The counters alone decide: the same (seed, epoch, index) gives the
 * same changes in every run, and each option draws from a place of its own, so switching one on does not move the others.
 */
export function drawAugmentation(options: AugmentOptions, seed: number, epoch: number, index: number): Augmentation {
  const random = new Random(PURPOSE, seed, epoch, index);
  const flips = [random.chance(0.5), random.chance(0.5)] as const;
  const turn = random.between(-1, 1);
  const zoom = random.next();
  const place = [random.next(), random.next()] as const;
  const [b, c, s, n] = [random.between(-1, 1), random.between(-1, 1), random.between(-1, 1), random.next()];
  const blurred = random.chance(0.5);
  const { elastic = 0 } = options;
  const [smallest, largest] = options.scale ?? [1, 1];
  return {
    flipX: options.flipHorizontal === true && flips[0],
    flipY: options.flipVertical === true && flips[1],
    angle: options.rotate === "quarter" ? 90 * Math.floor((turn + 1) * 2) : (options.rotate ?? 0) * turn,
    scale: smallest * (largest / smallest) ** zoom,
    place: options.crop === false ? unchanged.place : place,
    brightness: 1 + (options.brightness ?? 0) * b,
    contrast: 1 + (options.contrast ?? 0) * c,
    saturation: 1 + (options.saturation ?? 0) * s,
    noise: 255 * (options.noise ?? 0) * n,
    noiseSeed: hash32(PURPOSE + 1, seed, epoch, index),
    blur: blurred ? (options.blur ?? 0) : 0,
    elastic: elastic > 0 ? Array.from({ length: 2 * ELASTIC_GRID ** 2 }, () => elastic * random.normal()) : [],
    shortSide: options.shortSide,
  };
}
