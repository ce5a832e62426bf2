import { ShapeError } from "../runtime/errors.js";
import { checkShape, sizeOf } from "../runtime/shape.js";

/**
 * The structure of an array of the `ndarray` package: element (i, j, …) is `data[offset + i·stride[0] + j·stride[1] + …]`.
 * Anything of this structure is accepted; the package itself is not needed.
 */
export interface NdArrayLike<T extends ArrayLike<number> = ArrayLike<number>> {
  data: T;
  shape: readonly number[];
  stride: readonly number[];
  offset: number;
}

/** A dense array: row-major, without gaps. */
export interface DenseArray<T> {
  data: T;
  shape: readonly number[];
}

type NumberArray = Float32Array | Float64Array | Int8Array | Uint8Array | Uint8ClampedArray | Int16Array | Uint16Array | Int32Array | Uint32Array;

/** True for objects with the fields of an ndarray. */
export function isNdArray(value: unknown): value is NdArrayLike {
  if (typeof value !== "object" || value === null) return false;
  const { data, shape, stride, offset } = value as Partial<NdArrayLike>;
  return typeof data === "object" && data !== null && Array.isArray(shape) && Array.isArray(stride) && typeof offset === "number";
}

/**
 * The elements of an ndarray in row-major order, whatever its strides (negative and zero ones too) and offset.
 * Typed arrays keep their type; plain arrays become a Float32Array. The data is shared when it is dense already.
 *
 * @throws ShapeError when shape and stride differ in length, or when an element lies outside the data.
 */
export function fromNdArray<T extends NumberArray>(array: NdArrayLike<T>): DenseArray<T>;
export function fromNdArray(array: NdArrayLike): DenseArray<NumberArray>;
export function fromNdArray({ data, shape, stride, offset }: NdArrayLike): DenseArray<NumberArray> {
  checkShape("fromNdArray", shape);
  if (shape.length !== stride.length || !stride.every(Number.isInteger) || !Number.isInteger(offset))
    throw new ShapeError("fromNdArray", "every axis needs a whole stride, and the offset must be whole", { shape, stride });
  const size = sizeOf(shape);
  const typed = ArrayBuffer.isView(data) && !(data instanceof DataView) ? (data as unknown as NumberArray) : undefined;
  if (size > 0) {
    const reach = (pick: (a: number, b: number) => number): number => shape.reduce((sum, n, axis) => sum + pick(0, (n - 1) * stride[axis]!), offset);
    if (reach(Math.min) < 0 || reach(Math.max) >= data.length)
      throw new ShapeError("fromNdArray", `elements ${reach(Math.min)} to ${reach(Math.max)} are needed but the data has ${data.length}`, { shape, stride });
  }
  let dense = true;
  for (let axis = shape.length - 1, step = 1; axis >= 0; step *= shape[axis]!, axis--) if (shape[axis] !== 1 && stride[axis] !== step) dense = false;
  if (dense && typed) return { data: size === typed.length ? typed : typed.subarray(offset, offset + size), shape: [...shape] };
  const make = typed ? (typed.constructor as new (length: number) => NumberArray) : Float32Array;
  const out = new make(size);
  const index = shape.map(() => 0);
  for (let i = 0, at = offset; i < size; i++) {
    out[i] = data[at]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += stride[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      at -= stride[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return { data: out, shape: [...shape] };
}

/** The structure of a dense ndarray over `data`, which is shared; hand its fields to `ndarray(data, shape, stride, offset)`. */
export function toNdArray<T extends ArrayLike<number>>({ data, shape }: DenseArray<T>): NdArrayLike<T> {
  checkShape("toNdArray", shape);
  if (sizeOf(shape) !== data.length) throw new ShapeError("toNdArray", `the shape has ${sizeOf(shape)} elements but the data has ${data.length}`, { shape });
  return { data, shape: [...shape], stride: shape.map((_, axis) => sizeOf(shape.slice(axis + 1))), offset: 0 };
}
