import type { Sample } from "./dataset.js";

/**
 * Keeps decoded samples until a budget of bytes is full. Nothing is evicted: a data set is read in a new order every
 * epoch, so that what was used last is no likelier to be used next, and whatever stays is a hit once per epoch.
 */
export class SampleCache {
  readonly #kept = new Map<number, Sample>();
  #bytes = 0;

  constructor(readonly budget: number) {}

  /** Bytes of pixels that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  get(index: number): Sample | undefined {
    return this.#kept.get(index);
  }

  set(index: number, sample: Sample): void {
    const size = sample.image.byteLength + (sample.mask?.byteLength ?? 0);
    if (this.#kept.has(index) || this.#bytes + size > this.budget) return;
    this.#kept.set(index, sample);
    this.#bytes += size;
  }

  clear(): void {
    this.#kept.clear();
    this.#bytes = 0;
  }
}
