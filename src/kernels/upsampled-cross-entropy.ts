import { defineKernel } from "../runtime/kernel.js";
import { sizeOf, type Shape } from "../runtime/shape.js";
import { constantVector } from "./constant.js";
import { finishLoss, lowerCrossEntropy, lowerCrossEntropyGradient, lowerCrossEntropyPixels, type CrossEntropyParams } from "./cross-entropy.js";
import type { Lowering, Operand } from "./lowering.js";
import type { AxisPlacement } from "./resample-axis.js";
import { lowerResize, lowerResizeGradient, type ResizeParams } from "./resize.js";
import shader from "./wgsl/upsampled-cross-entropy.js";
import gradientShader from "./wgsl/upsampled-cross-entropy-gradient.js";

const none = defineKernel(shader, "none");
const partialSums = defineKernel(shader, "partial_sums");
const gradientNone = defineKernel(gradientShader, "gradient_none");
const gradientSum = defineKernel(gradientShader, "gradient_sum");
const gradientMean = defineKernel(gradientShader, "gradient_mean");
const cellNone = defineKernel(gradientShader, "cell_none");
const cellSum = defineKernel(gradientShader, "cell_sum");
const cellMean = defineKernel(gradientShader, "cell_mean");
const collect = defineKernel(gradientShader, "collect");

export interface UpsampledCrossEntropyParams extends CrossEntropyParams {
  readonly alignCorners: boolean;
}

interface Inputs {
  logits: Operand;
  labels: Operand;
  weight?: Operand | undefined;
  pixelWeight?: Operand | undefined;
}

type Outputs = Record<"out" | "lse", Operand> & { total?: Operand };

/** Fours of pixels that one thread of the loss adds up. */
const FOLD = 8;
/** Pixels per coarse pixel from which on cells pay, whose sums take as much memory as four maps of the coarse logits. */
const CELL_PIXELS = 8;

/** The fraction (max(d·mul + add, sub) − sub) / den that maps output d of `o` to a position among `n` inputs: see lib/bilinear.wgsl. */
function fraction(n: number, o: number, alignCorners: boolean) {
  // (d + 1/2) n/o − 1/2 = (2nd + n − o) / 2o. A corner-aligned output of one pixel stays at position 0.
  return alignCorners ? { mul: o > 1 ? n - 1 : 0, add: 0, sub: 0, den: Math.max(1, o - 1) } : { mul: 2 * n, add: n, sub: o, den: 2 * o };
}

function specialise(low: Lowering, { logits, labels, weight: given, pixelWeight }: Inputs, o: UpsampledCrossEntropyParams) {
  const [, h = 0, w = 0, classes = 0] = logits.shape;
  const [, oh = 0, ow = 0] = labels.shape;
  const [v, u] = [fraction(h, oh, o.alignCorners), fraction(w, ow, o.alignCorners)];
  const weight = o.weights ? constantVector(low, o.weights) : given;
  const pixels = sizeOf(labels.shape);
  return {
    pixels, classes,
    // Weights are not read unless WEIGHTED or PIXELS is set; the logits stand in for the bindings.
    bindings: { x: logits, labels, weight: weight ?? logits, pixel_weight: pixelWeight ?? logits },
    params: {
      h, w, oh, ow,
      mul_h: v.mul, add_h: v.add, sub_h: v.sub, den_h: v.den,
      mul_w: u.mul, add_w: u.add, sub_w: u.sub, den_w: u.den,
      classes, ignored: o.ignoreIndex, smoothing: o.labelSmoothing,
    },
    constants: { SMOOTH: o.labelSmoothing === 0 ? 0 : 1, U8: labels.dtype === "u8" ? 1 : 0, WEIGHTED: weight ? 1 : 0, PIXELS: pixelWeight ? 1 : 0 },
    flops: 20 * pixels * classes,
  };
}

/** The logits at the size of the labels: what the clear variant stores. */
const fullSize = ({ logits, labels }: Inputs): Shape => [...labels.shape, logits.shape[3]!];

