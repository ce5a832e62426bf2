import { fromFunction, get, normalAxes, type NdArray } from "./ndarray.js";

export function flip({ x }: { x: NdArray }, options: { axes: readonly number[] }): NdArray {
  const axes = normalAxes(x.shape.length, options.axes);
  return fromFunction(x.shape, (index) => get(x, ...index.map((i, axis) => (axes.includes(axis) ? x.shape[axis]! - 1 - i : i))));
}
