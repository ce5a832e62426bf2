import { defineKernel } from "../runtime/kernel.js";
import { sizeOf, type Shape } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import { vec4Fits } from "./vec4.js";
import shader from "./wgsl/slice.js";

const forward = defineKernel(shader, "forward");
const forward4 = defineKernel(shader, "forward4");
const gradient = defineKernel(shader, "gradient");
const gradient4 = defineKernel(shader, "gradient4");

export interface SliceParams {
  readonly axis: number;
  readonly start: number;
  readonly length: number;
}

function rows(whole: Shape, { axis, start, length }: SliceParams) {
  const inner = sizeOf(whole.slice(axis + 1));
  return { rows: sizeOf(whole.slice(0, axis)), length: length * inner, stride: sizeOf(whole.slice(axis)), at: start * inner };
}

export function lowerSlice(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }, o: SliceParams): void {
  const params = rows(x.shape, o);
  const count = sizeOf(out.shape);
  low.run(vec4Fits(low, params.length, params.stride, params.at)
    ? forward4({ bindings: { x4: x, out4: out }, params, threads: count / 4 })
    : forward({ bindings: { x, out }, params, threads: count }));
}

export function lowerSliceGradient(low: Lowering, { grad }: { grad: Operand }, { out }: { out: Operand }, o: SliceParams): void {
  const params = rows(out.shape, o);
  const count = sizeOf(out.shape);
  low.run(vec4Fits(low, params.length, params.stride, params.at)
    ? gradient4({ bindings: { grad4: grad, out4: out }, params, threads: count / 4 })
    : gradient({ bindings: { grad, out }, params, threads: count }));
}
