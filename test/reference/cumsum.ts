import { zeros, type NdArray } from "./ndarray.js";
import { lines } from "./sort.js";

export interface CumsumOptions {
  axis?: number;
  exclusive?: boolean;
  reverse?: boolean;
}

export function cumsum({ x }: { x: NdArray }, { axis = -1, exclusive = false, reverse = false }: CumsumOptions): NdArray {
  const out = zeros(x.shape);
  lines(x.shape, axis, (positions) => {
    let total = 0;
    for (const at of reverse ? positions.reverse() : positions) {
      const before = total;
      total += x.data[at]!;
      out.data[at] = exclusive ? before : total;
    }
  });
  return out;
}
