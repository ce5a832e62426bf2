import { describe, openDevice, type Adapter } from "./adapter.js";
import { BufferPool } from "./buffer-pool.js";
import { AtrousError, DeviceError, FileError } from "./errors.js";
import { Failures } from "./failures.js";
import { mebibytes, TENSOR_USAGE } from "./gpu.js";
import { PipelineCache } from "./pipelines.js";
import { Readback } from "./readback.js";
import { Slabs } from "./slabs.js";
import { Storage } from "./storage.js";
import { WorkQueue } from "./work-queue.js";

export type { Adapter } from "./adapter.js";

/** RGB pixels of a decoded image, rows from the top. */
export interface Pixels {
  data: Uint8Array | Uint8ClampedArray;
  width: number;
  height: number;
  channels: 1 | 3 | 4;
}

export interface DeviceOptions {
  /** What programs print: "lavapipe (llvmpipe …)". Default: the adapter's own description. */
  name?: string;
  /** A CPU pretending to be a GPU (chooses kernels). Default: what the adapter says of itself. */
  software?: boolean;
  /** Decodes an image file or address; `atrous/node` and browsers bring their own. */
  readImage?: (source: string | URL | Blob) => Promise<Pixels>;
}

/** Memory outside the pool, as other layers hold it. */
export type SharedBuffer = GPUBuffer;

export interface DeviceMemory {
  /** Bytes that tensors, parameters and plans hold now. */
  readonly live: number;
  /** Bytes kept for reuse. */
  readonly pooled: number;
  /** The most that live and pooled bytes came to. */
  readonly peak: number;
  /** Tensors not yet disposed. */
  readonly tensors: number;
}

/** Opens WebGPU devices with the adapter's own limits and features, and owns everything made on one. */
export class Device {
  readonly adapter: Adapter;
  readonly failures: Failures;
  readonly queue: WorkQueue;
  readonly pool: BufferPool;
  readonly pipelines: PipelineCache;
  readonly readback: Readback;
  readonly slabs: Slabs;
  /** State of the random operators (dropout): draws depend on the seed, the step, and the place in the program. */
  readonly random = { seed: 0, step: 0 };
  /** See `guardPlans`. */
  guarded = false;
  /** Caches that other layers hang on a device; dropped with it. */
  readonly attachments = new Map<unknown, unknown>();
  readonly #tensors = new Set<Storage>();
  readonly #scopes: Set<Storage>[] = [];
  readonly #readImage: DeviceOptions["readImage"];
  readonly #cleanups: (() => void)[] = [];
  readonly #shared = new Set<GPUBuffer>();
  #destroyed: Promise<void> | undefined;
  readonly gpu: GPUDevice;
  readonly #owned: boolean;

  private constructor(gpu: GPUDevice, adapter: Adapter, options: DeviceOptions, owned: boolean) {
    this.gpu = gpu;
    this.#owned = owned;
    this.adapter = adapter;
    this.#readImage = options.readImage;
    this.failures = new Failures(gpu, owned);
    this.queue = new WorkQueue((error) => this.failures.record(0, error instanceof AtrousError ? error : new DeviceError(`Queued work failed. ${String(error)}`, { cause: error })));
    this.pool = new BufferPool({
      limits: gpu.limits,
      create: (descriptor) => this.createBuffer(descriptor),
      fill: (buffer, word) => void this.write(buffer, 0, new Uint32Array(buffer.size / 4).fill(word)),
      destroy: (buffer) => this.queue.run(() => buffer.destroy()),
    });
    this.pipelines = new PipelineCache(gpu, this.failures);
    this.readback = new Readback(gpu, this.queue, this.failures);
    this.slabs = new Slabs(this);
  }

  /**
   * Opens the device behind `adapter`, with all of the adapter's limits.
   *
   * @throws DeviceError when the adapter refuses; one adapter gives one device, so ask for a new adapter for the next
   */
  static async open(adapter: GPUAdapter, options: DeviceOptions = {}): Promise<Device> {
    const gpu = await openDevice(adapter);
    return new Device(gpu, describe(gpu, adapter.info, options), options, true);
  }

  /** Adopts a device that the app already has; `destroy()` leaves it alive. */
  static adopt(gpu: GPUDevice, options: DeviceOptions = {}): Device {
    return new Device(gpu, describe(gpu, gpu.adapterInfo, options), options, false);
  }

  /** A buffer; the GPU says later, through `failures`, whether there was memory for it. */
  createBuffer(descriptor: GPUBufferDescriptor): GPUBuffer {
    return this.failures.guard(descriptor.label ?? "buffer", () => this.gpu.createBuffer(descriptor), {
      failed: (buffer) => {
        this.pool.discard(buffer);
        this.slabs.discard(buffer);
      },
    });
  }

  /**
   * Throws unless f16 tensors can live here.
   *
   * @param what the operation that needs them
   * @throws DeviceError that names the missing feature
   */
  requireHalf(what: string): void {
    if (!this.adapter.features.has("shader-f16"))
      throw new DeviceError(`${what}: f16 tensors need the WebGPU feature "shader-f16", which this adapter (${this.adapter.name}) does not have. Stay with f32 here.`);
  }

