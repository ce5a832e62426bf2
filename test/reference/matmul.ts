import { fromFunction, get, type NdArray } from "./ndarray.js";

export function matmul({ a, b }: { a: NdArray; b: NdArray }, { transposeA = false, transposeB = false }: { transposeA?: boolean; transposeB?: boolean }): NdArray {
  const [m, k] = [a.shape.at(transposeA ? -1 : -2)!, a.shape.at(transposeA ? -2 : -1)!];
  const n = b.shape.at(transposeB ? -2 : -1)!;
  return fromFunction([...a.shape.slice(0, -2), m, n], (index) => {
    const batch = index.slice(0, -2);
    const [i, j] = [index.at(-2)!, index.at(-1)!];
    let sum = 0;
    for (let l = 0; l < k; l++) sum += get(a, ...batch, ...(transposeA ? [l, i] : [i, l])) * get(b, ...batch, ...(transposeB ? [j, l] : [l, j]));
    return sum;
  });
}
