import { AtrousError, DeviceError } from "./errors.js";
import type { Failures } from "./failures.js";
import { BufferUsage, MapMode } from "./gpu.js";
import type { WorkQueue } from "./work-queue.js";

/** Reads in flight, and staging buffers kept for the next ones. */
const DEPTH = 8;

/** What to read: a range of a buffer. */
export interface ReadSource {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
  /** Which work wrote it (see `Failures`), as it is when the copy is queued. */
  readonly epoch: number;
}

/** Copies out of GPU buffers through a ring of fixed depth; when it is full, the next read (and what follows it) waits. */
export class Readback {
  readonly #gpu: GPUDevice;
  readonly #queue: WorkQueue;
  readonly #failures: Failures;
  readonly #free: GPUBuffer[] = [];
  #inFlight = 0;
  #freed: (() => void) | undefined;

  constructor(gpu: GPUDevice, queue: WorkQueue, failures: Failures) {
    this.#gpu = gpu;
    this.#queue = queue;
    this.#failures = failures;
  }

  /** Queues the copy now and resolves with the bytes; `copied` runs once the GPU has been told. */
  read(source: ReadSource, copied: () => void): Promise<ArrayBuffer> {
    return new Promise((resolve, reject) => {
      const task = (): void => {
        if (this.#inFlight >= DEPTH) return this.#queue.retry(new Promise((freed) => (this.#freed = () => freed(undefined))), task);
        this.#inFlight++;
        this.#read(source, copied).then(resolve, reject).finally(() => {
          this.#inFlight--;
          this.#freed?.();
          this.#freed = undefined;
        });
      };
      this.#queue.run(task);
    });
  }

  /** Everything up to the first `await` happens at once: the source may change or go after that. */
  async #read({ buffer, offset, bytes, epoch }: ReadSource, copied: () => void): Promise<ArrayBuffer> {
    const size = Math.max(4, bytes);
    const own = this.#failures.next();
    let staging: GPUBuffer | undefined;
    let mapped: Promise<void>;
    try {
      this.#failures.check(epoch);
      mapped = this.#failures.guard("readback", () => {
        staging = this.#staging(size);
        const encoder = this.#gpu.createCommandEncoder({ label: "readback" });
        encoder.copyBufferToBuffer(buffer, offset, staging, 0, size);
        this.#gpu.queue.submit([encoder.finish()]);
        return staging.mapAsync(MapMode.READ, 0, size);
      }, { epoch: own });
    } finally {
      copied();
    }
    try {
      const refused: unknown = await this.#failures.untilLost(mapped).then(() => undefined, (reason: unknown) => reason);
      await this.#failures.settled();
      this.#failures.check(epoch);
      const error = this.#failures.causedBy(own);
      if (error) throw error;
      if (refused !== undefined) throw await this.#explain(refused);
      const data = staging!.getMappedRange(0, size).slice(0, bytes);
      staging!.unmap();
      this.#free.push(staging!);
      return data;
    } catch (error) {
      staging!.destroy();
      throw error;
    }
  }

  /** Why a map was refused. A device that is being lost aborts its maps, sometimes before it says that it is lost. */
  async #explain(refused: unknown): Promise<unknown> {
    if (refused instanceof AtrousError) return refused;
    await this.#failures.untilLost(new Promise((resolve) => setTimeout(resolve, 500)));
    return new DeviceError(`readback: the GPU refused to hand out the result. ${String(refused)}`, { cause: refused });
  }

  #staging(bytes: number): GPUBuffer {
    const fits = this.#free.findIndex((buffer) => buffer.size >= bytes && buffer.size <= 4 * bytes + 4096);
    if (fits >= 0) return this.#free.splice(fits, 1)[0]!;
    if (this.#free.length >= DEPTH) this.#free.shift()!.destroy();
    const size = 2 ** Math.ceil(Math.log2(Math.max(256, bytes)));
    return this.#gpu.createBuffer({ size: Math.min(size, Math.max(bytes, this.#gpu.limits.maxBufferSize)), usage: BufferUsage.MAP_READ | BufferUsage.COPY_DST, label: "readback" });
  }

  /** Frees the staging buffers. */
  destroy(): void {
    for (const buffer of this.#free.splice(0)) buffer.destroy();
  }
}
