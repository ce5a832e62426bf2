import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import { axisView } from "./axis-view.js";
import type { Lowering, Operand } from "./lowering.js";
import { vec4Fits } from "./vec4.js";
import shader from "./wgsl/gather.js";

const forward = defineKernel(shader, "forward");
const forward4 = defineKernel(shader, "forward4");
const forwardInt = defineKernel(shader, "forward_int");
const zero = defineKernel(shader, "zero");
const back = defineKernel(shader, "back");

export interface GatherParams {
  readonly axis: number;
  /** Whole rows: one list of indices for all, instead of an index per element. */
  readonly rows: boolean;
  /** What an index beyond the axis gives: 0 instead of NaN. */
  readonly zeros: boolean;
}

export function lowerGather(low: Lowering, { x, indices }: Record<"x" | "indices", Operand>, { out }: { out: Operand }, { axis, rows, zeros }: GatherParams): void {
  const { outer, extent: n, inner } = axisView(x.shape, axis);
  const m = out.shape[axis]!;
  const threads = outer * m * inner;
  if (threads === 0) return;
  const use = { params: { outer, n, m, inner }, constants: { ROWS: rows ? 1 : 0, NANS: zeros ? 0 : 1 }, threads };
  if (x.dtype === "i32" || x.dtype === "u32") low.run(forwardInt({ bindings: { xu: x, indices, outu: out }, ...use, constants: { ROWS: use.constants.ROWS } }));
  else if (rows && vec4Fits(low, inner)) low.run(forward4({ bindings: { x4: x, indices, out4: out }, ...use, threads: threads / 4 }));
  else low.run(forward({ bindings: { x, indices, out }, ...use }));
}

/** Elements back to where unique indices say they come from, between zeros. */
export function lowerScatterUnique(low: Lowering, { grad, indices }: Record<"grad" | "indices", Operand>, { out }: { out: Operand }, { axis }: { readonly axis: number }): void {
  const { outer, extent: n, inner } = axisView(out.shape, axis);
  const m = grad.shape[axis]!;
  const params = { outer, n, m, inner };
  const size = sizeOf(out.shape);
  if (size === 0) return;
  if (m < n) low.run(zero({ bindings: { out }, params, threads: size }));
  low.run(back({ bindings: { grad, indices, out }, params, threads: outer * m * inner }));
}
