import type { Device, SharedBuffer } from "../runtime/device.js";
import { byteLength } from "../runtime/dtype.js";
import { AtrousError, DeviceError } from "../runtime/errors.js";
import { mebibytes } from "../runtime/gpu.js";
import type { Operand } from "../runtime/kernel.js";
import { Program, STEP_BLOCK_BYTES, type Place } from "../runtime/program.js";
import { sizeOf } from "../runtime/shape.js";
import type { Storage } from "../runtime/storage.js";
import { checkVersions } from "./check-versions.js";
import { describePlan } from "./describe.js";
import { lowerGraph, type Lowered } from "./lower.js";
import { layOut } from "./lay-out.js";
import type { MemoryPlan } from "./memory-plan.js";
import type { Graph } from "./node.js";
import type { KernelTime } from "./profile.js";
import { Tensor } from "./tensor.js";
import { located, usesOf, type Memory } from "./uses.js";
import type { Variable } from "./variable.js";

/** Bytes that a plan needs. */
export interface PlanMemory {
  /** Intermediate tensors: the slabs. Arguments and results stay where they are, in the caller's tensors. */
  readonly slabs: number;
  /** No placement of the chosen order could need less. */
  readonly lowerBound: number;
  /** Tensors derived from parameters (packed or folded weights), kept between calls. */
  readonly derived: number;
}

/** A graph made ready: kernels chosen, memory laid out, pipelines and bind groups built; replayed per call. */
export class Plan {
  readonly lowered: Lowered;
  readonly layout: MemoryPlan<Memory>;
  readonly program: Program;
  readonly graph: Graph;
  readonly device: Device;
  readonly label: string;
  readonly #statics = new Map<Memory, SharedBuffer>();
  /** Where each variable's memory is, as the bind groups have it. */
  readonly #bound = new Map<Variable, Storage>();
  readonly #watched: Variable[];
  readonly #assigned: Variable[];
  readonly #step = new Uint32Array(STEP_BLOCK_BYTES / 4);
  readonly #guarded: boolean;
  #staticVersion: string | undefined;
  #latest: readonly Storage[] = [];
  #disposed = false;

