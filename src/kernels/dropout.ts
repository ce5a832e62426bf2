import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import shader from "./wgsl/dropout.js";

const dropout = defineKernel(shader, "dropout");
const dropoutStep = defineKernel(shader, "dropout_step");

export interface DropoutParams {
  /** Probability of dropping, 0 … 1. */
  readonly rate: number;
  /** Random stream: the program's seed and the place in the program, as 32-bit numbers. */
  readonly seed: number;
  readonly key: number;
  /** Drop whole channels (the last axis) of each image (the first). */
  readonly channels: boolean;
  /** Slot of the step block that holds the step number; absent: step 0. */
  readonly stepSlot?: number;
}

export function lowerDropout(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }, { rate, seed, key, channels, stepSlot }: DropoutParams): void {
  const total = sizeOf(x.shape);
  const params = {
    total,
    inner: channels ? sizeOf(x.shape.slice(1, -1)) : 1,
    seed,
    key,
    threshold: Math.min(Math.round(rate * 2 ** 32), 2 ** 32 - 1),
    scale: rate < 1 ? 1 / (1 - rate) : 0,
    slot: stepSlot ?? 0,
  };
  const use = { bindings: { x, out }, params, constants: channels ? { C: x.shape.at(-1)!, CHANNELS: 1 } : {}, threads: total };
  low.run(stepSlot === undefined ? dropout(use) : dropoutStep(use));
}
