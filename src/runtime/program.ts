import type { Device } from "./device.js";
import { AtrousError } from "./errors.js";
import { alignUp, BINDING_ALIGNMENT, BufferUsage } from "./gpu.js";
import type { KernelCall, Operand } from "./kernel.js";
import type { Pipeline } from "./pipelines.js";
import { specialisationOf } from "./specialise.js";
import type { Storage } from "./storage.js";

/** A range of memory: of a shared slab by index, or of a buffer. */
export interface Place {
  readonly slab?: number;
  readonly buffer?: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
  /** Bytes that dispatches may touch, where that is more (guarded plans). */
  readonly bound?: number;
}

/** Bytes of the block of values that change with every call (learning rates, step numbers, seeds). */
export const STEP_BLOCK_BYTES = 256;

/** One execution of a program. */
export interface ProgramRun {
  /** The number of this work (see `Failures`). */
  readonly epoch: number;
  /** Index of the first step to run. */
  readonly from: number;
  /** New contents of the step block, if it has any. */
  readonly step: Uint32Array<ArrayBuffer> | undefined;
  readonly copiesIn: readonly { storage: Storage; place: Place }[];
  readonly copiesOut: readonly { storage: Storage; place: Place }[];
}

interface Step {
  readonly call: KernelCall;
  readonly pipeline: Pipeline;
  readonly paramsOffset: number;
  group: GPUBindGroup | undefined;
}

/** Dispatches with their pipelines, parameters and bind groups, ready to be encoded again and again. */
export class Program {
  /** Settles when every pipeline is compiled; rejects with the first thing that went wrong in making the program. */
  readonly ready: Promise<void>;
  failure: AtrousError | undefined;
  readonly label: string;
  #compiled = false;
  /** What the bind groups were made for. */
  #bound = "";
  readonly #steps: Step[];
  readonly #params: GPUBuffer;
  readonly #stepBlock: GPUBuffer;
  readonly #device: Device;
  readonly #slabSizes: readonly number[];
  readonly #place: (operand: Operand) => Place;

