import { defineKernel } from "../runtime/kernel.js";
import type { Shape } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import { planeGroups } from "./plane.js";
import { vec4Fits } from "./vec4.js";
import shader from "./wgsl/max-unpool2d.js";

const forward = defineKernel(shader, "forward");
const forward4 = defineKernel(shader, "forward4");
const gradient = defineKernel(shader, "gradient");

export interface MaxUnpool2dParams {
  readonly kernelSize: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
}

function specialise(pooled: Shape, plane: Shape, { kernelSize, stride, padding, dilation }: MaxUnpool2dParams) {
  const [, ih = 0, iw = 0, c = 0] = pooled;
  const [, h = 0, w = 0] = plane;
  const constants = {
    C: c, SPAN_H: dilation[0] * (kernelSize[0] - 1) + 1, SPAN_W: dilation[1] * (kernelSize[1] - 1) + 1,
    SH: stride[0], SW: stride[1], PH: padding[0], PW: padding[1],
  };
  return { c, use: { params: { ih, iw, h, w }, constants } };
}

export function lowerMaxUnpool2d(low: Lowering, { x, indices }: Record<"x" | "indices", Operand>, { out }: { out: Operand }, o: MaxUnpool2dParams): void {
  const { c, use } = specialise(x.shape, out.shape, o);
  low.run(vec4Fits(low, c)
    ? forward4({ bindings: { x4: x, indices4: indices, out4: out }, ...use, workgroups: planeGroups("maxUnpool2d", out.shape, true) })
    : forward({ bindings: { x, indices, out }, ...use, workgroups: planeGroups("maxUnpool2d", out.shape, false) }));
}

export function lowerMaxUnpool2dGradient(low: Lowering, { grad, indices }: Record<"grad" | "indices", Operand>, { out }: { out: Operand }, o: MaxUnpool2dParams): void {
  const { use } = specialise(out.shape, grad.shape, o);
  low.run(gradient({ bindings: { grad, indices, out }, ...use, workgroups: planeGroups("maxUnpool2d", out.shape, false) }));
}
