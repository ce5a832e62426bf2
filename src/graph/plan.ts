import type { Device, SharedBuffer } from "../runtime/device.js";
import { byteLength } from "../runtime/dtype.js";
import { CaptureError, DeviceError } from "../runtime/errors.js";
import { mebibytes } from "../runtime/gpu.js";
import type { Operand } from "../runtime/kernel.js";
import { Program, STEP_BLOCK_BYTES, type Place } from "../runtime/program.js";
import { sizeOf } from "../runtime/shape.js";
import { describePlan } from "./describe.js";
import { lowerGraph, located, usesOf, type Lowered, type Memory } from "./lower.js";
import { planMemory, type MemoryPlan } from "./memory-plan.js";
import type { Graph } from "./node.js";
import { profilePlan, type KernelTime } from "./profile.js";
import { Tensor } from "./tensor.js";
import type { Variable } from "./variable.js";

/** Bytes that a plan needs. */
export interface PlanMemory {
  /** Intermediate tensors, inputs and outputs: the slabs. */
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
  readonly #watched: Variable[];
  readonly #assigned: Variable[];
  readonly #step = new Uint32Array(STEP_BLOCK_BYTES / 4);
  #staticVersion: string | undefined;
  #disposed = false;

  constructor(device: Device, graph: Graph, label: string) {
    this.device = device;
    this.graph = graph;
    this.label = label;
    checkVersions(graph);
    this.lowered = lowerGraph(graph, device.adapter);
    const { calls, statics, memories, inputs, outputs } = this.lowered;
    for (const { memory } of inputs) memory.first = -1;
    for (const { memory } of outputs) memory.last = calls.length;
    const blocks = memories.filter((m) => !m.variable && !m.held && !m.static && m.last >= -1);
    for (const block of blocks) block.last = Math.max(block.last, block.first);
    this.layout = planMemory(blocks, rivals(calls.map(usesOf)), device.adapter.limits.maxBufferSize);
    this.#checkSizes(blocks);
    this.#watched = [...new Set(statics.flatMap((call) => usesOf(call).reads.flatMap((m) => m.variable ?? [])))];
    this.#assigned = [...graph.capture.assigned];
    for (const memory of memories) if (memory.static) this.#statics.set(memory, device.allocateShared(memory.bytes, `${memory.name} (derived)`));
    this.program = new Program(device, label, [...statics, ...calls], this.layout.slabs, (operand) => this.#place(operand));
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
    const { device, lowered } = this;
    if (this.#disposed) throw new DeviceError(`${this.label}: the plan was disposed.`);
    if (this.program.failure) throw this.program.failure;
    device.failures.check();
    inputs.forEach((input, i) => input.storage!.check(`${this.label}, input ${i}`));
    for (const [storage, value] of this.graph.capture.heldStorages) storage.check(`${this.label}, a tensor of shape [${value.shape.join(", ")}] closed over`);
    for (const { variable } of lowered.memories) variable?.memory(this.label);
    const epoch = ++device.failures.epoch;
    if (this.graph.capture.random) device.random.step++;
    const step = this.#stepBlock(stepValues);
    const outputs = lowered.outputs.map((place) => {
      const storage = device.allocate(byteLength(place.dtype, sizeOf(place.shape)), this.label);
      storage.epoch = epoch;
      return new Tensor(place.shape, place.dtype, { storage });
    });
    for (const variable of this.#assigned) {
      variable.version++;
      variable.memory(this.label).epoch = epoch;
    }
    const storages = [...inputs, ...outputs].map((tensor) => tensor.storage!);
    for (const storage of storages) storage.retain();
    if (!this.program.compiled) device.queue.wait(this.program.ready);
    device.queue.run(() => {
      if (!this.program.failure && !device.failures.lost) this.#submit(inputs, outputs, step);
      else if (this.program.failure) device.failures.record(epoch, this.program.failure as DeviceError);
      for (const storage of storages) storage.release();
    });
    return outputs;
  }

  #submit(inputs: readonly Tensor[], outputs: readonly Tensor[], step: Uint32Array<ArrayBuffer> | undefined): void {
    const { statics, inputs: slots, outputs: results } = this.lowered;
    const version = this.#watched.map((variable) => variable.version).join();
    this.program.run({
      from: version === this.#staticVersion ? statics.length : 0,
      step,
      copiesIn: inputs.flatMap((input, i) => (slots[i]!.memory.last >= 0 ? [{ storage: input.storage!, place: this.#place(slots[i]!) }] : [])),
      copiesOut: outputs.map((output, i) => ({ storage: output.storage!, place: this.#place(results[i]!) })),
    });
    this.#staticVersion = version;
  }

  #stepBlock(values: typeof this.graph.capture.stepValues): Uint32Array<ArrayBuffer> | undefined {
    if (values.length === 0) return undefined;
    const block = this.device.queue.idle ? this.#step : new Uint32Array(this.#step.length);
    const floats = new Float32Array(block.buffer);
    values.forEach(({ kind, get }, i) => (kind === "f32" ? (floats[i] = get()) : (block[i] = get())));
    return block;
  }

  #place(operand: Operand): Place {
    const { memory, offset, shape, dtype, slice } = located(operand);
    const bytes = slice ? memory.bytes - offset : byteLength(dtype, sizeOf(shape));
    if (memory.variable) {
      const storage = memory.variable.memory(this.label);
      return { buffer: storage.buffer, offset: storage.offset + offset, bytes };
    }
    if (memory.held) return { buffer: memory.held.buffer, offset: memory.held.offset + offset, bytes };
    if (memory.static) return { buffer: this.#statics.get(memory)!, offset, bytes };
    const place = this.layout.places.get(memory)!;
    return { slab: place.slab, offset: place.offset + offset, bytes };
  }

  #checkSizes(blocks: readonly Memory[]): void {
    const { maxStorageBufferBindingSize: binding, maxBufferSize: buffer } = this.device.adapter.limits;
    const largest = blocks.reduce((a, b) => (b.bytes > a.bytes ? b : a), blocks[0] ?? ({ bytes: 0, name: "" } as Memory));
    if (largest.bytes > binding)
      throw new DeviceError(`${this.label}: the result of ${largest.name} needs ${mebibytes(largest.bytes)}, more than this adapter binds at once (${mebibytes(binding)}). Use a smaller batch or image.`);
    const slab = Math.max(0, ...this.layout.slabs);
    if (slab > buffer) throw new DeviceError(`${this.label}: needs a buffer of ${mebibytes(slab)}, more than this adapter allows (${mebibytes(buffer)}). Use a smaller batch or image.`);
  }

  /** What was fused, the dispatches, and the bytes against the liveness lower bound. */
  describe(): string {
    return describePlan(this);
  }

  /** Time, GFLOP/s and GB/s of each kernel: the plan's dispatches run one by one (on what its memory holds now; parameters are left as they are only by plans that assign none). */
  profile(): Promise<KernelTime[]> {
    return profilePlan(this);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const buffer of this.#statics.values()) this.device.releaseShared(buffer);
    this.program.dispose();
  }
}

/** Pairs of memories that one dispatch reads and writes. */
function rivals(uses: readonly { reads: Memory[]; writes: Memory[] }[]): Map<Memory, Set<Memory>> {
  const pairs = new Map<Memory, Set<Memory>>();
  const add = (a: Memory, b: Memory): void => void (pairs.get(a) ?? pairs.set(a, new Set()).get(a)!).add(b);
  for (const { reads, writes } of uses)
    for (const read of reads)
      for (const write of writes) {
        add(read, write);
        add(write, read);
      }
  return pairs;
}

/** A variable's old value is gone once a new one was computed in its place: nothing may read it later. */
function checkVersions(graph: Graph): void {
  const latest = new Map<Variable, number>();
  for (const node of graph.nodes) {
    for (const value of Object.values(node.inputs)) {
      if (value?.home && (latest.get(value.home) ?? -1) > value.id)
        throw new CaptureError(`${node.op.name}: reads "${value.home.name}" as it was before this function assigned it. Read it again after the assignment, or do this first.`);
    }
    for (const value of Object.values(node.outputs)) if (value.home) latest.set(value.home, value.id);
  }
}
