import { byteLength } from "../runtime/dtype.js";
import { sizeOf } from "../runtime/shape.js";
import type { Plan } from "./plan.js";

/** One dispatch of a plan, timed alone. */
export interface KernelTime {
  readonly kernel: string;
  readonly op: string;
  readonly milliseconds: number;
  /** 0 when the kernel does not count its operations. */
  readonly gflops: number;
  /** Bytes of the operands over the time. */
  readonly gigabytesPerSecond: number;
}

/** Runs every dispatch by itself (best of three, after one warm-up) and times it by the clock. */
export async function profilePlan(plan: Plan): Promise<KernelTime[]> {
  await plan.ready;
  await plan.device.idle();
  const { statics, origin } = plan.lowered;
  const times: KernelTime[] = [];
  for (const [index, call] of plan.program.calls.entries()) {
    if (index < statics.length) continue;
    let best = Infinity;
    for (let round = 0; round < 4; round++) {
      const start = performance.now();
      await plan.program.runStep(index);
      if (round > 0) best = Math.min(best, performance.now() - start);
    }
    const bytes = Object.values(call.bindings).reduce((sum, operand) => sum + byteLength(operand.dtype, sizeOf(operand.shape)), 0);
    times.push({ kernel: `${call.shader.name}.${call.entry}`, op: origin.get(call)?.op.name ?? "", milliseconds: best, gflops: call.flops / best / 1e6, gigabytesPerSecond: bytes / best / 1e6 });
  }
  return times;
}
