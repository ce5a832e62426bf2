import type { Device } from "../runtime/device.js";
import { byteLength, dtypeOf, dtypes, typedArray, type DType, type TypedArrayOf } from "../runtime/dtype.js";
import { CaptureError, checkOptions, DTypeError, DisposedError, ShapeError } from "../runtime/errors.js";
import { float32ToHalf, fromHalf } from "../runtime/half.js";
import { checkShape, sizeOf, type Shape } from "../runtime/shape.js";
import type { Storage } from "../runtime/storage.js";
import { capturing } from "./current.js";
import type { Value } from "./node.js";
import type { Variable } from "./variable.js";

/** What operators accept: a tensor, or a parameter, which is read. */
export type TensorLike<D extends DType = DType> = Tensor<D> | Variable<D>;

/**
 * A dense, immutable, row-major array: either concrete (it has memory on a device) or symbolic (a value of the
 * function being captured). Concrete tensors belong to whoever called the function that made them: release them
 * with `dispose()`, `using`, or `device.scope`.
 */
export class Tensor<D extends DType = DType> {
  /** @internal */
  readonly storage: Storage | undefined;
  /** @internal */
  readonly value: Value | undefined;
  readonly shape: Shape;
  readonly dtype: D;

  /** @internal Use `tensor(device, data, shape)`. */
  constructor(shape: Shape, dtype: D, home: { storage: Storage } | { value: Value }) {
    this.shape = shape;
    this.dtype = dtype;
    this.storage = "storage" in home ? home.storage : undefined;
    this.value = "value" in home ? home.value : undefined;
  }

