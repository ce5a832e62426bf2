import type { Device } from "../runtime/device.js";
import { defineKernel, type KernelCall, type Operand } from "../runtime/kernel.js";
import { Program } from "../runtime/program.js";
import { sizeOf } from "../runtime/shape.js";
import shader from "./wgsl/adapter-limits.js";

/** What an adapter reaches, measured: the denominators of "percent of peak". */
export interface AdapterLimits {
  /** Fastest of a fixed list of multiply-add kernels, f32. */
  readonly gflops: number;
  /** Which form that was. */
  readonly fastestForm: string;
  /** Bytes read and written per second by a vec4 copy kernel. */
  readonly gigabytesPerSecond: number;
}

const forms = ([["fma_scalar", 8], ["fma_scalar", 16], ["mul_add_scalar", 8], ["mul_add_scalar", 16], ["fma_vec4", 2], ["fma_vec4", 4], ["fma_vec4", 8], ["mul_add_vec4", 2], ["mul_add_vec4", 4], ["mul_add_vec4", 8]] as const);
const kernels = { fma_scalar: defineKernel(shader, "fma_scalar"), mul_add_scalar: defineKernel(shader, "mul_add_scalar"), fma_vec4: defineKernel(shader, "fma_vec4"), mul_add_vec4: defineKernel(shader, "mul_add_vec4") };
const copy = defineKernel(shader, "copy");

/** Multiply-adds of one accumulator in the shader: 32 rounds of 8. */
const DEPTH = 256;
const COPY_BYTES = 32 * 2 ** 20;

/** Measures the adapter's multiply-add peak and copy bandwidth; about a second on a CPU, less on a GPU. */
export async function measureAdapter(device: Device): Promise<AdapterLimits> {
  let best = { gflops: 0, form: "" };
  for (const [name, n] of forms) {
    const width = name.endsWith("vec4") ? 4 : 1;
    const flopsPerThread = 2 * DEPTH * n * width;
    const gflops = await rate(device, (threads) => {
      const out: Operand = { shape: [threads], dtype: "f32" };
      return { call: kernels[name]({ bindings: { out }, params: { total: threads, a: 0.999, b: 0.001 }, constants: { N: n }, threads }), amount: (threads * flopsPerThread) / 1e9 };
    });
    if (gflops > best.gflops) best = { gflops, form: `${name} × ${n}` };
  }
  const x: Operand = { shape: [COPY_BYTES / 4], dtype: "f32" };
  const bandwidth = await rate(device, () => ({ call: copy({ bindings: { x, out4: { ...x } }, params: { total: COPY_BYTES / 64, a: 0, b: 0 }, threads: COPY_BYTES / 64 }), amount: (2 * COPY_BYTES) / 1e9 }));
  return { gflops: best.gflops, fastestForm: best.form, gigabytesPerSecond: bandwidth };
}

/** Workgroups of a test, and repetitions of one dispatch: enough that submitting it counts little. */
const [MOST_GROUPS, REPEATS] = [2 ** 14, 64];

/**
 * Threads from which on more of them make an adapter no faster: the least number, of powers of two, that does 90 % of the multiply-adds per
 * second that any number does. A fraction of a second.
 */
export async function measureFilling(device: Device): Promise<number> {
  const rates: number[] = [];
  const size = 64;
  for (let groups = 1; groups <= MOST_GROUPS; groups *= 2) {
    const out: Operand = { shape: [groups * size], dtype: "f32" };
    const call = kernels.fma_scalar({ bindings: { out }, params: { total: groups * size, a: 0.999, b: 0.001 }, constants: { N: 8, WG: size }, threads: groups * size });
    const buffer = device.allocateShared(4 * groups * size, "measure");
    const program = new Program(device, "measure", [call], [], () => ({ buffer, offset: 0, bytes: 4 * groups * size }));
    try {
      await program.ready;
      let best = Infinity;
      for (let run = 0; run < 3; run++) {
        const start = performance.now();
        await program.runStep(0, REPEATS);
        best = Math.min(best, performance.now() - start);
      }
      rates.push(groups / best);
    } finally {
      program.dispose();
      device.releaseShared(buffer);
    }
    // Four times as many threads brought nothing: they are more than enough.
    if (rates.length > 3 && rates.at(-1)! < 1.05 * rates.at(-3)!) break;
  }
  const peak = Math.max(...rates);
  return size * 2 ** rates.findIndex((rate) => rate >= 0.9 * peak);
}

/** Amount per second of a kernel: its size grows until a run takes 20 ms, then the best of five counts. */
async function rate(device: Device, make: (threads: number) => { call: KernelCall; amount: number }): Promise<number> {
  for (let threads = 4096; ; threads *= 4) {
    const { call, amount } = make(threads);
    const buffers = new Map(Object.values(call.bindings).map((operand) => [operand, device.allocateShared(sizeOf(operand.shape) * 4, "measure")]));
    const program = new Program(device, "measure", [call], [], (operand) => ({ buffer: buffers.get(operand)!, offset: 0, bytes: sizeOf(operand.shape) * 4 }));
    await program.ready;
    let best = Infinity;
    let repeats = 1;
    for (let run = 0; run < 6; run++) {
      const start = performance.now();
      await program.runStep(0, repeats);
      const time = (performance.now() - start) / repeats;
      if (run === 0) repeats = Math.max(1, Math.ceil(20 / time / 8));
      else best = Math.min(best, time);
    }
    program.dispose();
    for (const buffer of buffers.values()) device.releaseShared(buffer);
    if (best >= 20 || threads >= 2 ** 22 || make(threads * 4).amount === amount) return (amount / best) * 1e3;
  }
}
