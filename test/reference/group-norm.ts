import { map, type NdArray } from "./ndarray.js";

interface Inputs {
  x: NdArray;
  weight?: NdArray;
  bias?: NdArray;
}

/** Brings the values with one key to mean 0 and variance 1, then scales and shifts element `i` by number `channel(i)`. */
function normalise({ x, weight, bias }: Inputs, eps: number, key: (i: number) => number, channel: (i: number) => number): NdArray {
  const groups = new Map<number, number[]>();
  x.data.forEach((v, i) => void (groups.get(key(i)) ?? groups.set(key(i), []).get(key(i))!).push(v));
  const moments = new Map([...groups].map(([k, values]) => {
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    return [k, { mean, variance: values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length }];
  }));
  return map(x, (v, i) => {
    const { mean, variance } = moments.get(key(i))!;
    return ((v - mean) / Math.sqrt(variance + eps)) * (weight?.data[channel(i)] ?? 1) + (bias?.data[channel(i)] ?? 0);
  });
}

export function groupNorm(inputs: Inputs, { groups, eps = 1e-5 }: { groups: number; eps?: number }): NdArray {
  const { shape, data } = inputs.x;
  const channels = shape.at(-1)!;
  const perImage = data.length / shape[0]!;
  return normalise(inputs, eps, (i) => Math.floor(i / perImage) * groups + Math.floor((i % channels) / (channels / groups)), (i) => i % channels);
}

export const instanceNorm = (inputs: Inputs, { eps = 1e-5 }: { eps?: number }): NdArray => groupNorm(inputs, { groups: inputs.x.shape.at(-1)!, eps });

export function layerNorm(inputs: Inputs, { axes = 1, eps = 1e-5 }: { axes?: number; eps?: number }): NdArray {
  const length = inputs.x.shape.slice(-axes).reduce((a, b) => a * b, 1);
  return normalise(inputs, eps, (i) => Math.floor(i / length), (i) => i % length);
}