  get rank(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  get device(): Device {
    const device = this.storage?.device ?? this.value?.capture.device;
    if (!device) throw new CaptureError("This function has not touched a tensor with a device yet.");
    return device;
  }

  get disposed(): boolean {
    return this.storage?.disposed ?? false;
  }

  /**
   * Reads the elements back, in row-major order. The copy is queued by the call, so the tensor may be disposed at
   * once. Those of f16 come as bits: `halfToFloat32(await x.data())` gives numbers. Errors of the GPU work that made the
   * tensor are thrown here.
   */
  data(): Promise<TypedArrayOf<D>> {
    if (!this.storage || capturing()) throw new CaptureError("data: a value cannot be read inside compile() or valueAndGrad(), where it is a plan and not yet a number. Return the tensor and read it outside.");
    if (this.disposed) throw new DisposedError("data: the tensor was disposed.");
    const promise = this.storage.read().then((bytes) => typedArray(this.dtype, bytes, this.size));
    return Object.assign(promise, { [Symbol.for("atrous.readback")]: true });
  }

  /** The only element, as a number (f16 bits are decoded). */
  item(): Promise<number> {
    if (this.size !== 1) throw new ShapeError("item", "the tensor must have exactly one element", { tensor: this.shape });
    return Object.assign(this.data().then((data) => (this.dtype === "f16" ? fromHalf(data[0]!) : data[0]!)), { [Symbol.for("atrous.readback")]: true });
  }

  /** Gives the memory back. Safe to call twice. */
  dispose(): void {
    this.storage?.release();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  toString(): string {
    return `Tensor<${this.dtype}>[${this.shape.join(", ")}]${this.value ? " (symbolic)" : this.disposed ? " (disposed)" : ""}`;
  }
}

/** @internal The tensor that stands for a value of the graph being captured. */
export const asTensor = (value: Value): Tensor => new Tensor(value.shape, value.dtype, { value });

export interface TensorOptions {
  /**
   * Default: what the array says. "f16" rounds numbers to half precision (the nearest, ties to even), and takes a Uint16Array as
   * raw half-precision bits; the adapter needs the feature "shader-f16".
   */
  dtype?: DType;
}

/** Half-precision numbers as recent runtimes have them. */
type HalfArray = ArrayBufferView & ArrayLike<number> & { readonly [Symbol.toStringTag]: "Float16Array" };

const isHalfArray = (data: ArrayBufferView): data is HalfArray => Object.prototype.toString.call(data) === "[object Float16Array]";

/**
 * A tensor on `device` with the elements of `data`. The dtype is that of the array: Float32Array f32, Int32Array i32,
 * Uint32Array u32, Uint8Array (or clamped) u8, Float16Array f16; plain numbers become f32. With `{ dtype: "f16" }` numbers are
 * rounded to half precision, and a Uint16Array holds the bits themselves.
 *
 * @param shape sizes of the axes; default `[data.length]`
 * @throws DTypeError for other arrays, ShapeError when `shape` and `data` disagree, DeviceError for f16 on an adapter without the
 *   feature "shader-f16"
 */
export function tensor(device: Device, data: Float32Array | Uint16Array | readonly number[], shape: Shape | undefined, options: { dtype: "f16" }): Tensor<"f16">;
export function tensor(device: Device, data: HalfArray, shape?: Shape): Tensor<"f16">;
export function tensor(device: Device, data: Float32Array | readonly number[], shape?: Shape): Tensor<"f32">;
export function tensor(device: Device, data: Uint32Array, shape?: Shape): Tensor<"u32">;
export function tensor(device: Device, data: Int32Array, shape?: Shape): Tensor<"i32">;
export function tensor(device: Device, data: Uint8Array | Uint8ClampedArray, shape?: Shape): Tensor<"u8">;
export function tensor(device: Device, data: ArrayBufferView | readonly number[], shape?: Shape, options?: TensorOptions): Tensor;
export function tensor(device: Device, data: ArrayBufferView | readonly number[], shape?: Shape, options: TensorOptions = {}): Tensor {
  checkOptions("tensor", options, ["dtype"]);
  if (options.dtype !== undefined && !dtypes.includes(options.dtype)) throw new DTypeError(`tensor: dtype must be ${dtypes.join(", ")} but is ${JSON.stringify(options.dtype)}.`);
  const { array, dtype } = elements(data, options.dtype);
  if (dtype === "f16") device.requireHalf("tensor");
  const { length } = array as Uint8Array;
  const sizes = [...(shape ?? [length])];
  checkShape("tensor", sizes);
  if (sizeOf(sizes) !== length) throw new ShapeError("tensor", `the shape has ${sizeOf(sizes)} elements but the data has ${length}`, { shape: sizes });
  const storage = device.allocate(byteLength(dtype, length), "tensor");
  storage.write(array);
  return new Tensor(sizes, dtype, { storage });
}

/** The data as it goes to the GPU, and its dtype. */
function elements(data: ArrayBufferView | readonly number[], asked: DType | undefined): { array: ArrayBufferView; dtype: DType } {
  const isView = ArrayBuffer.isView(data);
  if (isView && isHalfArray(data) && (asked ?? "f16") === "f16") return { array: data, dtype: "f16" };
  if (asked === "f16" && data instanceof Uint16Array) return { array: data, dtype: "f16" };
  if (asked === "f16" && (!isView || data instanceof Float32Array)) return { array: float32ToHalf(data), dtype: "f16" };
  const array = isView ? data : Float32Array.from(data);
  const dtype = dtypeOf(array);
  if (!dtype) {
    const half = array instanceof Uint16Array ? ' Half-precision bits are taken with { dtype: "f16" }.' : "";
    throw new DTypeError(`tensor: ${array.constructor.name} has no dtype here. Use Float32Array, Int32Array, Uint32Array, Uint8Array or (where there is one) Float16Array.${half}`);
  }
  if (asked !== undefined && asked !== dtype)
    throw new DTypeError(`tensor: ${isView ? `a ${array.constructor.name} holds` : "plain numbers are"} ${dtype}, not ${String(asked)}. Convert with cast(x, "${String(asked)}").`);
  return { array, dtype };
}
