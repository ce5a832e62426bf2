import type { Device } from "./device.js";
import { AtrousError } from "./errors.js";
import { alignUp, BINDING_ALIGNMENT, BufferUsage } from "./gpu.js";
import type { KernelCall, Operand } from "./kernel.js";
import type { Pipeline } from "./pipelines.js";
import { specialisationOf } from "./specialise.js";
import type { Storage } from "./storage.js";

/** A range of memory: of a shared slab by index, of a buffer, or of a tensor that comes with every run. */
export interface Place {
  readonly slab?: number;
  /** Number of the tensor among those of the run. */
  readonly slot?: number;
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
  readonly step?: Uint32Array<ArrayBuffer> | undefined;
  /** What places with a slot are in this run. */
  readonly slots?: readonly Storage[];
  readonly copiesIn?: readonly { storage: Storage; place: Place }[];
  readonly copiesOut?: readonly { storage: Storage; place: Place }[];
}

/**
 * Where a long program is cut into submissions: the GPU begins with the first dispatches while the rest is encoded.
 * Programs shorter than `LONG` go in one piece.
 */
const CUTS = [8, 40] as const;
const LONG = 64;
/** Bind groups that are kept for a dispatch whose tensors change from run to run. */
const MOST_GROUPS = 16;

/** A dispatch that touches tensors of the run. */
interface Moving {
  readonly call: number;
  /** The slots of those tensors. */
  readonly slots: readonly number[];
  /** Its bind groups, by buffers. */
  readonly groups: Map<string, GPUBindGroup>;
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
  readonly calls: readonly KernelCall[];
  /** By dispatch, in lists of their own, so that encoding makes no object and reads none but these. */
  readonly #pipelines: readonly Pipeline[];
  readonly #groups: GPUBindGroup[] = [];
  readonly #moving: readonly Moving[];
  /** The tensors that the bind groups are for. */
  #slots: readonly Storage[] = [];
  /** Workgroups along x, y and z of each dispatch. */
  readonly #grids: Uint32Array;
  /** Where each dispatch finds its parameters, in bytes. */
  readonly #offsets: readonly number[];
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
    this.calls = calls;
    this.#grids = Uint32Array.from(calls.flatMap((call) => call.workgroups));
    this.#moving = calls.flatMap((call, i) => {
      const slots = Object.values(call.bindings).flatMap((operand) => place(operand).slot ?? []);
      return slots.length > 0 ? [{ call: i, slots, groups: new Map<string, GPUBindGroup>() }] : [];
    });
    const { offsets, data } = packAll(calls);
    this.#offsets = offsets;
    const usage = BufferUsage.UNIFORM | BufferUsage.COPY_DST;
    const epoch = device.failures.next();
    [this.#pipelines, this.#params, this.#stepBlock] = device.failures.guard(label, () => {
      const pipelines = calls.map((call) => device.pipelines.get(call.shader, call.entry, specialisationOf(call)));
      const params = device.createBuffer({ size: data.byteLength, usage, label: `${label} parameters` });
      // Not through the queue, which may wait for this very program: nothing older uses the buffer.
      device.gpu.queue.writeBuffer(params, 0, data);
      return [pipelines, params, device.createBuffer({ size: STEP_BLOCK_BYTES, usage, label: `${label} step block` })];
    }, { epoch });
    device.failures.guard(label, () => this.bind(), { epoch });
    this.ready = this.#made(epoch);
    this.ready.catch(() => undefined);
  }

  /** Waits for the compilers, and for the GPU's verdict on everything made in `epoch`. */
  async #made(epoch: number): Promise<void> {
    const { failures } = this.#device;
    try {
      const compiled = await Promise.allSettled([...new Set(this.#pipelines)].map((pipeline) => pipeline.ready));
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

  /** Makes the bind groups, again when a shared slab has been replaced or something went wrong since; those that touch tensors of a run, once for each. */
  bind(slots: readonly Storage[] = []): readonly GPUBuffer[] {
    const { slabs, failures } = this.#device;
    const buffers = slabs.reserve(this.#slabSizes);
    const bound = `${slabs.version} ${failures.recorded}`;
    if (this.#bound !== bound) {
      const moving = new Set(this.#moving.map(({ call, groups }) => (groups.clear(), call)));
      this.calls.forEach((_, i) => {
        if (!moving.has(i)) this.#groups[i] = this.#group(i, buffers, []);
      });
      this.#slots = [];
      this.#bound = bound;
    }
    if (slots.some((storage, i) => storage.buffer !== this.#slots[i]?.buffer)) {
      for (const moving of this.#moving) this.#groups[moving.call] = this.#groupFor(moving, buffers, slots);
      this.#slots = slots;
    }
    return buffers;
  }

  /** The bind group of a dispatch for the tensors of a run: made for buffers that it has not met lately. */
  #groupFor({ call, slots: used, groups }: Moving, buffers: readonly GPUBuffer[], slots: readonly Storage[]): GPUBindGroup {
    let key = "";
    for (const slot of used) key += `${idOf(slots[slot]!.buffer)} `;
    const group = groups.get(key) ?? this.#group(call, buffers, slots);
    // The one used longest ago goes first.
    groups.delete(key);
    groups.set(key, group);
    if (groups.size > MOST_GROUPS) groups.delete(groups.keys().next().value!);
    return group;
  }

  #group(index: number, buffers: readonly GPUBuffer[], slots: readonly Storage[]): GPUBindGroup {
    const { failures, gpu } = this.#device;
    const call = this.calls[index]!;
    const label = `${call.shader.name}.${call.entry}`;
    const entries = Object.entries(call.shader.entries[call.entry]!).map(([name, [binding]]): GPUBindGroupEntry => {
      if (name === "p") return { binding, resource: { buffer: this.#params, offset: this.#offsets[index]!, size: alignUp(Math.max(16, 4 * Object.keys(call.shader.params).length), 16) } };
      if (name === "step") return { binding, resource: { buffer: this.#stepBlock } };
      const operand = call.bindings[name];
      if (!operand) throw new AtrousError(`${label}: nothing was given for the binding "${name}".`);
      const place = this.#place(operand);
      return { binding, resource: { ...rangeOf(place, buffers, slots), size: place.bound ?? (place.bytes || EMPTY_BYTES) } };
    });
    return failures.guard(label, () => gpu.createBindGroup({ layout: this.#pipelines[index]!.layout, entries, label }));
  }

  /** Makes `bind` make new bind groups: memory outside the slabs has moved. */
  unbind(): void {
    this.#bound = "";
  }

  /** Encodes and submits the steps from `from` on, with copies into and out of the program's memory around them. */
  run({ epoch, from, step, slots = [], copiesIn = [], copiesOut = [] }: ProgramRun): void {
    const { gpu, failures } = this.#device;
    failures.guard(this.label, () => {
      const slabs = this.bind(slots);
      const copy = (from: Range, to: Range, bytes: number): void => {
        if (bytes > 0) encoder.copyBufferToBuffer(from.buffer, from.offset, to.buffer, to.offset, bytes);
      };
      if (step) gpu.queue.writeBuffer(this.#stepBlock, 0, step);
      let encoder = gpu.createCommandEncoder({ label: this.label });
      for (const { storage, place } of copiesIn) copy(storage, rangeOf(place, slabs, slots), place.bytes);
      let begin = from;
      for (const cut of this.calls.length - from < LONG ? [] : CUTS) {
        this.#pass(encoder, begin, from + cut);
        gpu.queue.submit([encoder.finish()]);
        encoder = gpu.createCommandEncoder({ label: this.label });
        begin = from + cut;
      }
      this.#pass(encoder, begin, this.calls.length);
      for (const { storage, place } of copiesOut) copy(rangeOf(place, slabs, slots), storage, place.bytes);
      gpu.queue.submit([encoder.finish()]);
    }, { epoch });
  }

  /**
   * Microseconds on this thread to encode one dispatch, from the start of the pass to the finished command buffer, which is
   * dropped: the least of `rounds`. For benchmarks; the program must be compiled.
   *
   * @param slots what places with a slot are
   */
  encodingTime(slots: readonly Storage[], rounds = 50): number {
    const { gpu, failures } = this.#device;
    return failures.guard(this.label, () => {
      this.bind(slots);
      let least = Infinity;
      for (let round = 0; round < rounds; round++) {
        const encoder = gpu.createCommandEncoder({ label: this.label });
        const start = performance.now();
        this.#pass(encoder, 0, this.calls.length);
        encoder.finish();
        least = Math.min(least, performance.now() - start);
      }
      return (1000 * least) / this.calls.length;
    });
  }

  /** Runs step `index` alone, `times` times, and resolves when the GPU has finished; `slots` are what places with a slot are. */
  async runStep(index: number, times = 1, slots: readonly Storage[] = []): Promise<void> {
    const { gpu, failures } = this.#device;
    const epoch = failures.next();
    failures.guard(this.label, () => {
      this.bind(slots);
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

  #pass(encoder: GPUCommandEncoder, from: number, to: number): void {
    const pass = encoder.beginComputePass({ label: this.label });
    this.#encode(pass, from, to);
    pass.end();
  }

  /** The hot loop: two or three calls per dispatch and nothing else. */
  #encode(pass: GPUComputePassEncoder, from: number, to: number): void {
    const [pipelines, groups, grids] = [this.#pipelines, this.#groups, this.#grids];
    let current: GPUComputePipeline | undefined;
    for (let i = from; i < to; i++) {
      const pipeline = pipelines[i]!.gpu!;
      if (pipeline !== current) pass.setPipeline((current = pipeline));
      pass.setBindGroup(0, groups[i]!);
      pass.dispatchWorkgroups(grids[3 * i]!, grids[3 * i + 1]!, grids[3 * i + 2]!);
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

interface Range {
  readonly buffer: GPUBuffer;
  readonly offset: number;
}

function rangeOf({ slot, slab, buffer, offset }: Place, slabs: readonly GPUBuffer[], slots: readonly Storage[]): Range {
  if (slot === undefined) return { buffer: buffer ?? slabs[slab!]!, offset };
  const storage = slots[slot]!;
  return { buffer: storage.buffer, offset: storage.offset + offset };
}

/** Numbers for buffers, so that bind groups can be found by them. */
const ids = new WeakMap<GPUBuffer, number>();
let nextId = 0;
const idOf = (buffer: GPUBuffer): number => ids.get(buffer) ?? (ids.set(buffer, nextId), nextId++);

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
