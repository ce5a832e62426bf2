import { DeviceError } from "./errors.js";
import { mebibytes, TENSOR_USAGE } from "./gpu.js";

/** Pooled bytes kept for reuse beyond what is live; those of the size that was given back longest ago go first. */
const POOL_BYTES = 512 * 2 ** 20;

/** Sizes are rounded up to eighths of a power of two, so that slightly different shapes share buffers. */
function roundUp(bytes: number): number {
  const step = Math.max(256, 2 ** (Math.floor(Math.log2(Math.max(bytes, 1))) - 3));
  return Math.ceil(Math.max(bytes, 4) / step) * step;
}

/** What the pool needs of a device; calls are made in the order of its work. */
export interface PoolDevice {
  readonly limits: Pick<GPUSupportedLimits, "maxBufferSize" | "maxStorageBufferBindingSize">;
  create(descriptor: GPUBufferDescriptor): GPUBuffer;
  fill(buffer: GPUBuffer, word: number): void;
  destroy(buffer: GPUBuffer): void;
}

/** Buffers of tensors, reused by size. Queue order makes reuse safe without waiting for the GPU. */
export class BufferPool {
  live = 0;
  pooled = 0;
  peak = 0;
  /** Test hook: fills released buffers with words that are NaN, as f32 and as two f16, so that a kernel that forgets an element is seen. */
  poison = false;
  readonly #free = new Map<number, GPUBuffer[]>();
  readonly #broken = new WeakSet<GPUBuffer>();
  readonly #device: PoolDevice;

  constructor(device: PoolDevice) {
    this.#device = device;
  }

  acquire(bytes: number, label: string): GPUBuffer {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.#device.limits;
    const limit = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    if (bytes > limit)
      throw new DeviceError(`${label}: needs ${mebibytes(bytes)}, more than this adapter allows in one buffer (${mebibytes(limit)}). Use a smaller batch or image.`);
    const size = Math.min(roundUp(bytes), limit);
    const free = this.#free.get(size)?.pop();
    const buffer = free ?? this.#device.create({ size, usage: TENSOR_USAGE, label });
    if (free) this.pooled -= size;
    this.grow(size);
    return buffer;
  }

  release(buffer: GPUBuffer): void {
    this.live -= buffer.size;
    if (this.#broken.has(buffer)) return;
    if (this.poison) this.#device.fill(buffer, 0x7fc07ead);
    const list = this.#free.get(buffer.size) ?? [];
    list.push(buffer);
    this.#free.delete(buffer.size);
    this.#free.set(buffer.size, list);
    this.pooled += buffer.size;
    if (this.pooled > POOL_BYTES) this.trim(POOL_BYTES / 2);
  }

  /** Counts memory that came to life. */
  grow(bytes: number): void {
    this.live += bytes;
    this.peak = Math.max(this.peak, this.live + this.pooled);
  }

  /** Never hands out `buffer` (again): the GPU had no memory for it. What is pooled makes room for others. */
  discard(buffer: GPUBuffer): void {
    this.#broken.add(buffer);
    const list = this.#free.get(buffer.size);
    const at = list?.indexOf(buffer) ?? -1;
    if (at >= 0) {
      list!.splice(at, 1);
      this.pooled -= buffer.size;
    }
    this.trim();
  }

  /** Destroys pooled buffers until at most `bytes` are kept. */
  trim(bytes = 0): void {
    for (const [size, list] of this.#free) {
      while (this.pooled > bytes && list.length > 0) {
        this.#device.destroy(list.pop()!);
        this.pooled -= size;
      }
    }
  }
}
