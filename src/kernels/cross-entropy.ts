import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import { constantVector } from "./constant.js";
import type { Lowering, Operand } from "./lowering.js";
import { bakedClasses } from "./softmax.js";
import shader from "./wgsl/cross-entropy.js";

const none = defineKernel(shader, "none");
const partialSums = defineKernel(shader, "partial_sums");
const merge = defineKernel(shader, "merge");
const finish = defineKernel(shader, "finish");
const gradientNone = defineKernel(shader, "gradient_none");
const gradientSum = defineKernel(shader, "gradient_sum");
const gradientMean = defineKernel(shader, "gradient_mean");

export interface CrossEntropyParams {
  readonly ignoreIndex: number;
  readonly labelSmoothing: number;
  readonly reduction: "none" | "sum" | "mean";
  readonly emptyIsZero: boolean;
  /** Class weights as numbers, when they are not a tensor. */
  readonly weights?: readonly number[] | undefined;
}

interface Inputs {
  logits: Operand;
  labels: Operand;
  weight?: Operand | undefined;
  pixelWeight?: Operand | undefined;
}

/** Pixels, or partial sums, that one thread adds up. */
const FOLD = 32;

function specialise(low: Lowering, { logits, labels, weight: given, pixelWeight }: Inputs, { ignoreIndex, labelSmoothing, emptyIsZero, weights }: CrossEntropyParams) {
  const pixels = sizeOf(labels.shape);
  const classes = logits.shape.at(-1)!;
  const weight = weights ? constantVector(low, weights) : given;
  return {
    pixels,
    // The shader reads no weights unless WEIGHTED or PIXELS is set; the logits stand in for the bindings.
    bindings: { x: logits, labels, weight: weight ?? logits, pixel_weight: pixelWeight ?? logits },
    params: { count: pixels, classes, chunks: 1, ignored: ignoreIndex, smoothing: labelSmoothing },
    constants: {
      C: bakedClasses(classes),
      U8: labels.dtype === "u8" ? 1 : 0,
      WEIGHTED: weight ? 1 : 0,
      PIXELS: pixelWeight ? 1 : 0,
      EMPTY_IS_ZERO: emptyIsZero ? 1 : 0,
    },
    flops: 6 * sizeOf(logits.shape),
  };
}

/** The loss of every pixel. */
export function lowerCrossEntropyPixels(low: Lowering, inputs: Inputs, { out }: { out: Operand }, o: CrossEntropyParams): void {
  const { pixels, bindings, params, constants, flops } = specialise(low, inputs, o);
  low.run(none({ bindings: { ...bindings, out }, params, constants, threads: pixels, flops }));
}

/** The sum or mean of the losses, and the sum of the weights that counted. */
export function lowerCrossEntropy(low: Lowering, inputs: Inputs, { out, total }: Record<"out" | "total", Operand>, o: CrossEntropyParams): void {
  const { pixels, bindings, params, constants, flops } = specialise(low, inputs, o);
  const chunks = lossChunks(pixels);
  const partial = low.temp([chunks, 2]);
  low.run(partialSums({ bindings: { ...bindings, sums: partial }, params: { ...params, chunks }, constants, threads: chunks, flops }));
  finishLoss(low, partial, { out, total }, o);
}

/** Partial sums that this many pixels are folded into at first. */
const lossChunks = (pixels: number): number => Math.ceil(pixels / FOLD);

/** Folds partial sums [k, 2] of losses and weights into the sum or mean, and the sum of the weights. */
export function finishLoss(low: Lowering, first: Operand, { out, total }: Record<"out" | "total", Operand>, { reduction, emptyIsZero }: Pick<CrossEntropyParams, "reduction" | "emptyIsZero">): void {
  const params = { classes: 0, ignored: 0, smoothing: 0 };
  let [chunks, partial] = [first.shape[0]!, first];
  while (chunks > 2 * FOLD) {
    const [count, from] = [chunks, partial];
    chunks = Math.ceil(count / FOLD);
    partial = low.temp([chunks, 2]);
    low.run(merge({ bindings: { partial: from, sums: partial }, params: { ...params, count, chunks }, threads: chunks }));
  }
  low.run(finish({ bindings: { partial, out, total }, params: { ...params, count: chunks, chunks: 1 }, constants: { EMPTY_IS_ZERO: emptyIsZero ? 1 : 0, MEAN: reduction === "mean" ? 1 : 0 }, workgroups: [1, 1, 1] }));
}

/** The gradient of the logits. `total` is what the forward pass put there; only a mean needs it. */
export function lowerCrossEntropyGradient(low: Lowering, { grad, total, ...inputs }: Inputs & { grad: Operand; total?: Operand | undefined }, { out }: { out: Operand }, o: CrossEntropyParams): void {
  const { pixels, bindings, params, constants, flops } = specialise(low, inputs, o);
  const use = { params, constants, threads: pixels, flops };
  if (o.reduction === "none") low.run(gradientNone({ bindings: { ...bindings, grad, out }, ...use }));
  else if (o.reduction === "sum") low.run(gradientSum({ bindings: { ...bindings, grad, out }, ...use }));
  else low.run(gradientMean({ bindings: { ...bindings, grad, divisor: total!, out }, ...use }));
}
