import type { Device } from "./device.js";
import { AtrousError } from "./errors.js";
import { alignUp, BINDING_ALIGNMENT, BufferUsage } from "./gpu.js";
import type { KernelCall, Operand } from "./kernel.js";
import type { Pipeline } from "./pipelines.js";
import type { Storage } from "./storage.js";

/** A range of memory: of a shared slab by index, or of a buffer. */
export interface Place {
  readonly slab?: number;
  readonly buffer?: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
}

/** Bytes of the block of values that change with every call (learning rates, step numbers, seeds). */
export const STEP_BLOCK_BYTES = 256;

/** One execution of a program. */
export interface ProgramRun {
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
  readonly ready: Promise<void>;
  failure: unknown;
  #compiled = false;
  #slabVersion = -1;
  readonly #steps: Step[];
  readonly #params: GPUBuffer;
  readonly #stepBlock: GPUBuffer;
  readonly #device: Device;
  readonly #label: string;
  readonly #slabSizes: readonly number[];
  readonly #place: (operand: Operand) => Place;

  constructor(device: Device, label: string, calls: readonly KernelCall[], slabSizes: readonly number[], place: (operand: Operand) => Place) {
    this.#device = device;
    this.#label = label;
    this.#slabSizes = slabSizes;
    this.#place = place;
    const blocks = new Map<string, number>();
    const bytes: Uint32Array[] = [];
    let end = 0;
    this.#steps = device.failures.guard(label, () =>
      calls.map((call) => {
        const packed = packParams(call);
        const key = packed.join();
        let paramsOffset = blocks.get(key);
        if (paramsOffset === undefined) {
          blocks.set(key, (paramsOffset = end));
          bytes.push(packed);
          end += alignUp(Math.max(16, packed.byteLength), BINDING_ALIGNMENT);
        }
        return { call, paramsOffset, pipeline: device.pipelines.get(call.shader, call.entry, call.constants), group: undefined };
      }),
    );
    this.#params = device.createBuffer({ size: Math.max(end, BINDING_ALIGNMENT), usage: BufferUsage.UNIFORM | BufferUsage.COPY_DST, label: `${label} parameters` });
    this.#stepBlock = device.createBuffer({ size: STEP_BLOCK_BYTES, usage: BufferUsage.UNIFORM | BufferUsage.COPY_DST, label: `${label} step block` });
    const all = new Uint32Array(Math.max(end, BINDING_ALIGNMENT) / 4);
    [...blocks.values()].forEach((offset, i) => all.set(bytes[i]!, offset / 4));
    device.write(this.#params, 0, all);
    this.ready = Promise.all(this.#steps.map((step) => step.pipeline.ready)).then(
      () => void (this.#compiled = true),
      (reason: unknown) => {
        this.failure = reason;
        throw reason;
      },
    );
    this.ready.catch(() => undefined);
    this.bind();
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

  /** Makes the bind groups, again when a shared slab has been replaced. */
  bind(): void {
    const slabs = this.#device.slabs.reserve(this.#slabSizes);
    if (this.#slabVersion === this.#device.slabs.version) return;
    this.#slabVersion = this.#device.slabs.version;
    for (const step of this.#steps) {
      const { call } = step;
      const label = `${call.shader.name}.${call.entry}`;
      const entries = Object.entries(call.shader.entries[call.entry]!).map(([name, [binding]]): GPUBindGroupEntry => {
        if (name === "p") return { binding, resource: { buffer: this.#params, offset: step.paramsOffset, size: alignUp(Math.max(16, 4 * Object.keys(call.shader.params).length), 16) } };
        if (name === "step") return { binding, resource: { buffer: this.#stepBlock } };
        const operand = call.bindings[name];
        if (!operand) throw new AtrousError(`${label}: nothing was given for the binding "${name}".`);
        const { slab, buffer, offset, bytes } = this.#place(operand);
        return { binding, resource: { buffer: slab === undefined ? buffer! : slabs[slab]!, offset, size: Math.max(4, bytes) } };
      });
      step.group = this.#device.failures.guard(label, () => this.#device.gpu.createBindGroup({ layout: step.pipeline.layout, entries, label }));
    }
  }

  /** Encodes and submits the steps from `from` on, in one pass, with copies into and out of the program's memory around it. */
  run({ from, step, copiesIn, copiesOut }: ProgramRun): void {
    const { gpu, failures, slabs } = this.#device;
    failures.guard(this.#label, () => {
      this.bind();
      if (step) gpu.queue.writeBuffer(this.#stepBlock, 0, step);
      const encoder = gpu.createCommandEncoder();
      const bufferOf = (place: Place): GPUBuffer => place.buffer ?? slabs.reserve(this.#slabSizes)[place.slab!]!;
      for (const { storage, place } of copiesIn) if (place.bytes > 0) encoder.copyBufferToBuffer(storage.buffer, storage.offset, bufferOf(place), place.offset, place.bytes);
      const pass = encoder.beginComputePass();
      this.#encode(pass, from, this.#steps.length);
      pass.end();
      for (const { storage, place } of copiesOut) if (place.bytes > 0) encoder.copyBufferToBuffer(bufferOf(place), place.offset, storage.buffer, storage.offset, place.bytes);
      gpu.queue.submit([encoder.finish()]);
    });
  }

  /** Runs step `index` alone, `times` times, and resolves when the GPU has finished. */
  async runStep(index: number, times = 1): Promise<void> {
    const { gpu, failures } = this.#device;
    failures.guard(this.#label, () => {
      this.bind();
      const encoder = gpu.createCommandEncoder();
      const pass = encoder.beginComputePass();
      for (let i = 0; i < times; i++) this.#encode(pass, index, index + 1);
      pass.end();
      gpu.queue.submit([encoder.finish()]);
    });
    await gpu.queue.onSubmittedWorkDone();
  }

  #encode(pass: GPUComputePassEncoder, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const { call, pipeline, group } = this.#steps[i]!;
      pass.setPipeline(pipeline.gpu!);
      pass.setBindGroup(0, group!);
      pass.dispatchWorkgroups(call.workgroups[0], call.workgroups[1], call.workgroups[2]);
    }
  }

  get label(): string {
    return this.#label;
  }

  dispose(): void {
    this.#device.queue.run(() => {
      this.#params.destroy();
      this.#stepBlock.destroy();
    });
  }
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