  constructor(device: Device, graph: Graph, label: string) {
    this.device = device;
    this.graph = graph;
    this.label = label;
    checkVersions(graph);
    const half = graph.nodes.find((node) => Object.values(node.outputs).some(({ dtype }) => dtype === "f16"));
    if (half) device.requireHalf(half.op.name);
    this.lowered = lowerGraph(graph, device.adapter);
    const { calls, statics, memories } = this.lowered;
    this.#guarded = device.guarded;
    this.layout = layOut(this.lowered, device.adapter.limits.maxBufferSize, this.#guarded);
    this.#checkSizes(memories.filter((m) => m.static || m.slot !== undefined || this.layout.places.has(m)));
    this.#watched = [...new Set(statics.flatMap((call) => usesOf(call).reads.flatMap((m) => m.variable ?? [])))];
    this.#assigned = [...graph.capture.assigned];
    for (const { variable } of memories) if (variable) this.#bound.set(variable, variable.memory(label));
    try {
      for (const memory of memories) if (memory.static) this.#statics.set(memory, device.allocateShared(memory.bytes, `${memory.name} (derived)`));
      this.program = new Program(device, label, [...statics, ...calls], this.layout.slabs, (operand) => this.#place(operand));
    } catch (error) {
      this.#releaseStatics();
      throw error;
    }
  }

  /** The facts that were read while capturing still hold. */
  get current(): boolean {
    return this.graph.capture.guards.every(({ get, value }) => get() === value);
  }

  /** It can never run again: it could not be made, or its variables are gone or on another device. A fresh one may do better. */
  get broken(): boolean {
    return this.program.failure !== undefined || [...this.#bound.keys()].some(({ storage }) => !storage || storage.disposed || storage.device !== this.device);
  }

  get memory(): PlanMemory {
    return {
      slabs: this.layout.slabs.reduce((a, b) => a + b, 0),
      lowerBound: this.layout.lowerBound,
      derived: [...this.#statics.values()].reduce((sum, buffer) => sum + buffer.size, 0),
    };
  }

  /** Bytes that belong to this plan alone. */
  get bytes(): number {
    return this.memory.derived + this.program.bytes;
  }

  /** Resolves when every pipeline is compiled. */
  get ready(): Promise<void> {
    return this.program.ready;
  }

  /** Runs the plan on `inputs` (in the order of the captured function's tensors) and returns its outputs. */
  replay(inputs: readonly Tensor[], stepValues = this.graph.capture.stepValues): Tensor[] {
    const { device, label } = this;
    device.failures.check();
    if (this.#disposed) throw new DeviceError(`${label}: the plan was disposed.`);
    if (this.program.failure) throw this.program.failure;
    inputs.forEach((input, i) => input.storage!.check(`${label}, input ${i}`));
    for (const [storage, value] of this.graph.capture.heldStorages) storage.check(`${label}, a tensor of shape [${value.shape.join(", ")}] closed over`);
    const variables = [...this.#bound.keys()].map((variable) => variable.memory(label));
    for (const storage of variables) device.failures.check(storage.epoch);
    const outputs: Tensor[] = [];
    try {
      for (const { shape, dtype } of this.lowered.outputs) outputs.push(new Tensor(shape, dtype, { storage: device.allocate(byteLength(dtype, sizeOf(shape)), label) }));
      if (this.graph.capture.random) device.random.step++;
      const step = this.#stepBlock(stepValues);
      this.#enqueue(inputs.map((t) => t.storage!), outputs.map((t) => t.storage!), variables, step);
    } catch (error) {
      for (const output of outputs) output.dispose();
      throw error;
    }
    return outputs;
  }

  /** Queues the work behind what was asked for before; memory that it uses lives until then. */
  #enqueue(inputs: readonly Storage[], outputs: readonly Storage[], variables: readonly Storage[], step: Uint32Array<ArrayBuffer> | undefined): void {
    const { failures, queue } = this.device;
    const epoch = failures.next();
    for (const output of outputs) output.epoch = epoch;
    const used = [...inputs, ...outputs, ...variables];
    for (const storage of used) storage.hold();
    this.#latest = inputs;
    if (!this.program.compiled) queue.wait(this.program.ready);
    queue.run(() => {
      try {
        if (this.program.failure) failures.record(epoch, this.program.failure);
        else if (!failures.lost) this.#submit(epoch, inputs, outputs, variables, step);
      } catch (error) {
        failures.record(epoch, error instanceof AtrousError ? error : new DeviceError(`${this.label}: ${String(error)}`, { cause: error }));
      } finally {
        for (const storage of used) storage.letGo();
      }
    });
  }

  #submit(epoch: number, inputs: readonly Storage[], outputs: readonly Storage[], variables: readonly Storage[], step: Uint32Array<ArrayBuffer> | undefined): void {
    const { statics, inputs: slots, outputs: results } = this.lowered;
    this.#bind(variables);
    // Parameters that have changed since, and errors, which may have hit what was derived.
    const version = [this.device.failures.recorded, ...this.#watched.map((variable) => variable.version)].join();
    for (const variable of this.#assigned) {
      variable.version++;
      this.#bound.get(variable)!.epoch = epoch;
    }
    this.program.run({
      epoch,
      from: version === this.#staticVersion ? statics.length : 0,
      step,
      slots: [...inputs, ...outputs],
      copiesIn: inputs.flatMap((storage, i) => (slots[i]!.memory.slot === undefined && slots[i]!.memory.last >= 0 ? [{ storage, place: this.#place(slots[i]!) }] : [])),
      copiesOut: outputs.flatMap((storage, i) => (results[i]!.memory.slot === inputs.length + i ? [] : [{ storage, place: this.#place(results[i]!) }])),
    });
    this.#staticVersion = version;
  }

  /** Notes where the variables are now; when one has moved (its model was put on the device again), bind groups and derived tensors follow. */
  #bind(variables: readonly Storage[]): void {
    [...this.#bound].forEach(([variable, storage], i) => {
      if (storage === variables[i]) return;
      this.#bound.set(variable, variables[i]!);
      this.#staticVersion = undefined;
      this.program.unbind();
    });
  }

  #stepBlock(values: typeof this.graph.capture.stepValues): Uint32Array<ArrayBuffer> | undefined {
    if (values.length === 0) return undefined;
    // Work that has to wait keeps a block of its own.
    const block = this.device.queue.idle && this.program.compiled ? this.#step : new Uint32Array(this.#step.length);
    const floats = new Float32Array(block.buffer);
    values.forEach(({ kind, get }, i) => (kind === "f32" ? (floats[i] = get()) : (block[i] = get())));
    return block;
  }

  #place(operand: Operand): Place {
    const { memory, offset, shape, dtype, slice } = located(operand);
    const bytes = slice ? memory.bytes - offset : byteLength(dtype, sizeOf(shape));
    const storage = memory.held ?? (memory.variable && this.#bound.get(memory.variable));
    if (storage) return { buffer: storage.buffer, offset: storage.offset + offset, bytes };
    if (memory.static) return { buffer: this.#statics.get(memory)!, offset, bytes };
    if (memory.slot !== undefined) return { slot: memory.slot, offset, bytes };
    const place = this.layout.places.get(memory)!;
    return { slab: place.slab, offset: place.offset + offset, bytes, ...(this.#guarded && { bound: memory.bytes - offset }) };
  }

  #checkSizes(blocks: readonly Memory[]): void {
    const { maxStorageBufferBindingSize: binding, maxBufferSize: buffer } = this.device.adapter.limits;
    const largest = blocks.reduce<Memory | undefined>((a, b) => (a && a.bytes >= b.bytes ? a : b), undefined);
    if (largest && largest.bytes > binding)
      throw new DeviceError(`${this.label}: ${largest.name} [${largest.shape.join(", ")}] needs ${mebibytes(largest.bytes)}, more than this adapter binds at once (${mebibytes(binding)}). Use a smaller batch or image.`);
    const slab = Math.max(0, ...this.layout.slabs);
    if (slab > buffer) throw new DeviceError(`${this.label}: needs a buffer of ${mebibytes(slab)}, more than this adapter allows (${mebibytes(buffer)}). Use a smaller batch or image.`);
  }

  /** What was fused, the dispatches, and the bytes against the liveness lower bound. */
  describe(): string {
    return describePlan(this);
  }

  /**
   * Time, GFLOP/s and GB/s of each kernel, and how near that is to the adapter's own peaks, which are measured once per
   * device. The dispatches run one by one, on what the plan's memory holds now; variables are put back afterwards.
   */
  async profile(): Promise<KernelTime[]> {
    // Loaded when asked for: programs that only predict or train need none of it.
    const { profilePlan } = await import("./profile.js");
    return profilePlan(this);
  }

  /**
   * Calls `use`, which runs parts of the program, with tensors for its arguments and results: the arguments of the last call
   * where they still exist, and tensors of zeros.
   */
  async withTensors<T>(use: (slots: readonly Storage[]) => T | Promise<T>): Promise<T> {
    const made: Storage[] = [];
    const make = ({ shape, dtype }: Operand): Storage => {
      const bytes = byteLength(dtype, sizeOf(shape));
      const storage = this.device.allocate(bytes, this.label);
      made.push(storage);
      storage.write(new Uint8Array(bytes));
      return storage;
    };
    const inputs = this.lowered.inputs.map((operand, i) => (this.#latest[i]?.disposed === false ? this.#latest[i]! : make(operand)));
    inputs.forEach((storage) => storage.hold());
    try {
      return await use([...inputs, ...this.lowered.outputs.map(make)]);
    } finally {
      inputs.forEach((storage) => storage.letGo());
      for (const storage of made) storage.release();
    }
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#releaseStatics();
    this.program.dispose();
  }

  #releaseStatics(): void {
    for (const buffer of this.#statics.values()) this.device.releaseShared(buffer);
  }
}