/** How `resize` places the pixels of the labels. */
function resizing({ logits, labels }: Inputs, { alignCorners }: UpsampledCrossEntropyParams): ResizeParams {
  const place = (axis: 1 | 2): AxisPlacement => {
    const { mul, add, sub, den } = fraction(logits.shape[axis]!, labels.shape[axis]!, alignCorners);
    return { step: mul / den, start: (add - sub) / den };
  };
  return { mode: "bilinear", placement: [place(1), place(2)] };
}

const isClear = (low: Lowering): boolean => low.adapter.variant === "clear";

export function lowerUpsampledCrossEntropy(low: Lowering, inputs: Inputs, { out, lse, total }: Outputs, o: UpsampledCrossEntropyParams): void {
  if (isClear(low)) {
    const logits = low.temp(fullSize(inputs));
    lowerResize(low, { x: inputs.logits }, { out: logits }, resizing(inputs, o));
    if (total) lowerCrossEntropy(low, { ...inputs, logits }, { out, total }, o);
    else lowerCrossEntropyPixels(low, { ...inputs, logits }, { out }, o);
    return;
  }
  const { pixels, bindings, params, constants, flops } = specialise(low, inputs, o);
  const fours = Math.ceil(pixels / 4);
  if (!total) {
    low.run(none({ bindings: { ...bindings, out, lse }, params: { ...params, count: pixels, chunks: fours }, constants, threads: fours, flops }));
    return;
  }
  const chunks = Math.ceil(fours / FOLD);
  const partial = low.temp([chunks, 2]);
  low.run(partialSums({ bindings: { ...bindings, sums: partial, lse }, params: { ...params, count: pixels, chunks }, constants, threads: chunks, flops }));
  finishLoss(low, partial, { out, total }, o);
}

export function lowerUpsampledCrossEntropyGradient(low: Lowering, { grad, lse, total: sum, ...inputs }: Inputs & Record<"grad" | "lse", Operand> & { total?: Operand | undefined }, { out }: { out: Operand }, o: UpsampledCrossEntropyParams): void {
  if (isClear(low)) {
    const [logits, slopes] = [low.temp(fullSize(inputs)), low.temp(fullSize(inputs))];
    const resize = resizing(inputs, o);
    lowerResize(low, { x: inputs.logits }, { out: logits }, resize);
    lowerCrossEntropyGradient(low, { ...inputs, logits, grad, total: sum }, { out: slopes }, o);
    lowerResizeGradient(low, { grad: slopes }, { out }, resize);
    return;
  }
  const { pixels, classes, bindings, params, constants, flops } = specialise(low, inputs, o);
  const coarse = sizeOf(inputs.logits.shape.slice(0, 3));
  const cells = pixels >= CELL_PIXELS * coarse;
  const quads = Math.ceil(classes / 4);
  const total = coarse * quads;
  const use = { params: { ...params, total }, constants: { ...constants, EMPTY_IS_ZERO: o.emptyIsZero ? 1 : 0 }, threads: total, flops: (cells ? 1 : 4) * flops };
  const read = { ...bindings, known: lse, grad };
  if (!cells) {
    if (o.reduction === "none") low.run(gradientNone({ bindings: { ...read, out }, ...use }));
    else if (o.reduction === "sum") low.run(gradientSum({ bindings: { ...read, out }, ...use }));
    else low.run(gradientMean({ bindings: { ...read, divisor: sum!, out }, ...use }));
    return;
  }
  const corners = low.temp([coarse, 4, 4 * quads]);
  if (o.reduction === "none") low.run(cellNone({ bindings: { ...read, corners4: corners }, ...use }));
  else if (o.reduction === "sum") low.run(cellSum({ bindings: { ...read, corners4: corners }, ...use }));
  else low.run(cellMean({ bindings: { ...read, divisor: sum!, corners4: corners }, ...use }));
  low.run(collect({ bindings: { kept4: corners, out }, params: use.params, threads: total }));
}
