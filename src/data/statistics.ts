import { DataError } from "../runtime/errors.js";
import { checkSample, IGNORED, type Colour, type Dataset } from "./dataset.js";

export interface DatasetStatistics {
  readonly samples: number;
  /** Mean of red, green and blue over all pixels, where 255 counts as 1. */
  readonly mean: Colour;
  /** Standard deviation of red, green and blue over all pixels, where 255 counts as 1. */
  readonly std: Colour;
  /** Pixels per class. */
  readonly classPixels: readonly number[];
  /** Per class, the pixels (ignored ones left out) of the images in which the class occurs. */
  readonly presentPixels: readonly number[];
  /** Pixels that no mask calls a class. */
  readonly ignoredPixels: number;
}

export interface StatisticsOptions {
  signal?: AbortSignal | undefined;
  /** Called after each sample. */
  progress?: ((done: number, total: number) => void) | undefined;
}

/** Reads every sample once and counts. Sums are whole numbers, hence exact and independent of the order. */
export async function datasetStatistics(dataset: Dataset, { signal, progress }: StatisticsOptions = {}): Promise<DatasetStatistics> {
  if (dataset.length < 1) throw new DataError("datasetStatistics: the data set is empty.");
  const classes = dataset.classes.length;
  const [sum, squares] = [[0, 0, 0], [0, 0, 0]];
  const classPixels = Array.from({ length: classes }, () => 0);
  const presentPixels = Array.from({ length: classes }, () => 0);
  let [pixels, ignoredPixels] = [0, 0];
  for (let index = 0; index < dataset.length; index++) {
    signal?.throwIfAborted();
    const sample = await dataset.get(index, signal);
    checkSample(sample, classes);
    for (let c = 0; c < 3; c++) {
      let [s, q] = [0, 0];
      for (let i = c; i < sample.image.length; i += 3) {
        const value = sample.image[i]!;
        s += value;
        q += value * value;
      }
      sum[c]! += s;
      squares[c]! += q;
    }
    pixels += sample.width * sample.height;
    if (sample.mask) ignoredPixels += count(sample.mask, classPixels, presentPixels);
    progress?.(index + 1, dataset.length);
  }
  const mean = sum.map((s) => s / pixels);
  const std = squares.map((q, c) => Math.sqrt(Math.max(0, q / pixels - mean[c]! ** 2)));
  const unit = (values: number[]): Colour => [values[0]! / 255, values[1]! / 255, values[2]! / 255];
  return { samples: dataset.length, mean: unit(mean), std: unit(std), classPixels, presentPixels, ignoredPixels };
}

/** Adds one mask to the totals and returns its ignored pixels. */
function count(mask: Uint8Array, classPixels: number[], presentPixels: number[]): number {
  const histogram = new Uint32Array(256);
  for (let i = 0; i < mask.length; i++) histogram[mask[i]!]!++;
  const ignored = histogram[IGNORED]!;
  for (let c = 0; c < classPixels.length; c++) {
    classPixels[c]! += histogram[c]!;
    if (histogram[c]! > 0) presentPixels[c]! += mask.length - ignored;
  }
  return ignored;
}

/**
 * Class weights by median frequency (Eigen and Fergus 2015, as SegNet uses them): the frequency of a class is its pixels
 * over the pixels of the images it occurs in; its weight is the median frequency over its own. Classes that never occur
 * get 0 and stay out of the median.
 */
export function medianFrequencyWeights({ classPixels, presentPixels }: Pick<DatasetStatistics, "classPixels" | "presentPixels">): number[] {
  const frequencies = classPixels.map((n, c) => (n > 0 ? n / presentPixels[c]! : 0));
  const sorted = frequencies.filter((f) => f > 0).sort((a, b) => a - b);
  if (sorted.length === 0) throw new DataError("medianFrequencyWeights: no pixel belongs to a class.");
  const half = sorted.length / 2;
  const median = sorted.length % 2 ? sorted[Math.floor(half)]! : (sorted[half - 1]! + sorted[half]!) / 2;
  return frequencies.map((f) => (f > 0 ? median / f : 0));
}
