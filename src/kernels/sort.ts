import { defineKernel } from "../runtime/kernel.js";
import { axisView } from "./axis-view.js";
import { lowerScan } from "./cumsum.js";
import type { Lowering, Operand } from "./lowering.js";
import shader from "./wgsl/sort.js";

const keysFloat = defineKernel(shader, "keys");
const keysInt = defineKernel(shader, "keys_int");
const rank = defineKernel(shader, "rank");
const tally = defineKernel(shader, "tally");
const deal = defineKernel(shader, "deal");
const tallyGroup = defineKernel(shader, "tally_group");
const dealGroup = defineKernel(shader, "deal_group");
const take = defineKernel(shader, "take");

export interface ArgsortParams {
  readonly axis: number;
  readonly descending: boolean;
  /** How many of each row's elements are wanted, from the front. */
  readonly count: number;
}

/** Keys [rows, n] and the element that each belongs to, number 0 … n − 1 of its row. */
export interface Sorted {
  readonly keys: Operand;
  readonly order: Operand;
}

const blank = { rows: 0, n: 0, inner: 1, kept: 0, block: 0, blocks: 0, shift: 0, bits: 0 };

/** Threads of a workgroup × elements of a thread in `tally_group` and `deal_group`. */
const GROUP_BLOCK = 1024;

type Way = "rank" | "serial" | "group";

function way({ adapter: { software, variant } }: Lowering, n: number): Way {
  if (n <= 1) return "rank";
  if (variant === "clear") return n <= 4096 ? "rank" : "serial";
  if (variant === "serial" || variant === "group") return variant;
  if (n <= (software ? 48 : 256)) return "rank";
  return software ? "serial" : "group";
}

/** Bits per digit and elements per block. Short blocks take short digits: a block's counts should not outnumber its elements. */
function plan(chosen: Way, n: number, bits: number): { digit: number; block: number } {
  if (chosen === "group") return { digit: 4, block: GROUP_BLOCK };
  const widest = n >= 256 ? 8 : 4;
  return { digit: Math.ceil(bits / Math.ceil(bits / widest)), block: 1024 };
}

/** Which bits of a key tell keys apart: those from `from` to below `to`. */
export interface KeyBits {
  readonly from: number;
  readonly to: number;
}

/** Sorts each row's keys; equal ones keep their order. The order is written to `into` where that is given. */
export function lowerOrder(low: Lowering, from: Sorted, bits: KeyBits, into?: Operand): Sorted {
  const [rows = 0, n = 0] = from.keys.shape;
  const fresh = (): Operand => low.temp([rows, n], "u32");
  if (rows * n === 0) return from;
  const chosen = way(low, n);
  if (chosen === "rank") {
    const to = { keys: fresh(), order: into ?? fresh() };
    low.run(rank({ bindings: { keys_in: from.keys, order_in: from.order, keys_out: to.keys, order_out: to.order }, params: { ...blank, rows, n }, threads: rows * n, flops: rows * n * n }));
    return to;
  }
  const { digit, block } = plan(chosen, n, bits.to - bits.from);
  const blocks = Math.ceil(n / block);
  const counts = low.temp([rows, blocks << digit], "u32");
  const begins = low.temp([rows, blocks << digit], "u32");
  const pairs: [Sorted, Sorted] = [{ keys: fresh(), order: fresh() }, { keys: fresh(), order: fresh() }];
  let source = from;
  for (let shift = bits.from; shift < bits.to; shift += digit) {
    const last = shift + digit >= bits.to;
    const place = source === pairs[0] ? pairs[1] : pairs[0];
    const to = last && into ? { keys: place.keys, order: into } : place;
    const params = { ...blank, rows, n, block, blocks, shift, bits: digit };
    const moved = { keys_in: source.keys, order_in: source.order, keys_out: to.keys, order_out: to.order };
    const use = chosen === "group" ? { params, threads: rows * blocks * 256, constants: { WG: 256 } } : { params, threads: rows * blocks };
    low.run(chosen === "group" ? tallyGroup({ bindings: { keys_in: source.keys, counts }, ...use }) : tally({ bindings: { keys_in: source.keys, counts }, ...use }));
    lowerScan(low, counts, begins, { outer: rows, extent: blocks << digit, inner: 1 }, true, false);
    low.run(chosen === "group" ? dealGroup({ bindings: { ...moved, begins }, ...use }) : deal({ bindings: { ...moved, counts: begins }, ...use }));
    source = to;
  }
  return source;
}

/** Where the first `count` elements of each row of x stand when the row is sorted. */
export function lowerArgsort(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }, { axis, descending, count }: ArgsortParams): void {
  const { outer, extent: n, inner } = axisView(x.shape, axis);
  const rows = outer * inner;
  if (rows * count === 0) return;
  const whole = x.dtype === "i32" || x.dtype === "u32";
  const from: Sorted = { keys: low.temp([rows, n], "u32"), order: low.temp([rows, n], "u32") };
  const use = { params: { ...blank, rows, n, inner }, constants: { DESCENDING: descending ? 1 : 0 }, threads: rows * n };
  low.run(whole
    ? keysInt({ bindings: { xu: x, keys_out: from.keys, order_out: from.order }, ...use, constants: { ...use.constants, SIGNED: x.dtype === "i32" ? 1 : 0 } })
    : keysFloat({ bindings: { x, keys_out: from.keys, order_out: from.order }, ...use }));
  const dense = inner === 1 && count === n;
  // The lowest 13 bits of the key of what was an f16 are its sign.
  const { order } = lowerOrder(low, from, { from: x.dtype === "f16" ? 13 : 0, to: 32 }, dense ? out : undefined);
  if (!dense) low.run(take({ bindings: { order_in: order, order_out: out }, params: { ...blank, rows, n, inner, kept: count }, threads: rows * count }));
}
