import type { Device } from "./device.js";

/**
 * The buffers in which plans keep their intermediate tensors, shared by all plans of a device. A plan that needs
 * more than there is makes a slab grow; plans bound to the old buffer notice by `version` and bind again.
 */
export class Slabs {
  version = 0;
  readonly #buffers: GPUBuffer[] = [];
  readonly #device: Device;

  constructor(device: Device) {
    this.#device = device;
  }

  get bytes(): number {
    return this.#buffers.reduce((sum, buffer) => sum + buffer.size, 0);
  }

  /** Buffers of at least the given sizes, by index. */
  reserve(sizes: readonly number[]): readonly GPUBuffer[] {
    sizes.forEach((size, i) => {
      const old = this.#buffers[i];
      if (old && old.size >= size) return;
      if (old) this.#device.releaseShared(old);
      this.#buffers[i] = this.#device.allocateShared(size, `slab ${i}`);
      this.version++;
    });
    return this.#buffers;
  }

  /** Gives up `buffer` if it is a slab: the GPU had no memory for it. */
  discard(buffer: GPUBuffer): void {
    if (this.#buffers.includes(buffer)) this.clear();
  }

  /** Frees the slabs; plans make new ones when they run again. */
  clear(): void {
    for (const buffer of this.#buffers.splice(0)) this.#device.releaseShared(buffer);
    this.version++;
  }
}
