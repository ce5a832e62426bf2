import { zeros, type NdArray } from "./ndarray.js";
import { lines } from "./sort.js";

export interface ArgmaxOptions {
  axis?: number;
  keepDims?: boolean;
}

function extreme(x: NdArray, { axis = -1, keepDims = false }: ArgmaxOptions, best: (...values: number[]) => number): NdArray {
  const at = axis < 0 ? axis + x.shape.length : axis;
  const found: number[] = [];
  lines(x.shape, at, (positions) => {
    const line = positions.map((p) => x.data[p]!);
    const broken = line.findIndex(Number.isNaN);
    found.push(broken >= 0 ? broken : line.indexOf(best(...line)));
  });
  const out = zeros(keepDims ? x.shape.with(at, 1) : x.shape.toSpliced(at, 1));
  out.data.set(found);
  return out;
}

export const argmax = ({ x }: { x: NdArray }, o: ArgmaxOptions = {}): NdArray => extreme(x, o, Math.max);
export const argmin = ({ x }: { x: NdArray }, o: ArgmaxOptions = {}): NdArray => extreme(x, o, Math.min);
