import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import { lowerArgmax } from "./argmax.js";
import type { Lowering, Operand } from "./lowering.js";
import { axisParams, type AxisPlacement } from "./resample-axis.js";
import { lowerResize } from "./resize.js";
import { bakedClasses } from "./softmax.js";
import shader from "./wgsl/upsampled-argmax.js";

const forward = defineKernel(shader, "forward");
const bytes = defineKernel(shader, "bytes");

export interface UpsampledArgmaxParams {
  /** Height and width of the class map. */
  readonly size: readonly [number, number];
  /** Rows and columns of it among those of x, bilinearly. */
  readonly placement: readonly [AxisPlacement, AxisPlacement];
  readonly keepDims: boolean;
  /** Write u8 instead of u32. */
  readonly bytes: boolean;
}

/** The class map u32 or u8 [n, height, width] of logits x [n, h, w, classes] at its size. */
export function lowerUpsampledArgmax(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }, { size: [oh, ow], placement }: UpsampledArgmaxParams): void {
  const [n = 0, h = 0, w = 0, classes = 1] = x.shape;
  const count = n * oh * ow;
  if (count === 0) return;
  if (low.adapter.variant === "clear") {
    const full = low.temp([n, oh, ow, classes]);
    lowerResize(low, { x }, { out: full }, { mode: "bilinear", placement });
    lowerArgmax(low, { x: full }, { out }, { axis: 3, keepDims: false, smallest: false, bytes: out.dtype === "u8" });
    return;
  }
  const [v, u] = [axisParams(h, oh, placement[0]), axisParams(w, ow, placement[1])];
  const use = {
    params: {
      h, w, oh, ow, count, classes,
      units_h: v.units, rest_h: v.rest, start_units_h: v.startUnits, start_rest_h: v.startRest,
      units_w: u.units, rest_w: u.rest, start_units_w: u.startUnits, start_rest_w: u.startRest,
    },
    constants: { C: bakedClasses(classes) },
    threads: Math.ceil(sizeOf([n, oh, ow]) / 4),
    flops: 7 * count * classes,
  };
  low.run(out.dtype === "u8" ? bytes({ bindings: { x, out }, ...use }) : forward({ bindings: { x, out }, ...use }));
}
