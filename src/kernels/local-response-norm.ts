import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import shader from "./wgsl/local-response-norm.js";

const windowSum = defineKernel(shader, "window_sum");

/** A window of neighbouring channels around each. */
export interface ChannelWindow {
  /** Channels before the one in the middle. */
  readonly before: number;
  /** Channels after it. */
  readonly after: number;
}

/** Sums over windows along the last axis. */
export function lowerChannelSums(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }, { before, after }: ChannelWindow): void {
  const [total, channels] = [sizeOf(x.shape), x.shape.at(-1)!];
  // A window wider than the channels ends with them; that it does here keeps it within a u32.
  const params = { total, channels, before: Math.min(before, channels), after: Math.min(after, channels) };
  low.run(windowSum({ bindings: { x, out }, params, threads: total, flops: total * Math.min(before + after + 1, channels) }));
}
