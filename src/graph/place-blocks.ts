import { BINDING_ALIGNMENT, alignUp } from "../runtime/gpu.js";
import type { Block } from "./memory-plan.js";

/** Where an order of placing puts each block, and how high that makes each slab. */
export interface Placement {
  /** Slab and offset of each block, by its number. */
  readonly slabs: Int32Array;
  readonly offsets: Float64Array;
  readonly heights: readonly number[];
  readonly total: number;
  /** Blocks looked at: what the placing has cost. */
  readonly work: number;
}

/** Slabs that are opened without need. */
const MAX_SLABS = 6;

/** Places blocks one after the other, in whatever order is asked for. */
export class Placer {
  readonly #bytes: Float64Array;
  readonly #first: Int32Array;
  readonly #last: Int32Array;
  readonly #rivals: readonly (readonly number[])[];
  readonly #maxSlab: number;

  /** @param rivals for each block, those that must not share its slab */
  constructor(blocks: readonly Block[], rivals: readonly (readonly number[])[], maxSlab: number) {
    this.#bytes = Float64Array.from(blocks, ({ bytes }) => bytes);
    this.#first = Int32Array.from(blocks, ({ first }) => first);
    this.#last = Int32Array.from(blocks, ({ last }) => last);
    this.#rivals = rivals;
    this.#maxSlab = maxSlab;
  }

  /**
   * Each block goes to the slab that it makes least higher, as low there as it fits; to a new slab where none may have it, and
   * (those in `opens`) where an old one would grow by all of it.
   */
  place(order: Int32Array, opens: Uint8Array): Placement {
    const slabs = new Int32Array(order.length).fill(-1);
    const offsets = new Float64Array(order.length);
    const heights: number[] = [];
    /** The blocks of each slab, lowest first. */
    const stacks: number[][] = [];
    let work = 0;
    for (const block of order) {
      const bytes = this.#bytes[block]!;
      const rivals = this.#rivals[block]!;
      let [slab, offset, position, growth] = [-1, 0, 0, Infinity];
      for (let s = 0; s < stacks.length && growth > 0; s++) {
        if (rivals.some((rival) => slabs[rival] === s)) continue;
        const fit = this.#fit(block, stacks[s]!, offsets);
        work += fit.seen;
        const more = Math.max(0, fit.offset + bytes - heights[s]!);
        if (fit.offset + bytes <= this.#maxSlab && more < growth) [slab, offset, position, growth] = [s, fit.offset, fit.seen, more];
      }
      if (slab < 0 || (opens[block] && growth >= bytes && stacks.length < MAX_SLABS)) {
        [offset, position] = [0, 0];
        slab = stacks.push([]) - 1;
        heights.push(0);
      }
      const stack = stacks[slab]!;
      while (position > 0 && offsets[stack[position - 1]!]! > offset) position--;
      stack.splice(position, 0, block);
      heights[slab] = Math.max(heights[slab]!, offset + bytes);
      slabs[block] = slab;
      offsets[block] = offset;
    }
    return { slabs, offsets, heights, total: heights.reduce((sum, height) => sum + height, 0), work };
  }

  /** The lowest aligned offset at which `block` overlaps nothing that is alive with it, and how many of the stack lie below. */
  #fit(block: number, stack: readonly number[], offsets: Float64Array): { offset: number; seen: number } {
    const [bytes, first, last] = [this.#bytes[block]!, this.#first[block]!, this.#last[block]!];
    let [offset, seen] = [0, 0];
    for (; seen < stack.length; seen++) {
      const other = stack[seen]!;
      if (this.#first[other]! > last || first > this.#last[other]!) continue;
      const start = offsets[other]!;
      if (start >= offset + bytes) break;
      offset = Math.max(offset, alignUp(start + this.#bytes[other]!, BINDING_ALIGNMENT));
    }
    return { offset, seen };
  }
}
