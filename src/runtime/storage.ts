import type { Device } from "./device.js";
import { DisposedError } from "./errors.js";

/** Where a tensor's elements live: a range of a buffer, counted by its users. */
export class Storage {
  /** Epoch of the work that last wrote it (see `Failures`). */
  epoch = 0;
  #disposed = false;
  /** The owner, and queued work that still needs the memory. */
  #users = 1;
  readonly device: Device;
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
  readonly #free: () => void;
  readonly #released: (() => void) | undefined;

  /**
   * @param free gives the memory back, when nobody needs it any more
   * @param released called when the owner lets go
   */
  constructor(device: Device, buffer: GPUBuffer, offset: number, bytes: number, free: () => void, released?: () => void) {
    this.device = device;
    this.buffer = buffer;
    this.offset = offset;
    this.bytes = bytes;
    this.#free = free;
    this.#released = released;
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  /** The owner lets go: nobody may use it from now on, and the memory is free when queued work has had it. Safe to call twice. */
  release(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#released?.();
    this.letGo();
  }

  /** Keeps the memory for queued work, until `letGo`. */
  hold(): void {
    this.#users++;
  }

  letGo(): void {
    if (--this.#users === 0) this.#free();
  }

  /** Throws when the owner has let go of it. */
  check(what: string): void {
    if (this.disposed) throw new DisposedError(`${what}: the tensor was disposed. Keep it alive until its last use, or take what you need with data() first.`);
    this.device.failures.check(this.epoch);
  }

  /** Queues a write of the contents from the host. */
  write(data: ArrayBufferView): void {
    const { device } = this;
    device.failures.check();
    const epoch = device.write(this.buffer, this.offset, data);
    this.epoch = epoch;
    device.queue.run(() => void (this.epoch = epoch)); // after work that stands before it in the queue and writes here too
  }

  /** Queues a copy of the contents and resolves with it; the storage may be released at once. */
  read(): Promise<ArrayBuffer> {
    this.hold();
    return this.device.readback.read(this, () => this.letGo());
  }
}
