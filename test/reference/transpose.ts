import { fromFunction, get, type NdArray } from "./ndarray.js";

export function transpose({ x }: { x: NdArray }, { permutation }: { permutation?: readonly number[] }): NdArray {
  const rank = x.shape.length;
  const order = (permutation ?? x.shape.map((_, axis) => rank - 1 - axis)).map((axis) => (axis < 0 ? axis + rank : axis));
  return fromFunction(order.map((axis) => x.shape[axis]!), (index) => {
    const source = new Array<number>(rank);
    order.forEach((axis, i) => (source[axis] = index[i]!));
    return get(x, ...source);
  });
}
