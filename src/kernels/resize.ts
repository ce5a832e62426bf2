import { defineKernel } from "../runtime/kernel.js";
import { sizeOf, type Shape } from "../runtime/shape.js";
import { channelSlice, type Lowering, type Operand } from "./lowering.js";
import { planeGroups } from "./plane.js";
import { axisParams, copiedAxisParams, type AxisPlacement } from "./resample-axis.js";
import { vec4Fits } from "./vec4.js";
import shader from "./wgsl/resize.js";

const bilinear = defineKernel(shader, "bilinear");
const bilinear4 = defineKernel(shader, "bilinear4");
const bilinearPixel = defineKernel(shader, "bilinear_pixel");
const nearest = defineKernel(shader, "nearest");
const nearest4 = defineKernel(shader, "nearest4");
const bilinearGradient = defineKernel(shader, "bilinear_gradient");
const bilinear4Gradient = defineKernel(shader, "bilinear4_gradient");
const nearestGradient = defineKernel(shader, "nearest_gradient");
const nearest4Gradient = defineKernel(shader, "nearest4_gradient");

export interface ResizeParams {
  readonly mode: "bilinear" | "nearest";
  /** Rows and columns. */
  readonly placement: readonly [AxisPlacement, AxisPlacement];
}

function params(x: Shape, out: Shape, { mode, placement: [vertical, horizontal] }: ResizeParams) {
  const [, h = 0, w = 0] = x;
  const [, oh = 0, ow = 0] = out;
  const axis = mode === "nearest" ? copiedAxisParams : axisParams;
  const [v, u] = [axis(h, oh, vertical), axis(w, ow, horizontal)];
  return {
    h, w, oh, ow,
    units_h: v.units, rest_h: v.rest, start_units_h: v.startUnits, start_rest_h: v.startRest, inverse_h: v.inverse,
    units_w: u.units, rest_w: u.rest, start_units_w: u.startUnits, start_rest_w: u.startRest, inverse_w: u.inverse,
  };
}

/** Whether one thread takes all channels of a pixel: saves positions where those cost most, loses neighbouring addresses where those count. */
const perPixel = ({ adapter: { software, variant } }: Lowering): boolean => variant === "direct" || (software && variant !== "clear");

export function lowerResize(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }, o: ResizeParams): void {
  const C = x.shape.at(-1) ?? 1;
  const { stride, offset } = channelSlice(out);
  const count = sizeOf(out.shape);
  const use = { params: params(x.shape, out.shape, o), constants: { C, STRIDE: stride, OFFSET: offset } };
  if (o.mode === "bilinear") {
    const flops = 6 * count;
    if (vec4Fits(low, C, stride, offset)) low.run(bilinear4({ bindings: { x4: x, out4: out }, ...use, workgroups: planeGroups("resize", out.shape, true), flops }));
    else if (perPixel(low)) low.run(bilinearPixel({ bindings: { x, out }, ...use, workgroups: planeGroups("resize", out.shape.with(3, 1), false), flops }));
    else low.run(bilinear({ bindings: { x, out }, ...use, workgroups: planeGroups("resize", out.shape, false), flops }));
  } else {
    low.run(vec4Fits(low, C, stride, offset)
      ? nearest4({ bindings: { words4: x, out_words4: out }, ...use, workgroups: planeGroups("resize", out.shape, true) })
      : nearest({ bindings: { words: x, out_words: out }, ...use, workgroups: planeGroups("resize", out.shape, false) }));
  }
}

export function lowerResizeGradient(low: Lowering, { grad }: { grad: Operand }, { out }: { out: Operand }, o: ResizeParams): void {
  const C = out.shape.at(-1) ?? 1;
  const wide = vec4Fits(low, C);
  const use = { params: params(out.shape, grad.shape, o), constants: { C }, workgroups: planeGroups("resize", out.shape, wide) };
  if (o.mode === "bilinear") {
    const flops = 8 * sizeOf(grad.shape);
    low.run(wide
      ? bilinear4Gradient({ bindings: { grad4: grad, out4: out }, ...use, flops })
      : bilinearGradient({ bindings: { grad, out }, ...use, flops }));
  } else {
    const flops = sizeOf(grad.shape);
    low.run(wide
      ? nearest4Gradient({ bindings: { grad4: grad, out4: out }, ...use, flops })
      : nearestGradient({ bindings: { grad, out }, ...use, flops }));
  }
}
