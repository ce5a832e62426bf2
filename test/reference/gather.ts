import { offset, unravel, zeros, type NdArray } from "./ndarray.js";

const counted = (shape: readonly number[], axis: number): number => (axis < 0 ? axis + shape.length : axis);

/** Elements by index along an axis; NaN for an index that does not exist. */
export function gather({ x, indices }: { x: NdArray; indices: NdArray }, { axis = -1 }: { axis?: number }): NdArray {
  const at = counted(x.shape, axis);
  const out = zeros(indices.shape);
  indices.data.forEach((index, flat) => {
    out.data[flat] = index < 0 || index >= x.shape[at]! ? NaN : x.data[offset(x.shape, unravel(indices.shape, flat).with(at, index))]!;
  });
  return out;
}

/** x with elements of source added by index along an axis. */
export function scatterAdd({ x, indices, source }: { x: NdArray; indices: NdArray; source: NdArray }, { axis = -1 }: { axis?: number }): NdArray {
  const at = counted(x.shape, axis);
  const out = { shape: [...x.shape], data: x.data.slice() };
  indices.data.forEach((index, flat) => {
    if (index >= 0 && index < x.shape[at]!) out.data[offset(x.shape, unravel(indices.shape, flat).with(at, index))]! += source.data[flat]!;
  });
  return out;
}

/** A list of indices as an index per element of `shape`. */
export function spread(indices: NdArray, shape: readonly number[], axis: number): NdArray {
  const out = zeros(shape);
  out.data.forEach((_, flat) => (out.data[flat] = indices.data[unravel(shape, flat)[axis]!]!));
  return out;
}

/** Rows by index: the shape of the indices takes the place of the axis. */
export function indexSelect({ x, indices }: { x: NdArray; indices: NdArray }, { axis = 0 }: { axis?: number }): NdArray {
  const at = counted(x.shape, axis);
  const picked = gather({ x, indices: spread(indices, x.shape.with(at, indices.data.length), at) }, { axis: at });
  return { shape: [...x.shape.slice(0, at), ...indices.shape, ...x.shape.slice(at + 1)], data: picked.data };
}

/** x with rows of source added by index. */
export function indexAdd({ x, indices, source }: { x: NdArray; indices: NdArray; source: NdArray }, { axis = 0 }: { axis?: number }): NdArray {
  const at = counted(x.shape, axis);
  return scatterAdd({ x, indices: spread(indices, source.shape, at), source }, { axis: at });
}
