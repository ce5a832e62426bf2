import { sizeOf, type Shape } from "../../src/runtime/shape.js";

/** Axes in another order: axis i of the result is axis `order[i]` of what is given. */
export function permute<T extends Float32Array | Uint32Array | Int32Array>(data: T, shape: Shape, order: readonly number[]): T {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const sizes = order.map((axis) => shape[axis]!);
  const steps = order.map((axis) => strides[axis]!);
  const out = new (data.constructor as new (length: number) => T)(data.length);
  const at = sizes.map(() => 0);
  let from = 0;
  for (let i = 0; i < out.length; i++) {
    out[i] = data[from]!;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++at[axis]! < sizes[axis]!) break;
      from -= steps[axis]! * sizes[axis]!;
      at[axis] = 0;
    }
  }
  return out;
}

export const permuted = (shape: Shape, order: readonly number[]): number[] => order.map((axis) => shape[axis]!);

/** Feature maps NHWC → NCHW, and back. */
export const toNCHW = [0, 3, 1, 2] as const;
export const toNHWC = [0, 2, 3, 1] as const;
