import { defineKernel } from "../runtime/kernel.js";
import { axisView } from "./axis-view.js";
import type { Lowering, Operand } from "./lowering.js";
import { lowerOrder } from "./sort.js";
import shader from "./wgsl/scatter-add.js";

const direct = defineKernel(shader, "direct");
const directInt = defineKernel(shader, "direct_int");
const indexKeys = defineKernel(shader, "index_keys");
const bounds = defineKernel(shader, "bounds");
const fold = defineKernel(shader, "fold");
const foldWide = defineKernel(shader, "fold_wide");
const segmentSum = defineKernel(shader, "segment_sum");
const segmentSumInt = defineKernel(shader, "segment_sum_int");

export interface ScatterSumParams {
  readonly axis: number;
  /** Size of the axis in the result. */
  readonly size: number;
  /** Whole rows: one list of indices for all, instead of an index per element. */
  readonly rows: boolean;
}

/** FAN in the shader. */
const FAN = 64;

/** So few indices that looking at all of them costs less than sorting. */
const FEW = 32;

/** Sums of the elements of `source` that share an index. */
export function lowerScatterSum(low: Lowering, { indices, source }: Record<"indices" | "source", Operand>, { out }: { out: Operand }, { axis, rows }: ScatterSumParams): void {
  const { outer, extent: m, inner } = axisView(source.shape, axis);
  const n = out.shape[axis]!;
  const threads = outer * n * inner;
  if (threads === 0) return;
  const [blocks, wide] = [Math.floor(m / FAN), Math.floor(m / FAN ** 2)];
  const params = { outer, n, m, inner, steps: Math.ceil(Math.log2(m + 1)), fan: FAN, blocks, wide };
  const constants = { ROWS: rows ? 1 : 0 };
  const whole = source.dtype === "i32" || source.dtype === "u32";
  const few = low.adapter.variant === "clear" ? 4096 : low.adapter.variant === "sorted" ? 0 : FEW;
  if (m <= few) {
    low.run(whole ? directInt({ bindings: { indices, sourceu: source, outu: out }, params, constants, threads }) : direct({ bindings: { indices, source, out }, params, constants, threads }));
    return;
  }
  const lists = rows ? 1 : outer * inner;
  // Of a single list the indices are dense.
  const listed = { ...params, outer: rows ? 1 : outer, inner: rows ? 1 : inner };
  const unsorted = { keys: low.temp([lists, m], "u32"), order: low.temp([lists, m], "u32") };
  low.run(indexKeys({ bindings: { indices, outu: unsorted.keys, order_out: unsorted.order }, params: listed, threads: lists * m }));
  const { keys, order } = lowerOrder(low, unsorted, { from: 0, to: Math.ceil(Math.log2(n + 1)) });
  const begins = low.temp([lists, n + 1], "u32");
  low.run(bounds({ bindings: { keys, outu: begins }, params: listed, threads: lists * (n + 1) }));
  if (whole) {
    low.run(segmentSumInt({ bindings: { begins, order, sourceu: source, outu: out }, params, constants, threads }));
    return;
  }
  const sums = low.temp([outer, Math.max(1, blocks), inner]);
  const wideSums = low.temp([outer, Math.max(1, wide), inner]);
  if (blocks > 0) low.run(fold({ bindings: { keys, order, source, out: sums }, params, constants, threads: outer * blocks * inner }));
  if (wide > 0) low.run(foldWide({ bindings: { keys, sums, out: wideSums }, params, constants, threads: outer * wide * inner }));
  low.run(segmentSum({ bindings: { begins, order, source, sums, sums_wide: wideSums, out }, params, constants, threads }));
}
