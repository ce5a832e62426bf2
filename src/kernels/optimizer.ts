import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import shader from "./wgsl/optimizer.js";

const normPartial = defineKernel(shader, "norm_partial");
const normFinal = defineKernel(shader, "norm_final");
const sgd = defineKernel(shader, "sgd");
const adam = defineKernel(shader, "adam");
const rmsprop = defineKernel(shader, "rmsprop");
const sgdAverage = defineKernel(shader, "sgd_average");
const adamAverage = defineKernel(shader, "adam_average");
const rmspropAverage = defineKernel(shader, "rmsprop_average");
const exchange = defineKernel(shader, "exchange");

/** What the update rule is made of; step-block positions of the values that change with every call. */
export interface UpdateOptions {
  readonly rule: "sgd" | "adam" | "adamw" | "rmsprop";
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly beta1: number;
  /** Decay of the mean of squares; RMSprop's alpha. */
  readonly beta2: number;
  readonly epsilon: number;
  /** Largest norm of all gradients together; 0 for no clipping. */
  readonly maxNorm: number;
  /** Step-block words: learning rate and weight decay of each group, from here on. */
  readonly groups: number;
  /** Step-block words: 1 / (1 − β₁ᵗ) and 1 / (1 − β₂ᵗ). */
  readonly corrections: number;
  /** Step-block word: decay of the average; undefined where none is kept. */
  readonly averaging?: number | undefined;
}

const params = (o: Partial<UpdateOptions>, size: number, chunks: number) => ({
  size, chunks, groups: o.groups ?? 0, corrections: o.corrections ?? 0, averaging: o.averaging ?? 0, momentum: o.momentum ?? 0, beta1: o.beta1 ?? 0, beta2: o.beta2 ?? 0, epsilon: o.epsilon ?? 0, max_norm: o.maxNorm ?? 0,
});

/** Threads that add up squares, at the most: one last thread adds up what they found. */
const MAX_CHUNKS = 512;
/** Elements that a thread takes at the least. */
const MIN_CHUNK = 64;

/** Sum of the squares of all gradients in a flat buffer. */
export function lowerSquaredNorm(low: Lowering, { grad, table }: { grad: Operand; table: Operand }, { out }: { out: Operand }): void {
  const size = sizeOf(grad.shape);
  const chunks = Math.max(1, Math.min(MAX_CHUNKS, Math.floor(size / MIN_CHUNK)));
  const partial = low.temp([chunks]);
  low.run(normPartial({ bindings: { grad, table, sums: partial }, params: params({}, size, chunks), threads: chunks }));
  low.run(normFinal({ bindings: { partial, sums: out }, params: params({}, chunks, chunks), workgroups: [1, 1, 1] }));
}

/** Updates a flat parameter buffer and its state in place. */
export function lowerUpdate(low: Lowering, { grad, table, norm }: Record<"grad" | "table" | "norm", Operand>, outputs: Record<string, Operand>, o: UpdateOptions): void {
  const size = sizeOf(grad.shape);
  const use = { params: params(o, size, 0), threads: size / 4 };
  const bindings = { grad, table, norm, out: outputs["flat"]!, first: outputs["first"]! };
  const [second, average] = [outputs["second"]!, outputs["average"]];
  if (o.rule === "sgd") {
    const constants = { NESTEROV: o.nesterov ? 1 : 0 };
    low.run(average ? sgdAverage({ ...use, bindings: { ...bindings, average }, constants }) : sgd({ ...use, bindings, constants }));
  } else if (o.rule === "rmsprop") {
    low.run(average ? rmspropAverage({ ...use, bindings: { ...bindings, second, average } }) : rmsprop({ ...use, bindings: { ...bindings, second } }));
  } else {
    const constants = { DECOUPLED: o.rule === "adamw" ? 1 : 0 };
    low.run(average ? adamAverage({ ...use, bindings: { ...bindings, second, average }, constants }) : adam({ ...use, bindings: { ...bindings, second }, constants }));
  }
}

/** Swaps the parameters of a flat buffer with their averages. */
export function lowerExchange(low: Lowering, { table }: { table: Operand }, outputs: Record<string, Operand>): void {
  const [out, average] = [outputs["flat"]!, outputs["average"]!];
  const size = sizeOf(out.shape);
  low.run(exchange({ bindings: { table, out, average }, params: params({}, size, 0), threads: size / 4 }));
}
