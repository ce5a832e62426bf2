import type { Device } from "../runtime/device.js";
import { byteLength, typedArray, type DType, type TypedArrayOf } from "../runtime/dtype.js";
import { CaptureError, DisposedError, ShapeError } from "../runtime/errors.js";
import { sizeOf, type Shape } from "../runtime/shape.js";
import type { Storage } from "../runtime/storage.js";
import { capturing } from "./current.js";

/** A tensor whose value changes over time (a parameter, a running statistic): reading one and assigning one are ops. */
export class Variable<D extends DType = DType> {
  /** Counts assignments, so that what is derived from the value knows when to be refreshed. */
  version = 0;
  storage: Storage | undefined;
  /** Path in its model ("down.0.conv.weight"), once known. */
  name = "variable";
  readonly shape: Shape;
  readonly dtype: D;

  constructor(shape: Shape, dtype: D) {
    this.shape = shape;
    this.dtype = dtype;
  }

  get device(): Device {
    return this.memory("device").device;
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  /** The memory, or an error that says why there is none. */
  memory(what: string): Storage {
    if (!this.storage) throw new DisposedError(`${what}: "${this.name}" is not on a device. Call model.to(device) first.`);
    if (this.storage.disposed) throw new DisposedError(`${what}: "${this.name}" was disposed with its model.`);
    return this.storage;
  }

  /** Throws an error that says why, where there is no memory. */
  check(what: string): void {
    this.memory(what);
  }

  /** Gives the memory up. Safe to call twice. */
  release(): void {
    this.storage?.release();
    this.storage = undefined;
  }

  /** Reads the value back, in row-major order of the shape in memory. */
  data(): Promise<TypedArrayOf<D>> {
    if (capturing()) throw new CaptureError(`data: "${this.name}" cannot be read inside compile() or valueAndGrad(). Read it outside.`);
    return this.memory("data").read().then((bytes) => typedArray(this.dtype, bytes, this.size));
  }

  /** Replaces the value from the host. */
  write(data: TypedArrayOf<D>): void {
    if (data.length !== this.size) throw new ShapeError("write", `"${this.name}" has ${this.size} elements but the data has ${data.length}`, { variable: this.shape });
    const storage = this.memory("write");
    storage.write(data);
    storage.device.queue.run(() => void this.version++);
  }

  /** Bytes of the value. */
  get bytes(): number {
    return byteLength(this.dtype, this.size);
  }
}
