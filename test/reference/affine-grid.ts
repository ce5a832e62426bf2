import { fromFunction, get, type NdArray } from "./ndarray.js";
import { both, type PairLike } from "./window.js";

export function affineGrid({ theta }: { theta: NdArray }, { size, alignCorners = false }: { size: PairLike; alignCorners?: boolean }): NdArray {
  const [h, w] = both(size, 1);
  const place = (i: number, n: number): number => (!alignCorners ? (2 * i + 1) / n - 1 : n === 1 ? 0 : (2 * i) / (n - 1) - 1);
  return fromFunction([theta.shape[0]!, h, w, 2], ([b, y, x, k]) => get(theta, b!, k!, 0) * place(x!, w) + get(theta, b!, k!, 1) * place(y!, h) + get(theta, b!, k!, 2));
}
