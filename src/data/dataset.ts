import type { ClassInfo } from "../models/class-info.js";
import { DataError } from "../runtime/errors.js";

export type { ClassInfo, Colour } from "../models/class-info.js";

/** Mask value of a pixel that counts in no loss and no metric. */
export const IGNORED = 255;

/** One image, with its mask where there is one. */
export interface Sample {
  /** RGB, rows first: `[height, width, 3]`, 0 … 255. */
  readonly image: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  /** Class index per pixel: `[height, width]`; 255 = ignored. */
  readonly mask?: Uint8Array | undefined;
  /** Says which sample this is, in messages and reports. */
  readonly name: string;
}

/**
 * Images with masks, by index. Implement it for your own data: `get` may be asynchronous, is called ahead of use and
 * with several calls under way at once, and must return the same sample for the same index.
 */
export interface Dataset {
  readonly length: number;
  readonly classes: readonly ClassInfo[];
  /** The sample at `index` in 0 … length - 1. `signal` is aborted when nobody waits for it any more. */
  get(index: number, signal?: AbortSignal): Promise<Sample> | Sample;
}

/**
 * Throws unless the sample's arrays have the length that width and height promise, and its mask (where it has one)
 * holds only class indices below `classes` and 255.
 */
export function checkSample(sample: Sample, classes: number): void {
  const { image, mask, width, height, name } = sample;
  const pixels = width * height;
  if (!Number.isInteger(width) || !Number.isInteger(height) || pixels < 1)
    throw new DataError(`${name}: width and height must be whole numbers of at least 1, not ${width} and ${height}.`);
  if (image.length !== pixels * 3)
    throw new DataError(`${name}: an RGB image of ${width}x${height} has ${pixels * 3} values, but this one has ${image.length}.`);
  if (!mask) return;
  if (mask.length !== pixels)
    throw new DataError(`${name}: the mask of a ${width}x${height} image has ${pixels} values, but this one has ${mask.length}.`);
  for (let i = 0; i < pixels; i++) {
    const value = mask[i]!;
    if (value >= classes && value !== IGNORED) throw new DataError(outsideClasses(name, value, i, width, classes));
  }
}

/** The sentence about a mask value that is no class. */
export function outsideClasses(name: string, value: number, position: number, width: number, classes: number): string {
  const where = `x = ${position % width}, y = ${Math.floor(position / width)}`;
  return `${name}: the mask holds the value ${value} (at ${where}), which is none of the ${classes} classes and not marked as ignored.`;
}

/** What a data set holds, `Dataset` made from an array of samples. */
export function datasetOf(samples: readonly Sample[], classes: readonly ClassInfo[]): Dataset {
  for (const sample of samples) checkSample(sample, classes.length);
  return {
    length: samples.length,
    classes,
    get(index) {
      const sample = samples[index];
      if (!sample) throw new DataError(`There is no sample ${index}: the data set has ${samples.length}.`);
      return sample;
    },
  };
}
