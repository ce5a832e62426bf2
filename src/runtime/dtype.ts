/** Element types of tensors. `u8` holds images and masks, four to a 32-bit word on the GPU; `bool` masks are u8 with 0 and 1. */
export type DType = "f32" | "f16" | "i32" | "u32" | "u8";

/**
 * What networks compute with: f16 is a way to store (the adapter needs the feature "shader-f16"); arithmetic is f32 either way.
 * Parameters are f32, so models and layers with kernels take f32; for f16, call the operator: `conv2d(x, cast(layer.weight, "f16"))`,
 * through which the gradient comes back in f32. `valueAndGrad` wants a loss in f32.
 */
export type FloatDType = "f32" | "f16";

export interface TypedArrays {
  f32: Float32Array;
  f16: Uint16Array;
  i32: Int32Array;
  u32: Uint32Array;
  u8: Uint8Array;
}

/** The typed array that `data()` returns for each dtype (f16 comes as raw half-precision bits). */
export type TypedArrayOf<D extends DType> = TypedArrays[D];

const constructors = { f32: Float32Array, f16: Uint16Array, i32: Int32Array, u32: Uint32Array, u8: Uint8Array } as const;

/** All of them. */
export const dtypes = Object.keys(constructors) as DType[];

export function bytesPerElement(dtype: DType): number {
  return constructors[dtype].BYTES_PER_ELEMENT;
}

/** Bytes that `count` elements take in a GPU buffer: rounded up to whole 32-bit words. */
export function byteLength(dtype: DType, count: number): number {
  return Math.ceil((count * bytesPerElement(dtype)) / 4) * 4;
}

/** The first `count` elements of `buffer`, read as `dtype`. */
export function typedArray<D extends DType>(dtype: D, buffer: ArrayBuffer, count: number): TypedArrayOf<D> {
  return new constructors[dtype](buffer, 0, count) as TypedArrayOf<D>;
}

/** The dtype whose typed array this is, or undefined. Clamped bytes count as u8, and Float64Array has no dtype. */
export function dtypeOf(data: ArrayBufferView): DType | undefined {
  if (data instanceof Uint8ClampedArray) return "u8";
  return (["f32", "i32", "u32", "u8"] as const).find((d) => data instanceof constructors[d]);
}
