import { DeviceError } from "./errors.js";
import { mebibytes, TENSOR_USAGE } from "./gpu.js";

/** Pooled bytes kept for reuse beyond what is live; the oldest buffers go first. */
const POOL_BYTES = 512 * 2 ** 20;

/** Sizes are rounded up to eighths of a power of two, so that slightly different shapes share buffers. */
function roundUp(bytes: number): number {
  const step = Math.max(256, 2 ** (Math.floor(Math.log2(Math.max(bytes, 1))) - 3));
  return Math.ceil(Math.max(bytes, 4) / step) * step;
}

/** Buffers of tensors, reused by size. Queue order makes reuse safe without waiting for the GPU. */
export class BufferPool {
  live = 0;
  pooled = 0;
  peak = 0;
  /** Test hook: fills released buffers with NaN words, so that a kernel that forgets an element is seen. */
  poison = false;
  readonly #free = new Map<number, GPUBuffer[]>();
  readonly #gpu: GPUDevice;
  readonly #create: (descriptor: GPUBufferDescriptor) => GPUBuffer;
  readonly #write: (buffer: GPUBuffer, offset: number, data: Uint32Array) => void;

  constructor(gpu: GPUDevice, create: (descriptor: GPUBufferDescriptor) => GPUBuffer, write: (buffer: GPUBuffer, offset: number, data: Uint32Array) => void) {
    this.#gpu = gpu;
    this.#create = create;
    this.#write = write;
  }

  acquire(bytes: number, label: string): GPUBuffer {
    const size = roundUp(bytes);
    const limit = Math.min(this.#gpu.limits.maxBufferSize, this.#gpu.limits.maxStorageBufferBindingSize);
    if (size > limit)
      throw new DeviceError(`${label}: needs ${mebibytes(bytes)}, more than this adapter allows in one buffer (${mebibytes(limit)}). Use a smaller batch or image.`);
    const free = this.#free.get(size)?.pop();
    if (free) this.pooled -= size;
    this.live += size;
    this.peak = Math.max(this.peak, this.live + this.pooled);
    return free ?? this.#create({ size, usage: TENSOR_USAGE, label });
  }

  release(buffer: GPUBuffer): void {
    this.live -= buffer.size;
    if (this.poison) this.#write(buffer, 0, new Uint32Array(buffer.size / 4).fill(0x7fc0dead));
    const list = this.#free.get(buffer.size);
    if (list) list.push(buffer);
    else this.#free.set(buffer.size, [buffer]);
    this.pooled += buffer.size;
    if (this.pooled > POOL_BYTES) this.trim(POOL_BYTES / 2);
  }

  /** Destroys pooled buffers until at most `bytes` are kept. */
  trim(bytes = 0): void {
    for (const [size, list] of this.#free) {
      while (this.pooled > bytes && list.length > 0) {
        list.pop()!.destroy();
        this.pooled -= size;
      }
    }
  }
}
