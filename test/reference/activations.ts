import { map, zipWith, type NdArray } from "./ndarray.js";

const unary = (f: (x: number) => number) => ({ x }: { x: NdArray }): NdArray => map(x, f);

/** The error function by its Maclaurin series, and by its continued fraction further out. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 2.5) {
    let [term, total] = [a, a];
    for (let n = 1; Math.abs(term) > 1e-18; n++) total += (term *= (-a * a) / n) / (2 * n + 1);
    return (2 / Math.sqrt(Math.PI)) * total * Math.sign(x);
  }
  let fraction = 0;
  for (let n = 60; n >= 1; n--) fraction = n / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction));
}

const sigmoidOf = (v: number): number => 1 / (1 + Math.exp(-v));
const softplusOf = (v: number): number => Math.log1p(Math.exp(-Math.abs(v))) + Math.max(v, 0);

export const leakyRelu = ({ x }: { x: NdArray }, { negativeSlope = 0.01 }: { negativeSlope?: number }): NdArray => map(x, (v) => (v > 0 ? v : negativeSlope * v));
export const prelu = ({ x, weight }: { x: NdArray; weight: NdArray }): NdArray => zipWith((v, w) => (v > 0 ? v : w * v), x, weight);
export const elu = ({ x }: { x: NdArray }, { alpha = 1 }: { alpha?: number }): NdArray => map(x, (v) => (v > 0 ? v : alpha * Math.expm1(v)));
export const selu = unary((v) => 1.0507009873554805 * (v > 0 ? v : 1.6732632423543772 * Math.expm1(v)));
export const gelu = ({ x }: { x: NdArray }, { approximate = "none" }: { approximate?: "none" | "tanh" }): NdArray =>
  map(x, (v) => 0.5 * v * (1 + (approximate === "none" ? erf(v / Math.SQRT2) : Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)))));
export const silu = unary((v) => v * sigmoidOf(v));
export const mish = unary((v) => v * Math.tanh(softplusOf(v)));
export const hardSigmoid = unary((v) => Math.min(Math.max(v + 3, 0), 6) / 6);
export const hardSwish = unary((v) => (v * Math.min(Math.max(v + 3, 0), 6)) / 6);
export const logSigmoid = unary((v) => -softplusOf(-v));
export const softsign = unary((v) => v / (1 + Math.abs(v)));
export const softplus = ({ x }: { x: NdArray }, { beta = 1, threshold = 20 }: { beta?: number; threshold?: number }): NdArray => map(x, (v) => (v * beta > threshold ? v : softplusOf(v * beta) / beta));
