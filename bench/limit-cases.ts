import shader from "../src/kernels/wgsl/adapter-limits.js";
import type { Device } from "../src/runtime/device.js";
import { BufferUsage } from "../src/runtime/gpu.js";
import { defineKernel, type KernelCall, type Operand } from "../src/runtime/kernel.js";
import { Program } from "../src/runtime/program.js";
import { sizeOf } from "../src/runtime/shape.js";
import type { Case, Prepared } from "./harness.js";
import { halfCases } from "./half-limit-cases.js";

const kernels = { "fma scalar": defineKernel(shader, "fma_scalar"), "mul-add scalar": defineKernel(shader, "mul_add_scalar"), "fma vec4": defineKernel(shader, "fma_vec4"), "mul-add vec4": defineKernel(shader, "mul_add_vec4") };
const copy = defineKernel(shader, "copy");

const THREADS = 2 ** 19;
/** Multiply-adds of one accumulator in the shader: 32 rounds of 8. */
const DEPTH = 256;
const MEBIBYTE = 2 ** 20;

type Limit = Pick<Case, "name" | "flops" | "bytes"> & { prepare(device: Device): Promise<Omit<Prepared, "check">> };

/** What an adapter does by itself: there is nothing to compare with. */
const limit = ({ prepare, ...about }: Limit): Case => ({ ...about, group: "limits", count: "2 per multiply-add", prepare: async (device) => ({ check: async () => 0, ...await prepare(device) }) });

/** One dispatch of a kernel on buffers of its own. */
async function kernelRun(device: Device, call: KernelCall): Promise<Omit<Prepared, "check">> {
  const bytes = (operand: Operand): number => sizeOf(operand.shape) * 4;
  const buffers = new Map(Object.values(call.bindings).map((operand) => [operand, device.allocateShared(bytes(operand), "limit")]));
  const program = new Program(device, "limit", [call], [], (operand) => ({ buffer: buffers.get(operand)!, offset: 0, bytes: bytes(operand) }));
  await program.ready;
  return {
    run: () => program.run({ epoch: device.failures.next(), from: 0 }),
    dispose: () => {
      program.dispose();
      for (const buffer of buffers.values()) device.releaseShared(buffer);
    },
  };
}

const peak = (form: keyof typeof kernels, n: number): Case => limit({
  name: `f32 ${form} x${n}`, flops: 2 * DEPTH * n * (form.endsWith("vec4") ? 4 : 1) * THREADS,
  prepare: (device) => {
    const out: Operand = { shape: [THREADS], dtype: "f32" };
    return kernelRun(device, kernels[form]({ bindings: { out }, params: { total: THREADS, a: 0.999, b: 0.001 }, constants: { N: n }, threads: THREADS }));
  },
});

const COPIED = 32 * MEBIBYTE;

const copyKernel = limit({
  name: "copy kernel vec4, 32 MiB", flops: 0, bytes: 2 * COPIED,
  prepare: (device) => {
    const x: Operand = { shape: [COPIED / 4], dtype: "f32" };
    return kernelRun(device, copy({ bindings: { x, out4: { ...x } }, params: { total: COPIED / 64, a: 0, b: 0 }, threads: COPIED / 64 }));
  },
});

function buffersOf(device: Device, sizes: Record<string, [size: number, usage: number]>): { buffers: Record<string, GPUBuffer>; dispose(): void } {
  const buffers = Object.fromEntries(Object.entries(sizes).map(([label, [size, usage]]) => [label, device.gpu.createBuffer({ label, size, usage })]));
  return { buffers, dispose: () => Object.values(buffers).forEach((buffer) => buffer.destroy()) };
}

const copyCommand = limit({
  name: "copyBufferToBuffer 32 MiB", flops: 0, bytes: 2 * COPIED,
  prepare: async (device) => {
    const { buffers: { from, to }, dispose } = buffersOf(device, { from: [COPIED, BufferUsage.COPY_SRC], to: [COPIED, BufferUsage.COPY_DST] });
    const run = (): void => {
      const encoder = device.gpu.createCommandEncoder();
      encoder.copyBufferToBuffer(from!, 0, to!, 0, COPIED);
      device.gpu.queue.submit([encoder.finish()]);
    };
    return { run, dispose };
  },
});

const upload = limit({
  name: "writeBuffer 16 MiB", flops: 0, bytes: 16 * MEBIBYTE,
  prepare: async (device) => {
    const { buffers: { to }, dispose } = buffersOf(device, { to: [16 * MEBIBYTE, BufferUsage.COPY_DST] });
    const data = new Uint8Array(16 * MEBIBYTE);
    return { run: () => device.gpu.queue.writeBuffer(to!, 0, data), dispose };
  },
});

const readback = limit({
  name: "readback 64 MiB", flops: 0, bytes: 64 * MEBIBYTE,
  prepare: async (device) => {
    const size = 64 * MEBIBYTE;
    const { buffers: { from, to }, dispose } = buffersOf(device, { from: [size, BufferUsage.COPY_SRC], to: [size, BufferUsage.COPY_DST | BufferUsage.MAP_READ] });
    const data = new Uint8Array(size);
    const run = async (): Promise<void> => {
      const encoder = device.gpu.createCommandEncoder();
      encoder.copyBufferToBuffer(from!, 0, to!, 0, size);
      device.gpu.queue.submit([encoder.finish()]);
      await to!.mapAsync(1);
      data.set(new Uint8Array(to!.getMappedRange()));
      to!.unmap();
    };
    return { run, dispose };
  },
});

const roundTrip = limit({
  name: "round trip: submit and wait", flops: 0,
  prepare: async (device) => ({
    run: async () => {
      device.gpu.queue.submit([device.gpu.createCommandEncoder().finish()]);
      await device.gpu.queue.onSubmittedWorkDone();
    },
    dispose: () => undefined,
  }),
});

const DISPATCHES = 1000;

/** The least that a dispatch costs the driver: 64 threads that each store one number. */
const dispatches = limit({
  name: `${DISPATCHES} small dispatches in one pass`, flops: 0,
  prepare: async (device) => {
    const out: Operand = { shape: [64], dtype: "f32" };
    const call = kernels["fma scalar"]({ bindings: { out }, params: { total: 0, a: 0, b: 0 }, constants: { N: 8 }, threads: 64 });
    const buffer = device.allocateShared(256, "limit");
    const program = new Program(device, "limit", Array.from({ length: DISPATCHES }, () => call), [], () => ({ buffer, offset: 0, bytes: 256 }));
    await program.ready;
    return {
      run: () => program.run({ epoch: device.failures.next(), from: 0 }),
      dispose: () => {
        program.dispose();
        device.releaseShared(buffer);
      },
    };
  },
});

export const limitCases: readonly Case[] = [
  ...([8, 16] as const).flatMap((n) => [peak("fma scalar", n), peak("mul-add scalar", n)]),
  ...([2, 4, 8] as const).flatMap((n) => [peak("fma vec4", n), peak("mul-add vec4", n)]),
  ...halfCases, copyKernel, copyCommand, upload, readback, dispatches, roundTrip,
];
