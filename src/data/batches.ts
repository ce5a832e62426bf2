import { checkOptions, DataError, OptionError } from "../runtime/errors.js";
import { checkAugmentOptions, drawAugmentation, unchanged, type AugmentOptions } from "./augment.js";
import { checkSample, type Dataset, type Sample } from "./dataset.js";
import { permutation } from "./random.js";
import { warp, type Padding } from "./warp.js";

export interface BatchOptions {
  /** Samples per batch. */
  batchSize: number;
  /**
   * Height and width of every image of a batch: larger samples are cropped, smaller ones padded. Without it, samples keep
   * their size and those of one batch must agree.
   */
  size?: readonly [number, number] | undefined;
  /** Where `size` is not given, height and width are padded up to multiples of this. Default 1. */
  multiple?: number | undefined;
  /**
   * Instead of `multiple`: what images of this height or width are padded to, and how many rows or columns of that stand before the
   * image (`model.inputSize`).
   */
  inputSize?: ((length: number) => { readonly size: number; readonly before: number }) | undefined;
  /** Decides order and augmentation; a whole number. Default 0. */
  seed?: number | undefined;
  /** A new order in every epoch. Default true. */
  shuffle?: boolean | undefined;
  augment?: AugmentOptions | undefined;
  /** Under what lies outside an image. Masks are ignored (255) there. Default "reflect". */
  padding?: Padding | undefined;
  /** Run through this epoch only. Without it the stream never ends, and batches are always full: one may end an epoch and begin the next. */
  epoch?: number | undefined;
  /** With `epoch`: leave out a last batch that is not full. Default false. */
  dropLast?: boolean | undefined;
  /** Batches that came before: the stream continues as if it had delivered them. Default 0. */
  startStep?: number | undefined;
  /** Batches prepared ahead of use. Default 2. */
  prefetch?: number | undefined;
  /** Ends the stream with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** A batch in host memory. */
export interface HostBatch {
  /** Number of this batch in its stream, from 0. */
  readonly step: number;
  /** Samples in this batch. */
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** RGB, `[count, height, width, 3]`, 0 … 255. */
  readonly images: Uint8Array;
  /** Class indices, 255 = ignored: `[count, height, width]`. */
  readonly masks: Uint8Array;
  readonly names: readonly string[];
}

/** All that is needed to continue a stream where it stopped: `batches(dataset, { ...options, seed, startStep: step })`. */
export interface BatchState {
  readonly seed: number;
  readonly step: number;
}

/** Batches in order. Each `for await` continues where the last one stopped. */
export interface BatchStream extends AsyncIterable<HostBatch> {
  /** `step` counts the batches delivered, not those prepared ahead. */
  readonly state: BatchState;
  /** Batches until the end: of the epoch, or Infinity. */
  readonly remaining: number;
}

/** Keeps the draws of the order apart from those of augmentation, which share the seed. */
const PURPOSE = 0x0d3;

const keys = [
  "batchSize", "size", "multiple", "inputSize", "seed", "shuffle", "augment", "padding", "epoch", "dropLast", "startStep", "prefetch", "signal",
] as const;

const whole = (name: string, value: number, least: number): void => {
  if (!Number.isSafeInteger(value) || value < least) throw new OptionError(`batches: ${name} must be a whole number of at least ${least}, not ${value}.`);
};

function checkBatchOptions(options: BatchOptions): void {
  checkOptions("batches", options, keys);
  whole("batchSize", options.batchSize, 1);
  for (const side of options.size ?? []) whole("each side of size", side, 1);
  if (options.size && options.size.length !== 2) throw new OptionError("batches: size must be [height, width].");
  for (const [name, least] of [["multiple", 1], ["epoch", 0], ["startStep", 0], ["prefetch", 0], ["seed", Number.MIN_SAFE_INTEGER]] as const)
    if (options[name] !== undefined) whole(name, options[name], least);
  if (options.multiple !== undefined && options.inputSize) throw new OptionError("batches: give multiple or inputSize, not both.");
  const { padding } = options;
  const colour = Array.isArray(padding) && padding.length === 3 && padding.every((v: unknown) => typeof v === "number" && v >= 0 && v <= 255);
  if (padding !== undefined && padding !== "reflect" && padding !== "mean" && !colour)
    throw new OptionError(`batches: padding must be "reflect", "mean" or a colour [red, green, blue] of 0 … 255, not ${JSON.stringify(padding)}.`);
  if (options.augment) checkAugmentOptions(options.augment);
}

/**
 * Batches of a data set, shuffled, augmented and prepared ahead. What a batch holds depends only on the data set, the
 * options and its number, so that a run resumed from `state` sees what the uninterrupted one would have seen, bit for bit.
 * Errors of the data set arrive at the batch they belong to; a sample without a mask or with a mask value that is no
 * class is a DataError.
 */
export function batches(dataset: Dataset, options: BatchOptions): BatchStream {
  checkBatchOptions(options);
  if (dataset.length < 1) throw new DataError("batches: the data set is empty.");
  return new Stream(dataset, options);
}

/** An axis of a batch: its length, and what of that stands before the image. */
interface Span {
  readonly size: number;
  readonly before: number;
}

class Stream implements BatchStream {
  readonly #dataset: Dataset;
  readonly #options: BatchOptions;
  readonly #seed: number;
  /** Batches in the stream. */
  readonly #end: number;
  #step: number;
  #order: { epoch: number; indices: Uint32Array } | undefined;

