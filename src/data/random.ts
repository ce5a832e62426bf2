/** Weyl increment: the golden ratio as a 32-bit fraction. */
const GOLDEN = 0x9e3779b9;

/** Scrambles 32 bits so that every input bit reaches every output bit (the `lowbias32` finalizer by C. Wellons). */
export function mix32(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * One 32-bit number that stands for a list of counters, such as (seed, epoch, index).
 * Every counter is a whole number; both of its 32-bit halves count, so any safe integer is a seed of its own.
 */
export function hash32(...counters: readonly number[]): number {
  let key = GOLDEN;
  for (const counter of counters) {
    key = mix32(key ^ mix32((counter | 0) + GOLDEN));
    const high = Math.floor(counter / 0x100000000);
    if (high !== 0 && high !== -1) key = mix32(key ^ high);
  }
  return key;
}

/** A 32-bit hash of text (FNV-1a over its UTF-16 units, then mixed). */
export function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mix32(h);
}

/**
 * A stream of random numbers that belongs to a list of counters: the same counters always give the same stream, whatever
 * was drawn elsewhere before. That is what lets a resumed run draw what the interrupted one would have drawn.
 */
export class Random {
  readonly #key: number;
  #drawn = 0;

  constructor(...counters: readonly number[]) {
    this.#key = hash32(...counters);
  }

  /** A whole number in 0 … 2³² - 1. */
  bits(): number {
    return mix32(this.#key + Math.imul(++this.#drawn, GOLDEN));
  }

  /** A number in [0, 1). */
  next(): number {
    return this.bits() / 0x100000000;
  }

  /** A number in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** A whole number in 0 … n - 1. */
  int(n: number): number {
    return Math.floor(this.next() * n);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A number from the standard normal distribution (Box and Muller's formula). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return radius * Math.cos(2 * Math.PI * this.next());
  }
}

/** The whole numbers 0 … n - 1 in an order that belongs to the counters (Fisher and Yates's shuffle). */
export function permutation(n: number, ...counters: readonly number[]): Uint32Array {
  const random = new Random(...counters);
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = random.int(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
