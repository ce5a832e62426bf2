import { defineKernel } from "../runtime/kernel.js";
import { sizeOf, type Shape } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import { axisParams, type AxisPlacement } from "./resample-axis.js";
import { vec4Fits } from "./vec4.js";
import shader from "./wgsl/resize-filter.js";

const cubicTaps = defineKernel(shader, "cubic_taps");
const filterTaps = defineKernel(shader, "filter_taps");
const readers = defineKernel(shader, "readers");
const forward = defineKernel(shader, "forward");
const forward4 = defineKernel(shader, "forward4");
const gradient = defineKernel(shader, "gradient");
const gradient4 = defineKernel(shader, "gradient4");

export interface ResizeFilterParams {
  /** "bicubic" interpolates; "triangle" and "cubic" smooth as they shrink. */
  readonly filter: "bicubic" | "triangle" | "cubic";
  /** Rows and columns. */
  readonly placement: readonly [AxisPlacement, AxisPlacement];
}

/** How many inputs an output reads at most, and how far the filter reaches. */
function reach({ filter, placement }: ResizeFilterParams, axis: 0 | 1): { taps: number; support: number; stretch: number } {
  if (filter === "bicubic") return { taps: 4, support: 2, stretch: 1 };
  const stretch = Math.max(1, placement[axis].step);
  const support = (filter === "cubic" ? 2 : 1) * stretch;
  return { taps: 2 * Math.ceil(support) + 1, support, stretch };
}

interface Pass {
  params: ReturnType<typeof passParams>;
  first: Operand;
  weights: Operand;
}

function passParams(image: Shape, n: number, o: number, axis: 0 | 1, options: ResizeFilterParams) {
  const [batch = 0, h = 0, w = 0, c = 0] = image;
  const [outer, inner] = axis === 0 ? [batch, w * c] : [batch * h, c];
  const { units, rest, startUnits, startRest } = axisParams(n, o, options.placement[axis]);
  return { outer, inner, n, o, steps: Math.ceil(Math.log2(o + 1)), units, rest, start_units: startUnits, start_rest: startRest, ...reach(options, axis) };
}

/** The weights of resizing axis 0 (rows) or 1 (columns) of an image from n to o; the other sizes are those of `image`. */
function weigh(low: Lowering, image: Shape, n: number, o: number, axis: 0 | 1, options: ResizeFilterParams): Pass {
  const params = passParams(image, n, o, axis, options);
  const [first, weights] = [low.temp([o], "u32"), low.temp([o, params.taps])];
  const use = { bindings: { first_out: first, weights_out: weights }, params, threads: o };
  low.run(options.filter === "bicubic" ? cubicTaps(use) : filterTaps({ ...use, constants: { CUBIC: options.filter === "cubic" ? 1 : 0 } }));
  return { params, first, weights };
}

/** The axis to resize first: the order whose intermediate result is the smaller one. */
const order = (from: Shape, to: Shape): readonly [0 | 1, 0 | 1] => (to[1]! * from[2]! <= from[1]! * to[2]! ? [0, 1] : [1, 0]);

const sized = (shape: Shape, axis: 0 | 1, size: number): Shape => shape.with(axis + 1, size);

export function lowerResizeFilter(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }, options: ResizeFilterParams): void {
  if (sizeOf(out.shape) === 0) return;
  let from = x;
  for (const [i, axis] of order(x.shape, out.shape).entries()) {
    const [n, o] = [x.shape[axis + 1]!, out.shape[axis + 1]!];
    const shape = sized(from.shape, axis, o);
    const to = i === 1 ? out : low.temp(shape);
    const { params, first, weights } = weigh(low, from.shape, n, o, axis, options);
    const [threads, flops] = [sizeOf(shape), 2 * params.taps * sizeOf(shape)];
    low.run(vec4Fits(low, params.inner)
      ? forward4({ bindings: { x4: from, first, weights, out4: to }, params, threads: threads / 4, flops })
      : forward({ bindings: { x: from, first, weights, out: to }, params, threads, flops }));
    from = to;
  }
}

export function lowerResizeFilterGradient(low: Lowering, { grad }: { grad: Operand }, { out }: { out: Operand }, options: ResizeFilterParams): void {
  if (sizeOf(out.shape) === 0) return;
  let from = grad;
  for (const [i, axis] of order(grad.shape, out.shape).entries()) {
    const [n, o] = [out.shape[axis + 1]!, grad.shape[axis + 1]!];
    const shape = sized(from.shape, axis, n);
    const to = i === 1 ? out : low.temp(shape);
    const { params, first, weights } = weigh(low, from.shape, n, o, axis, options);
    const ranges = low.temp([n, 2], "u32");
    low.run(readers({ bindings: { first, ranges_out: ranges }, params, threads: n }));
    const [threads, flops] = [sizeOf(shape), 2 * params.taps * sizeOf(from.shape)];
    low.run(vec4Fits(low, params.inner)
      ? gradient4({ bindings: { grad4: from, first, weights, ranges, out4: to }, params, threads: threads / 4, flops })
      : gradient({ bindings: { grad: from, first, weights, ranges, out: to }, params, threads, flops }));
    from = to;
  }
}