  constructor(dataset: Dataset, options: BatchOptions) {
    this.#dataset = dataset;
    this.#options = options;
    this.#seed = options.seed ?? 0;
    this.#step = options.startStep ?? 0;
    const perEpoch = dataset.length / options.batchSize;
    this.#end = options.epoch === undefined ? Infinity : options.dropLast ? Math.floor(perEpoch) : Math.ceil(perEpoch);
    if (this.#end === 0)
      throw new DataError(`batches: with dropLast, ${dataset.length} samples make no full batch of ${options.batchSize}.`);
  }

  get state(): BatchState {
    return { seed: this.#seed, step: this.#step };
  }

  get remaining(): number {
    return Math.max(0, this.#end - this.#step);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<HostBatch, void, undefined> {
    const outer = this.#options.signal;
    const abort = new AbortController();
    const signal = outer ? AbortSignal.any([outer, abort.signal]) : abort.signal;
    const queue: Promise<HostBatch>[] = [];
    try {
      for (let ahead = this.#step; this.#step < this.#end; ) {
        for (; queue.length <= (this.#options.prefetch ?? 2) && ahead < this.#end; ahead++) {
          const batch = this.#make(ahead, signal);
          // A failure is reported when its turn comes; until then it must not count as unhandled.
          batch.catch(() => undefined);
          queue.push(batch);
        }
        const batch = await queue.shift()!;
        outer?.throwIfAborted();
        this.#step = batch.step + 1;
        yield batch;
      }
    } finally {
      abort.abort();
    }
  }

  /** Epoch and sample index of the stream's sample number `position`. */
  #locate(position: number): { epoch: number; index: number } {
    const n = this.#dataset.length;
    const epoch = this.#options.epoch ?? Math.floor(position / n);
    const place = position % n;
    if (this.#options.shuffle === false) return { epoch, index: place };
    if (this.#order?.epoch !== epoch) this.#order = { epoch, indices: permutation(n, PURPOSE, this.#seed, epoch) };
    return { epoch, index: this.#order.indices[place]! };
  }

  async #make(step: number, signal: AbortSignal): Promise<HostBatch> {
    signal.throwIfAborted();
    const { batchSize, epoch, augment, padding = "reflect" } = this.#options;
    const start = step * batchSize;
    const count = epoch === undefined ? batchSize : Math.min(batchSize, this.#dataset.length - start);
    const places = Array.from({ length: count }, (_, i) => this.#locate(start + i));
    const samples = await Promise.all(places.map(async ({ index }) => this.#sample(index, signal)));
    const [rows, columns] = this.#spans(samples);
    const [height, width] = [rows.size, columns.size];
    const images = new Uint8Array(count * height * width * 3);
    const masks = new Uint8Array(count * height * width);
    const pixels = height * width;
    // Without `size`, images stand where predictions for them do.
    const place = (span: Span, length: number): number => (span.size > length ? 1 - span.before / (span.size - length) : 1);
    const still = this.#options.size ? unchanged : { ...unchanged, place: [place(columns, samples[0]!.width), place(rows, samples[0]!.height)] as const };
    for (const [i, sample] of samples.entries()) {
      const { epoch: drawn, index } = places[i]!;
      warp(sample, augment ? drawAugmentation(augment, this.#seed, drawn, index) : still, padding, {
        width,
        height,
        image: images.subarray(i * pixels * 3, (i + 1) * pixels * 3),
        mask: masks.subarray(i * pixels, (i + 1) * pixels),
      });
    }
    return { step, count, height, width, images, masks, names: samples.map(({ name }) => name) };
  }

  async #sample(index: number, signal: AbortSignal): Promise<Sample> {
    const sample = await this.#dataset.get(index, signal);
    checkSample(sample, this.#dataset.classes.length);
    if (!sample.mask) throw new DataError(`${sample.name}: this sample has no mask, and training and evaluation need one.`);
    return sample;
  }

  /** Rows and columns of a batch made of these samples. */
  #spans(samples: readonly Sample[]): readonly [rows: Span, columns: Span] {
    const { size, multiple = 1 } = this.#options;
    const { inputSize = (length: number) => ({ size: Math.ceil(length / multiple) * multiple, before: 0 }) } = this.#options;
    if (size) return [{ size: size[0], before: 0 }, { size: size[1], before: 0 }];
    const first = samples[0]!;
    const other = samples.find((s) => s.width !== first.width || s.height !== first.height);
    if (other)
      throw new DataError(
        `batches: images of one batch must have one size, but ${first.name} is ${first.width}x${first.height} and ${other.name} is ` +
          `${other.width}x${other.height}. Give size: [height, width] to crop and pad, or batchSize: 1.`,
      );
    return [inputSize(first.height), inputSize(first.width)];
  }
}
