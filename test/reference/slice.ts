import { fromFunction, get, type NdArray } from "./ndarray.js";

export function slice({ x }: { x: NdArray }, { axis = -1, start = 0, length }: { axis?: number; start?: number; length: number }): NdArray {
  const along = axis < 0 ? axis + x.shape.length : axis;
  return fromFunction(x.shape.with(along, length), (index) => get(x, ...index.with(along, index[along]! + start)));
}
