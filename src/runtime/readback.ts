import type { Failures } from "./failures.js";
import { BufferUsage, MapMode } from "./gpu.js";
import type { WorkQueue } from "./work-queue.js";

const DEPTH = 8;

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

  /** Queues the copy now and resolves with the bytes; `epoch` says which work wrote them. `copied` runs once the copy is queued on the GPU. */
  read(source: GPUBuffer, offset: number, bytes: number, epoch: () => number, copied: () => void): Promise<ArrayBuffer> {
    return new Promise((resolve, reject) => {
      const task = (): void => {
        if (this.#inFlight >= DEPTH) return this.#queue.retry(new Promise((freed) => (this.#freed = () => freed(undefined))), task);
        this.#inFlight++;
        this.#copy(source, offset, bytes, epoch(), copied).then(resolve, reject).finally(() => {
          this.#inFlight--;
          this.#freed?.();
          this.#freed = undefined;
        });
      };
      this.#queue.run(task);
    });
  }

  async #copy(source: GPUBuffer, offset: number, bytes: number, epoch: number, copied: () => void): Promise<ArrayBuffer> {
    const size = Math.max(4, bytes);
    let staging!: GPUBuffer;
    const mapped = this.#failures.guard("readback", () => {
      staging = this.#staging(size);
      const encoder = this.#gpu.createCommandEncoder();
      encoder.copyBufferToBuffer(source, offset, staging, 0, size);
      this.#gpu.queue.submit([encoder.finish()]);
      return staging.mapAsync(MapMode.READ, 0, size);
    });
    copied();
    const lost = this.#failures.untilLost();
    try {
      await Promise.race([mapped, lost.promise]).catch(async (reason: unknown) => {
        await this.#failures.settled();
        await Promise.resolve();
        this.#failures.check(epoch);
        throw reason;
      });
      await this.#failures.settled();
      this.#failures.check(epoch);
      const data = staging.getMappedRange(0, size).slice(0, bytes);
      staging.unmap();
      this.#free.push(staging);
      return data;
    } catch (error) {
      staging.destroy();
      throw error;
    } finally {
      lost.cancel();
    }
  }

  #staging(bytes: number): GPUBuffer {
    const fits = this.#free.findIndex((buffer) => buffer.size >= bytes && buffer.size <= 4 * bytes + 4096);
    if (fits >= 0) return this.#free.splice(fits, 1)[0]!;
    if (this.#free.length >= DEPTH) this.#free.shift()!.destroy();
    const size = 2 ** Math.ceil(Math.log2(Math.max(256, bytes)));
    return this.#gpu.createBuffer({ size, usage: BufferUsage.MAP_READ | BufferUsage.COPY_DST, label: "readback" });
  }
}
