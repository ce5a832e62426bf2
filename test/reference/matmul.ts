import { broadcastShape, fromFunction, get, map, reshape, zipWith, type NdArray } from "./ndarray.js";

interface Options {
  transposeA?: boolean;
  transposeB?: boolean;
}

export function matmul({ a, b }: { a: NdArray; b: NdArray }, { transposeA = false, transposeB = false }: Options): NdArray {
  if (a.shape.length === 1) return drop(matmul({ a: reshape(a, [1, ...a.shape]), b }, { transposeB }), b.shape.length === 1 ? -1 : -2);
  if (b.shape.length === 1) return drop(matmul({ a, b: reshape(b, [...b.shape, 1]) }, { transposeA }), -1);
  const [m, k] = [a.shape.at(transposeA ? -1 : -2)!, a.shape.at(transposeA ? -2 : -1)!];
  const n = b.shape.at(transposeB ? -2 : -1)!;
  const own = (x: NdArray, batch: number[]): number[] => x.shape.slice(0, -2).map((size, axis) => (size === 1 ? 0 : batch[axis + batch.length - x.shape.length + 2]!));
  return fromFunction([...broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2)), m, n], (index) => {
    const batch = index.slice(0, -2);
    const [i, j] = [index.at(-2)!, index.at(-1)!];
    let sum = 0;
    for (let l = 0; l < k; l++) sum += get(a, ...own(a, batch), ...(transposeA ? [l, i] : [i, l])) * get(b, ...own(b, batch), ...(transposeB ? [j, l] : [l, j]));
    return sum;
  });
}

const drop = (x: NdArray, axis: number): NdArray => reshape(x, x.shape.filter((_, i) => i !== x.shape.length + axis));

export function gemm({ a, b, c }: { a: NdArray; b: NdArray; c?: NdArray }, { alpha = 1, beta = 1, ...o }: Options & { alpha?: number; beta?: number }): NdArray {
  const product = map(matmul({ a, b }, o), (v) => alpha * v);
  return c ? zipWith((p, v) => p + beta * v, product, c) : product;
}
