import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import { lowerReduce } from "./reduce.js";
import { lowerVariance } from "./variance.js";
import { vec4Fits } from "./vec4.js";
import shader from "./wgsl/group-norm.js";

const apply = defineKernel(shader, "apply");
const apply4 = defineKernel(shader, "apply4");
const applyGradient = defineKernel(shader, "apply_gradient");
const applyGradient4 = defineKernel(shader, "apply_gradient4");
const channelSums = defineKernel(shader, "channel_sums");
const channelSums4 = defineKernel(shader, "channel_sums4");
const groupFinish = defineKernel(shader, "group_finish");
const parameterFinish = defineKernel(shader, "parameter_finish");
const rowSums = defineKernel(shader, "row_sums");
const columnSums = defineKernel(shader, "column_sums");

/** A tensor as [images, pixels, channels], normalised in groups of `width` channels. Rows (layer norm) have one pixel and one group. */
export interface GroupNormParams {
  readonly images: number;
  readonly pixels: number;
  readonly channels: number;
  readonly width: number;
  readonly eps: number;
}

/** Values that one thread of a first stage adds up. */
const FOLD = 32;

const isRows = ({ pixels, channels, width }: GroupNormParams): boolean => pixels === 1 && width === channels;

/** Four channels per thread: their statistics are one number, or four neighbours. */
const wide = (low: Lowering, { channels, width }: GroupNormParams): boolean => (width === 1 ? vec4Fits(low, channels) : vec4Fits(low, channels, width));

const paramsOf = ({ images, pixels, channels, width, eps }: GroupNormParams, chunks = 1) => ({ images, pixels, channels, width, chunks, eps });

type Named<K extends string> = Record<K, Operand>;

/** Normalises, and returns the statistics (f32, the variance biased). */
export function lowerGroupNorm(low: Lowering, { x, gamma, beta }: Named<"x" | "gamma" | "beta">, { out, mean, variance }: Named<"out" | "mean" | "variance">, o: GroupNormParams): void {
  const { images, pixels, channels, width } = o;
  lowerVariance(low, { x: { ...x, shape: [images, pixels, channels / width, width] } }, { out: variance, mean }, { axes: [1, 3], correction: 0, root: false });
  const use = { params: paramsOf(o), flops: 4 * images * pixels * channels };
  low.run(wide(low, o)
    ? apply4({ bindings: { x4: x, mean, variance, gamma4: gamma, beta4: beta, out4: out }, ...use, threads: (images * pixels * channels) / 4 })
    : apply({ bindings: { x, mean, variance, gamma, beta, out }, ...use, threads: images * pixels * channels }));
}

/** The sums per group that the gradient of x needs, and (if `affine`) the gradients of beta and gamma. */
export function lowerGroupNormSums(low: Lowering, inputs: Named<"x" | "gamma" | "mean" | "variance" | "grad">, { groups, parameters }: Named<"groups" | "parameters">, o: GroupNormParams & { readonly affine: boolean }): void {
  if (isRows(o)) lowerRowSums(low, inputs, groups, parameters, o);
  else lowerMapSums(low, inputs, groups, parameters, o);
}

type SumInputs = Named<"x" | "gamma" | "mean" | "variance" | "grad">;

/** `pieces` in f32 scratch of `shape`, whose `axis` counts chunks, added up into `out` (or where they are, if there is one chunk). */
function joined(low: Lowering, shape: readonly number[], axis: number, out: Operand, fill: (pieces: Operand) => void): void {
  if (shape[axis] === 1) return fill(out);
  const pieces = low.temp(shape);
  fill(pieces);
  lowerReduce(low, pieces, out, "sum", [axis]);
}

function lowerMapSums(low: Lowering, { x, gamma, mean, variance, grad }: SumInputs, groups: Operand, parameters: Operand, o: GroupNormParams & { readonly affine: boolean }): void {
  const { images, pixels, channels, width } = o;
  const chunks = Math.max(1, Math.ceil(pixels / FOLD));
  const sums = low.temp([images, 2, channels]);
  const use = { params: paramsOf(o, chunks), flops: 4 * images * pixels * channels };
  joined(low, [images, chunks, 2, channels], 1, sums, (out) =>
    low.run(wide(low, o)
      ? channelSums4({ bindings: { x4: x, grad4: grad, mean, out4: out }, ...use, threads: (images * chunks * channels) / 4 })
      : channelSums({ bindings: { x, grad, mean, out }, ...use, threads: images * chunks * channels })));
  low.run(groupFinish({ bindings: { sums, gamma, out: groups }, params: paramsOf(o), threads: images * (channels / width) }));
  if (o.affine) low.run(parameterFinish({ bindings: { sums, variance, out: parameters }, params: paramsOf(o), threads: channels }));
}

function lowerRowSums(low: Lowering, { x, gamma, mean, variance, grad }: SumInputs, groups: Operand, parameters: Operand, o: GroupNormParams & { readonly affine: boolean }): void {
  const { images: rows, channels } = o;
  const flops = 4 * rows * channels;
  const across = channels <= 8 * FOLD ? 1 : Math.ceil(channels / FOLD);
  joined(low, [rows, across, 2], 1, groups, (out) => low.run(rowSums({ bindings: { x, grad, mean, gamma, out }, params: paramsOf(o, across), threads: rows * across, flops })));
  if (!o.affine) return;
  const down = Math.max(1, Math.ceil(rows / FOLD));
  joined(low, [down, 2, channels], 0, parameters, (out) => low.run(columnSums({ bindings: { x, grad, mean, variance, out }, params: paramsOf(o, down), threads: down * channels, flops })));
}

/** The gradient of x. */
export function lowerGroupNormInputGradient(low: Lowering, inputs: Named<"x" | "gamma" | "mean" | "variance" | "groups" | "grad">, { out }: { out: Operand }, o: GroupNormParams): void {
  const { x, gamma, mean, variance, groups, grad } = inputs;
  const use = { params: paramsOf(o), flops: 8 * sizeOf(x.shape) };
  const size = o.images * o.pixels * o.channels;
  low.run(wide(low, o)
    ? applyGradient4({ bindings: { x4: x, mean, variance, gamma4: gamma, grad4: grad, group_sums: groups, out4: out }, ...use, threads: size / 4 })
    : applyGradient({ bindings: { x, mean, variance, gamma, grad, group_sums: groups, out }, ...use, threads: size }));
}
