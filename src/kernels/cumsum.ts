import { defineKernel } from "../runtime/kernel.js";
import { axisView, type AxisView } from "./axis-view.js";
import type { Lowering, Operand } from "./lowering.js";
import shader from "./wgsl/cumsum.js";

const totals = defineKernel(shader, "totals");
const totalsInt = defineKernel(shader, "totals_int");
const scan = defineKernel(shader, "scan");
const scanInt = defineKernel(shader, "scan_int");
const scanFrom = defineKernel(shader, "scan_from");
const scanFromInt = defineKernel(shader, "scan_from_int");

export interface CumsumParams {
  readonly axis: number;
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

/** Elements that one thread walks; up to four times as many when that is all. */
const CHUNK = 64;

/** Running sums of `x` along the extent of `view`; `out` may be narrower than f32 but sums are kept in f32. */
export function lowerScan(low: Lowering, x: Operand, out: Operand, view: AxisView, exclusive: boolean, reverse: boolean): void {
  const { outer, extent, inner } = view;
  const chunks = extent <= 4 * CHUNK ? 1 : Math.ceil(extent / CHUNK);
  const threads = outer * chunks * inner;
  if (threads * extent === 0) return;
  const use = { params: { outer, extent, inner, chunk: chunks === 1 ? extent : CHUNK, chunks, exclusive: exclusive ? 1 : 0, reverse: reverse ? 1 : 0 }, threads, flops: outer * extent * inner };
  const whole = x.dtype === "i32" || x.dtype === "u32";
  if (chunks === 1) {
    low.run(whole ? scanInt({ bindings: { xu: x, outu: out }, ...use }) : scan({ bindings: { x, out }, ...use }));
    return;
  }
  const shape = [outer, chunks, inner];
  const [sums, starts] = [low.temp(shape, whole ? "u32" : "f32"), low.temp(shape, whole ? "u32" : "f32")];
  low.run(whole ? totalsInt({ bindings: { xu: x, outu: sums }, ...use }) : totals({ bindings: { x, out: sums }, ...use }));
  lowerScan(low, sums, starts, { outer, extent: chunks, inner }, true, reverse);
  low.run(whole ? scanFromInt({ bindings: { xu: x, outu: out, startsu: starts }, ...use }) : scanFrom({ bindings: { x, out, starts }, ...use }));
}

export function lowerCumsum(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }, { axis, exclusive, reverse }: CumsumParams): void {
  lowerScan(low, x, out, axisView(x.shape, axis), exclusive, reverse);
}