  /** Memory for a tensor, from the pool. */
  allocate(bytes: number, label: string): Storage {
    this.failures.check();
    const buffer = this.pool.acquire(bytes, label);
    const storage: Storage = new Storage(this, buffer, 0, bytes, () => this.pool.release(buffer), () => {
      this.#tensors.delete(storage);
      for (const scope of this.#scopes) scope.delete(storage);
    });
    storage.epoch = this.failures.epoch;
    this.#tensors.add(storage);
    this.#scopes.at(-1)?.add(storage);
    return storage;
  }

  /**
   * A buffer outside the pool, for memory that many tensors share (parameters, slabs).
   *
   * @throws DeviceError when it is larger than the adapter allows
   */
  allocateShared(bytes: number, label: string): GPUBuffer {
    this.failures.check();
    const { maxBufferSize } = this.gpu.limits;
    if (bytes > maxBufferSize) throw new DeviceError(`${label}: needs ${mebibytes(bytes)}, more than this adapter allows in one buffer (${mebibytes(maxBufferSize)}).`);
    const buffer = this.createBuffer({ size: bytes, usage: TENSOR_USAGE, label });
    this.pool.grow(bytes);
    this.#shared.add(buffer);
    return buffer;
  }

  releaseShared(buffer: GPUBuffer): void {
    if (!this.#shared.delete(buffer)) return;
    this.pool.live -= buffer.size;
    this.queue.run(() => buffer.destroy());
  }

  /**
   * Writes host data in queue order. A write that must wait takes a copy, so `data` may be reused at once.
   *
   * @returns the epoch of the write (see `Failures`)
   */
  write(buffer: GPUBuffer, offset: number, data: ArrayBufferView): number {
    const shared = typeof SharedArrayBuffer !== "undefined" && data.buffer instanceof SharedArrayBuffer;
    let bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    if (shared || !this.queue.idle || bytes.length % 4 !== 0) {
      const copy = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
      copy.set(bytes);
      bytes = copy;
    }
    const epoch = this.failures.next();
    this.queue.run(() => this.failures.guard("upload", () => this.gpu.queue.writeBuffer(buffer, offset, bytes), { epoch }));
    return epoch;
  }

  /** Decodes an image with the means of this platform. */
  readImage(source: string | URL | Blob): Promise<Pixels> {
    if (!this.#readImage) throw new FileError("This device cannot read image files: create it with createDevice() from \"atrous/node\" (files) or \"atrous\" (browsers).");
    return this.#readImage(source);
  }

  /**
   * Runs `body` and disposes of every tensor made inside, except those in its return value (looked for in arrays
   * and plain objects). `body` must be synchronous.
   */
  scope<T>(body: () => T): T {
    const made = new Set<Storage>();
    this.#scopes.push(made);
    let kept = new Set<Storage>();
    try {
      const result = body();
      if (result instanceof Promise && !(Symbol.for("atrous.readback") in result)) {
        result.catch(() => undefined); // what it ends in matters less than that it was started
        throw new DeviceError("scope: the callback must not be async. Call tensor.data() inside and await it outside.");
      }
      kept = storagesIn(result);
      return result;
    } finally {
      this.#scopes.pop();
      for (const storage of made) {
        if (!kept.has(storage)) storage.release();
        else this.#scopes.at(-1)?.add(storage);
      }
    }
  }

  memory(): DeviceMemory {
    const { live, pooled, peak } = this.pool;
    return { live, pooled, peak, tensors: this.#tensors.size };
  }

  /** Test hook: see `BufferPool.poison`. */
  poisonPool(on: boolean): void {
    this.pool.poison = on;
  }

  /**
   * Test hook: plans made from now on bind every tensor together with padding behind it, which shares its place with nothing.
   * What a kernel writes beyond a tensor's end is then found there instead of being dropped or clamped by the GPU.
   */
  guardPlans(on: boolean): void {
    this.guarded = on;
  }

  /** Test hook: forces a kernel variant ("clear", "direct") where it applies; undefined lets the cost model choose. */
  forceVariant(name: string | undefined): void {
    this.adapter.variant = name;
  }

  /** Resolves when the GPU has done everything asked for so far; throws what went wrong on the way and was not thrown yet. */
  async idle(): Promise<void> {
    await new Promise<void>((resolve) => this.queue.run(resolve));
    this.failures.check();
    await this.failures.untilLost(this.gpu.queue.onSubmittedWorkDone());
    await this.failures.settled();
    this.failures.checkAll();
  }

  onDestroy(cleanup: () => void): void {
    this.#cleanups.push(cleanup);
  }

  /** Waits for the GPU, then frees everything. Programs call it before they end; later use throws a DeviceLostError. Safe to call twice. */
  destroy(): Promise<void> {
    return (this.#destroyed ??= this.#destroy());
  }

  async #destroy(): Promise<void> {
    await this.idle().catch(() => undefined);
    for (const cleanup of this.#cleanups) cleanup();
    this.slabs.clear();
    this.readback.destroy();
    this.failures.lose();
    this.pool.trim();
    for (const { buffer } of this.#tensors) buffer.destroy();
    for (const buffer of this.#shared) buffer.destroy();
    if (!this.#owned) return;
    this.gpu.destroy();
    await this.gpu.lost;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.destroy();
  }
}

/** Storages of the tensors in a value: itself, or inside arrays and plain objects. */
function storagesIn(value: unknown, found = new Set<Storage>()): Set<Storage> {
  if (typeof value !== "object" || value === null) return found;
  const storage = (value as { storage?: unknown }).storage;
  if (storage instanceof Storage) found.add(storage);
  else if (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) Object.values(value).forEach((v) => storagesIn(v, found));
  else if (value instanceof Map) value.forEach((v) => storagesIn(v, found));
  return found;
}
