import { zeros, type NdArray } from "./ndarray.js";

export function argmax({ x }: { x: NdArray }): NdArray {
  const classes = x.shape.at(-1)!;
  const out = zeros(x.shape.slice(0, -1));
  out.data.forEach((_value, i) => {
    const row = Array.from(x.data.subarray(i * classes, (i + 1) * classes));
    const broken = row.findIndex(Number.isNaN);
    out.data[i] = broken >= 0 ? broken : row.indexOf(Math.max(...row));
  });
  return out;
}
