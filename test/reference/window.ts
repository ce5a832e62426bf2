export type PairLike = number | readonly [number, number];

export const both = (value: PairLike | undefined, otherwise: PairLike): readonly [number, number] => {
  const v = value ?? otherwise;
  return typeof v === "number" ? [v, v] : v;
};

/** Output size of pooling along one axis, as the PyTorch documentation writes it. */
export function pooledSize(n: number, k: number, s: number, p: number, d: number, ceilMode: boolean): number {
  const exact = (n + 2 * p - d * (k - 1) - 1) / s + 1;
  if (!ceilMode) return Math.floor(exact);
  const o = Math.ceil(exact);
  return (o - 1) * s >= n + p ? o - 1 : o;
}
