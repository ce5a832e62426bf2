import type { Device } from "./device.js";
import { DisposedError } from "./errors.js";

/** Where a tensor's elements live: a range of a buffer, counted by its users. */
export class Storage {
  /** Epoch of the work that last wrote it (see `Failures`). */
  epoch = 0;
  #users = 1;
  readonly device: Device;
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
  readonly #release: () => void;

  constructor(device: Device, buffer: GPUBuffer, offset: number, bytes: number, release: () => void) {
    this.device = device;
    this.buffer = buffer;
    this.offset = offset;
    this.bytes = bytes;
    this.#release = release;
  }

  get disposed(): boolean {
    return this.#users === 0;
  }

  retain(): void {
    this.#users++;
  }

  release(): void {
    if (this.#users > 0 && --this.#users === 0) this.#release();
  }

  /** Throws when the owner has let go of it. */
  check(what: string): void {
    if (this.disposed) throw new DisposedError(`${what}: the tensor was disposed. Keep it alive until its last use, or take what you need with data() first.`);
    this.device.failures.check(this.epoch);
  }

  /** Queues a copy of the contents and resolves with it; the storage may be released at once. */
  read(): Promise<ArrayBuffer> {
    this.retain();
    return this.device.readback.read(this.buffer, this.offset, this.bytes, () => this.epoch, () => this.release());
  }
}
