import { add, map, zeros, type NdArray } from "./ndarray.js";

interface Parameters {
  gamma: NdArray;
  beta: NdArray;
}

export function batchNormInference({ x, gamma, beta, mean, variance }: { x: NdArray; mean: NdArray; variance: NdArray } & Parameters, { eps = 1e-5 }: { eps?: number }): NdArray {
  const channels = x.shape[3]!;
  return map(x, (v, i) => {
    const c = i % channels;
    return ((v - mean.data[c]!) / Math.sqrt(variance.data[c]! + eps)) * gamma.data[c]! + beta.data[c]!;
  });
}

export function batchNormTrain({ x, gamma, beta }: { x: NdArray } & Parameters, options: { eps?: number }): Record<string, NdArray> {
  const channels = x.shape[3]!;
  const rows = x.data.length / channels;
  const mean = zeros([channels]);
  const variance = zeros([channels]);
  x.data.forEach((v, i) => add(mean, v / rows, i % channels));
  x.data.forEach((v, i) => add(variance, (v - mean.data[i % channels]!) ** 2 / rows, i % channels));
  return { out: batchNormInference({ x, gamma, beta, mean, variance }, options), mean, variance };
}
