import { defineKernel } from "../runtime/kernel.js";
import { axisView } from "./axis-view.js";
import type { Lowering, Operand } from "./lowering.js";
import shader from "./wgsl/argmax.js";

const forward = defineKernel(shader, "forward");
const forwardInt = defineKernel(shader, "forward_int");
const forwardBytes = defineKernel(shader, "forward_bytes");
const forwardIntBytes = defineKernel(shader, "forward_int_bytes");
const among = defineKernel(shader, "among");
const amongInt = defineKernel(shader, "among_int");

export interface ArgmaxParams {
  readonly axis: number;
  readonly keepDims: boolean;
  readonly smallest: boolean;
  /** Write u8 instead of u32: for at most 256 elements along the last axis. */
  readonly bytes: boolean;
}

/** Elements that one thread walks; up to sixteen times as many when that is all. */
const CHUNK = 64;

export function lowerArgmax(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }, { axis, smallest, bytes }: ArgmaxParams): void {
  const { outer, extent, inner } = axisView(x.shape, axis);
  if (outer * inner === 0) return;
  const chunk = extent <= 16 * CHUNK ? extent : Math.max(CHUNK, Math.ceil(Math.sqrt(extent)));
  const chunks = Math.ceil(extent / chunk);
  const params = { outer, extent, inner, chunk, chunks };
  const whole = x.dtype === "i32" || x.dtype === "u32";
  const short = extent <= 4 ? extent : 0;
  const constants = { SMALLEST: smallest ? 1 : 0, ...(whole ? { SIGNED: x.dtype === "i32" ? 1 : 0 } : {}) };
  if (bytes) {
    const use = { params, constants: { ...constants, SHORT: short }, threads: Math.ceil(outer / 4), flops: outer * extent };
    low.run(whole ? forwardIntBytes({ bindings: { xu: x, out }, ...use }) : forwardBytes({ bindings: { x, out }, ...use }));
    return;
  }
  const found = chunks === 1 ? out : low.temp([outer, chunks, inner], "u32");
  const use = { params, constants: { ...constants, SHORT: short }, threads: outer * chunks * inner, flops: outer * extent * inner };
  low.run(whole ? forwardInt({ bindings: { xu: x, out: found }, ...use }) : forward({ bindings: { x, out: found }, ...use }));
  if (chunks > 1) low.run(whole ? amongInt({ bindings: { xu: x, found, out }, params, constants, threads: outer * inner }) : among({ bindings: { x, found, out }, params, constants, threads: outer * inner }));
}
