import { measureAdapter, type AdapterLimits } from "../kernels/adapter-limits.js";
import type { Device } from "../runtime/device.js";
import { byteLength } from "../runtime/dtype.js";
import { sizeOf } from "../runtime/shape.js";
import type { Storage } from "../runtime/storage.js";
import { nodeLabel } from "./describe.js";
import type { Plan } from "./plan.js";

/** One dispatch of a plan, timed alone. */
export interface KernelTime {
  /** Shader and entry point. */
  readonly kernel: string;
  /** The op it belongs to, with what was fused into it. */
  readonly op: string;
  readonly milliseconds: number;
  /** 0 when the kernel does not count its operations. */
  readonly gflops: number;
  /** Bytes of the operands over the time. */
  readonly gigabytesPerSecond: number;
  /** Percent of the adapter's measured multiply-add peak, or of its measured copy bandwidth, whichever it is nearer to. */
  readonly percentOfPeak: number;
}

/** A dispatch shorter than this is repeated in one submission, so that the time of submitting does not count. */
const LONG_ENOUGH = 4;
const MAX_REPEATS = 50;

/**
 * Runs every dispatch by itself (best of three, after one warm-up) and times it by the clock. Variables that the plan
 * assigns are put back as they were.
 */
export async function profilePlan(plan: Plan): Promise<KernelTime[]> {
  await plan.ready;
  return plan.withTensors((slots) => profile(plan, slots));
}

async function profile(plan: Plan, slots: readonly Storage[]): Promise<KernelTime[]> {
  await plan.device.idle();
  const peaks = await peaksOf(plan.device);
  const assigned = [...plan.graph.capture.assigned];
  const before = await Promise.all(assigned.map((variable) => variable.data()));
  const { statics, origin } = plan.lowered;
  const times: KernelTime[] = [];
  for (const [index, call] of plan.program.calls.entries()) {
    if (index < statics.length) continue;
    const milliseconds = await fastest(plan, index, slots);
    const bytes = Object.values(call.bindings).reduce((sum, operand) => sum + byteLength(operand.dtype, sizeOf(operand.shape)), 0);
    const [gflops, gigabytesPerSecond] = [call.flops / milliseconds / 1e6, bytes / milliseconds / 1e6];
    const node = origin.get(call);
    times.push({
      kernel: `${call.shader.name}.${call.entry}`, op: node ? nodeLabel(node) : "", milliseconds, gflops, gigabytesPerSecond,
      percentOfPeak: 100 * Math.max(gflops / peaks.gflops, gigabytesPerSecond / peaks.gigabytesPerSecond),
    });
  }
  assigned.forEach((variable, i) => variable.write(before[i]!));
  return times;
}

async function fastest(plan: Plan, index: number, slots: readonly Storage[]): Promise<number> {
  let [best, repeats] = [Infinity, 1];
  for (let round = 0; round < 4; round++) {
    const start = performance.now();
    await plan.program.runStep(index, repeats, slots);
    const time = (performance.now() - start) / repeats;
    if (round === 0) repeats = Math.max(1, Math.min(MAX_REPEATS, Math.ceil(LONG_ENOUGH / time)));
    else best = Math.min(best, time);
  }
  return best;
}

/** The adapter's peaks, measured once per device. */
function peaksOf(device: Device): Promise<AdapterLimits> {
  let peaks = device.attachments.get(measureAdapter) as Promise<AdapterLimits> | undefined;
  if (!peaks) device.attachments.set(measureAdapter, (peaks = measureAdapter(device)));
  return peaks;
}
