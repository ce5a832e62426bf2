import { defineKernel } from "../runtime/kernel.js";
import { sizeOf, type Shape } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import { planeGroups } from "./plane.js";
import { vec4Fits } from "./vec4.js";
import shader from "./wgsl/max-pool2d.js";

const forward = defineKernel(shader, "forward");
const forward4 = defineKernel(shader, "forward4");
const forwardIndices = defineKernel(shader, "forward_indices");
const forwardIndices4 = defineKernel(shader, "forward_indices4");
const onlyIndices = defineKernel(shader, "only_indices");
const onlyIndices4 = defineKernel(shader, "only_indices4");
const gradient = defineKernel(shader, "gradient");
const gradient4 = defineKernel(shader, "gradient4");
const forwardWindows4 = defineKernel(shader, "forward_windows4");
const gradientWindows4 = defineKernel(shader, "gradient_windows4");
const pickWindows4 = defineKernel(shader, "pick_windows4");

export interface MaxPool2dParams {
  readonly kernelSize: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
}

function specialise(x: Shape, out: Shape, { kernelSize, stride, padding, dilation }: MaxPool2dParams) {
  const [, h = 0, w = 0, c = 0] = x;
  const [, oh = 0, ow = 0] = out;
  const constants = {
    KH: kernelSize[0], KW: kernelSize[1], SH: stride[0], SW: stride[1], PH: padding[0], PW: padding[1], DH: dilation[0], DW: dilation[1],
  };
  return { c, use: { params: { h, w, oh, ow, c }, constants, flops: sizeOf(out) * kernelSize[0] * kernelSize[1] } };
}

/** Values alone. */
export function lowerMaxPool2d(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }, o: MaxPool2dParams): void {
  const { c, use } = specialise(x.shape, out.shape, o);
  low.run(vec4Fits(low, c)
    ? forward4({ bindings: { x4: x, out4: out }, ...use, workgroups: planeGroups("maxPool2d", out.shape, true) })
    : forward({ bindings: { x, out }, ...use, workgroups: planeGroups("maxPool2d", out.shape, false) }));
}

/** Values and where they stood. */
export function lowerMaxPool2dWithIndices(low: Lowering, { x }: { x: Operand }, { out, indices }: Record<"out" | "indices", Operand>, o: MaxPool2dParams): void {
  const { c, use } = specialise(x.shape, out.shape, o);
  low.run(vec4Fits(low, c)
    ? forwardIndices4({ bindings: { x4: x, out4: out, indices4: indices }, ...use, workgroups: planeGroups("maxPool2d", out.shape, true) })
    : forwardIndices({ bindings: { x, out, indices }, ...use, workgroups: planeGroups("maxPool2d", out.shape, false) }));
}

/** Where the values stood, alone. */
export function lowerMaxPool2dIndices(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }, o: MaxPool2dParams): void {
  const { c, use } = specialise(x.shape, out.shape, o);
  low.run(vec4Fits(low, c)
    ? onlyIndices4({ bindings: { x4: x, indices4: out }, ...use, workgroups: planeGroups("maxPool2d", out.shape, true) })
    : onlyIndices({ bindings: { x, indices: out }, ...use, workgroups: planeGroups("maxPool2d", out.shape, false) }));
}

export function lowerMaxPool2dGradient(low: Lowering, { grad, indices }: Record<"grad" | "indices", Operand>, { out }: { out: Operand }, o: MaxPool2dParams): void {
  const { c, use } = specialise(out.shape, grad.shape, o);
  low.run(vec4Fits(low, c)
    ? gradient4({ bindings: { grad4: grad, chosen4: indices, out4: out }, ...use, workgroups: planeGroups("maxPool2d", out.shape, true) })
    : gradient({ bindings: { grad, chosen: indices, out }, ...use, workgroups: planeGroups("maxPool2d", out.shape, false) }));
}

/** Values and, as bytes, which position of its window each had. Channels divide by 4. */
export function lowerMaxPool2dWindows(low: Lowering, { x }: { x: Operand }, { out, windows }: Record<"out" | "windows", Operand>, o: MaxPool2dParams): void {
  const { use } = specialise(x.shape, out.shape, o);
  low.run(forwardWindows4({ bindings: { x4: x, out4: out, windows }, ...use, workgroups: planeGroups("maxPool2d", out.shape, true) }));
}

export function lowerMaxPool2dWindowsGradient(low: Lowering, { grad, windows }: Record<"grad" | "windows", Operand>, { out }: { out: Operand }, o: MaxPool2dParams): void {
  const { use } = specialise(out.shape, grad.shape, o);
  low.run(gradientWindows4({ bindings: { grad4: grad, winners: windows, out4: out }, ...use, workgroups: planeGroups("maxPool2d", out.shape, true) }));
}

/** What stands in a plane where the winners of the windows stood. */
export function lowerMaxPool2dWindowsPick(low: Lowering, { plane, windows }: Record<"plane" | "windows", Operand>, { out }: { out: Operand }, o: MaxPool2dParams): void {
  const { use } = specialise(plane.shape, out.shape, o);
  low.run(pickWindows4({ bindings: { plane, winners: windows, out4: out }, ...use, workgroups: planeGroups("maxPool2d", out.shape, true) }));
}
