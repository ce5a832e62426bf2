import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileErrorReason } from "../io/files.js";
import { checkOptions, DataError, OptionError } from "../runtime/errors.js";
import { SampleCache } from "./cache.js";
import { inferClasses, readClasses, type ClassTable } from "./classes.js";
import type { ClassInfo, Dataset, Sample } from "./dataset.js";
import { DecodePool } from "./decode-pool.js";
import { readMask } from "./decode-sample.js";
import { findSamples, splits, type SampleFiles, type Split } from "./folder-layout.js";

export interface FolderOptions {
  /** Which part of the data. Default "train". */
  split?: Split | undefined;
  /** Decides how unsplit data is divided. Default 0. */
  seed?: number | undefined;
  /** Bytes of decoded pixels to keep in memory. Default 1 GiB. */
  cacheBytes?: number | undefined;
  /** Threads that decode; 0 decodes in the calling thread. Default 1 or 2, as the machine has cores. */
  workers?: number | undefined;
  /** @internal Script of the decoding thread. */
  workerUrl?: URL | undefined;
}

/** A folder of images and masks as a data set. Files are decoded when they are asked for, off the calling thread. */
export class FolderDataset implements Dataset {
  readonly classes: readonly ClassInfo[];
  /** Sentences to print: what was assumed where the folder did not say. */
  readonly assumed: readonly string[];
  /** The files of each sample, in the order of the samples. */
  readonly files: readonly SampleFiles[];
  readonly #table: ClassTable;
  readonly #cache: SampleCache;
  readonly #pool: DecodePool;

  /** @internal Use `openFolder` or `openDataset`. */
  constructor(files: readonly SampleFiles[], table: ClassTable, assumed: readonly string[], pool: DecodePool, cacheBytes: number) {
    this.files = files;
    this.classes = table.classes;
    this.assumed = assumed;
    this.#table = table;
    this.#pool = pool;
    this.#cache = new SampleCache(cacheBytes);
  }

  get length(): number {
    return this.files.length;
  }

  async get(index: number, signal?: AbortSignal): Promise<Sample> {
    signal?.throwIfAborted();
    const kept = this.#cache.get(index);
    if (kept) return kept;
    const files = this.files[index];
    if (!files) throw new DataError(`There is no sample ${index}: the data set has ${this.length}.`);
    const { image, mask } = files;
    const { values, colors, divisor } = this.#table;
    const sample = await this.#pool.run({ name: basename(image), image, mask, values, colors, divisor, classes: this.classes.length });
    signal?.throwIfAborted();
    this.#cache.set(index, sample);
    return sample;
  }

  /** Ends the decoding threads and forgets decoded samples. A data set that is not closed does not keep the process alive. */
  async close(): Promise<void> {
    this.#cache.clear();
    await this.#pool.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** `classes.json` of a folder, or undefined where there is none. */
async function readTable(path: string): Promise<ClassTable | undefined> {
  const file = join(path, "classes.json");
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new DataError(`${file}: this file cannot be read (${fileErrorReason(error)}).`);
  }
  return readClasses(text, file);
}

/** Looks through masks for the values they hold, and infers classes from them. */
async function scanMasks(samples: readonly SampleFiles[]): Promise<ClassTable> {
  const found = new Map<number, string>();
  const seen = new Uint8Array(65536);
  for (const { mask } of samples) {
    const { data } = await readMask(mask);
    for (let i = 0; i < data.length; i++) {
      const value = data[i]!;
      if (seen[value]) continue;
      seen[value] = 1;
      found.set(value, mask);
    }
  }
  return inferClasses(found);
}

/**
 * Opens a folder of images and masks:
 *
 *     data/train/images/a.jpg   data/train/masks/a.png      (likewise val and test; "labels" may stand for "masks")
 *     data/classes.json                                     (optional; see readClasses)
 *
 * Image and mask belong together when they have the same name; extensions may differ. A folder that holds `images` and
 * `masks` directly is divided by a seeded rule (see splitBySeed). Without `classes.json`, the masks of the training part
 * are looked through and the rule of `inferClasses` applies; `assumed` says what was decided.
 *
 * Throws a DataError for a missing or empty folder, an image without a mask, and mask values that make no classes;
 * `get` throws a DataError for sizes that differ and for labels outside the classes, an ImageError for a damaged file.
 */
export async function openFolder(path: string, options: FolderOptions = {}): Promise<FolderDataset> {
  checkOptions("openFolder", options, ["split", "seed", "cacheBytes", "workers", "workerUrl"]);
  const { split = "train", seed = 0, cacheBytes = 2 ** 30, workers, workerUrl } = options;
  if (!splits.includes(split)) throw new OptionError(`openFolder: split must be one of ${splits.join(", ")}, not ${JSON.stringify(split)}.`);
  if (!Number.isSafeInteger(seed)) throw new OptionError(`openFolder: seed must be a whole number, not ${seed}.`);
  for (const [name, value] of Object.entries({ cacheBytes, workers })) if (value !== undefined && !(value >= 0)) throw new OptionError(`openFolder: ${name} must be a number of at least 0, not ${value}.`);
  const { samples, reference, assumed } = await findSamples(path, split, seed);
  const table = (await readTable(path)) ?? (await scanMasks(await reference()));
  const sentences = [assumed, table.assumed].filter((s): s is string => s !== undefined);
  return new FolderDataset(samples, table, sentences, new DecodePool(workers, workerUrl), cacheBytes);
}