  constructor(device: Device, label: string, calls: readonly KernelCall[], slabSizes: readonly number[], place: (operand: Operand) => Place) {
    this.#device = device;
    this.label = label;
    this.#slabSizes = slabSizes;
    this.#place = place;
    const { offsets, data } = packAll(calls);
    const usage = BufferUsage.UNIFORM | BufferUsage.COPY_DST;
    const epoch = device.failures.next();
    [this.#steps, this.#params, this.#stepBlock] = device.failures.guard(label, () => {
      const steps = calls.map((call, i): Step => ({ call, paramsOffset: offsets[i]!, pipeline: device.pipelines.get(call.shader, call.entry, specialisationOf(call)), group: undefined }));
      const params = device.createBuffer({ size: data.byteLength, usage, label: `${label} parameters` });
      // Not through the queue, which may wait for this very program: nothing older uses the buffer.
      device.gpu.queue.writeBuffer(params, 0, data);
      return [steps, params, device.createBuffer({ size: STEP_BLOCK_BYTES, usage, label: `${label} step block` })];
    }, { epoch });
    device.failures.guard(label, () => this.bind(), { epoch });
    this.ready = this.#made(epoch);
    this.ready.catch(() => undefined);
  }

  /** Waits for the compilers, and for the GPU's verdict on everything made in `epoch`. */
  async #made(epoch: number): Promise<void> {
    const { failures } = this.#device;
    try {
      const compiled = await Promise.allSettled(this.#steps.map((step) => step.pipeline.ready));
      await failures.settled();
      const refused = failures.causedBy(epoch);
      if (refused) throw refused;
      for (const result of compiled) if (result.status === "rejected") throw result.reason;
      this.#compiled = true;
    } catch (error) {
      this.failure = error as AtrousError;
      throw error;
    }
  }

  get bytes(): number {
    return this.#params.size + STEP_BLOCK_BYTES;
  }

  get compiled(): boolean {
    return this.#compiled;
  }

  get calls(): readonly KernelCall[] {
    return this.#steps.map((step) => step.call);
  }

  /** Makes the bind groups, again when a shared slab has been replaced or something went wrong since. */
  bind(): readonly GPUBuffer[] {
    const { slabs, failures, gpu } = this.#device;
    const buffers = slabs.reserve(this.#slabSizes);
    const bound = `${slabs.version} ${failures.recorded}`;
    if (this.#bound === bound) return buffers;
    for (const step of this.#steps) {
      const { call } = step;
      const label = `${call.shader.name}.${call.entry}`;
      const entries = Object.entries(call.shader.entries[call.entry]!).map(([name, [binding]]): GPUBindGroupEntry => {
        if (name === "p") return { binding, resource: { buffer: this.#params, offset: step.paramsOffset, size: alignUp(Math.max(16, 4 * Object.keys(call.shader.params).length), 16) } };
        if (name === "step") return { binding, resource: { buffer: this.#stepBlock } };
        const operand = call.bindings[name];
        if (!operand) throw new AtrousError(`${label}: nothing was given for the binding "${name}".`);
        const place = this.#place(operand);
        return { binding, resource: { buffer: bufferOf(place, buffers), offset: place.offset, size: place.bound ?? (place.bytes || EMPTY_BYTES) } };
      });
      step.group = failures.guard(label, () => gpu.createBindGroup({ layout: step.pipeline.layout, entries, label }));
    }
    this.#bound = bound;
    return buffers;
  }

  /** Makes `bind` make new bind groups: memory outside the slabs has moved. */
  unbind(): void {
    this.#bound = "";
  }

  /** Encodes and submits the steps from `from` on, in one pass, with copies into and out of the program's memory around it. */
  run({ epoch, from, step, copiesIn, copiesOut }: ProgramRun): void {
    const { gpu, failures } = this.#device;
    failures.guard(this.label, () => {
      const slabs = this.bind();
      if (step) gpu.queue.writeBuffer(this.#stepBlock, 0, step);
      const encoder = gpu.createCommandEncoder({ label: this.label });
      for (const { storage, place } of copiesIn) if (place.bytes > 0) encoder.copyBufferToBuffer(storage.buffer, storage.offset, bufferOf(place, slabs), place.offset, place.bytes);
      const pass = encoder.beginComputePass({ label: this.label });
      this.#encode(pass, from, this.#steps.length);
      pass.end();
      for (const { storage, place } of copiesOut) if (place.bytes > 0) encoder.copyBufferToBuffer(bufferOf(place, slabs), place.offset, storage.buffer, storage.offset, place.bytes);
      gpu.queue.submit([encoder.finish()]);
    }, { epoch });
  }

  /** Runs step `index` alone, `times` times, and resolves when the GPU has finished. */
  async runStep(index: number, times = 1): Promise<void> {
    const { gpu, failures } = this.#device;
    const epoch = failures.next();
    failures.guard(this.label, () => {
      this.bind();
      const encoder = gpu.createCommandEncoder({ label: this.label });
      const pass = encoder.beginComputePass();
      for (let i = 0; i < times; i++) this.#encode(pass, index, index + 1);
      pass.end();
      gpu.queue.submit([encoder.finish()]);
    }, { epoch });
    await failures.untilLost(gpu.queue.onSubmittedWorkDone());
    await failures.settled();
    const error = failures.causedBy(epoch);
    if (error) throw error;
  }

  #encode(pass: GPUComputePassEncoder, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const { call, pipeline, group } = this.#steps[i]!;
      pass.setPipeline(pipeline.gpu!);
      pass.setBindGroup(0, group!);
      pass.dispatchWorkgroups(call.workgroups[0], call.workgroups[1], call.workgroups[2]);
    }
  }

  dispose(): void {
    this.#device.queue.run(() => {
      this.#params.destroy();
      this.#stepBlock.destroy();
    });
  }
}

/** What is bound for a tensor without elements: one element of the widest type that kernels read (vec4f). */
const EMPTY_BYTES = 16;

const bufferOf = (place: Place, slabs: readonly GPUBuffer[]): GPUBuffer => place.buffer ?? slabs[place.slab!]!;

/** The parameters of all calls in one block, equal ones once, and where each call finds its own. */
function packAll(calls: readonly KernelCall[]): { offsets: number[]; data: Uint32Array<ArrayBuffer> } {
  const blocks = new Map<string, { offset: number; words: Uint32Array }>();
  let end = 0;
  const offsets = calls.map((call) => {
    const words = packParams(call);
    const key = words.join();
    let block = blocks.get(key);
    if (!block) {
      blocks.set(key, (block = { offset: end, words }));
      end += alignUp(Math.max(16, words.byteLength), BINDING_ALIGNMENT);
    }
    return block.offset;
  });
  const data = new Uint32Array(Math.max(end, BINDING_ALIGNMENT) / 4);
  for (const { offset, words } of blocks.values()) data.set(words, offset / 4);
  return { offsets, data };
}

const scratch = new DataView(new ArrayBuffer(4));

/** The call's parameters as the 32-bit words of the shader's `Params` struct. */
function packParams({ shader, entry, params }: KernelCall): Uint32Array {
  const names = Object.keys(shader.params);
  for (const name of Object.keys(params))
    if (!names.includes(name)) throw new AtrousError(`${shader.name}.${entry}: there is no parameter "${name}".`);
  return Uint32Array.from(names, (name) => {
    const value = params[name];
    if (value === undefined || Number.isNaN(value)) throw new AtrousError(`${shader.name}.${entry}: the parameter "${name}" is missing.`);
    if (shader.params[name] === "f32") scratch.setFloat32(0, value);
    else scratch.setInt32(0, value);
    return scratch.getUint32(0);
  });
}
