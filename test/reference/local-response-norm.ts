import type { NdArray } from "./ndarray.js";

interface Options {
  size: number;
  alpha?: number;
  beta?: number;
  k?: number;
}

/** As torch.nn.functional.local_response_norm, channels last. */
export function localResponseNorm({ x }: { x: NdArray }, { size, alpha = 1e-4, beta = 0.75, k = 1 }: Options): NdArray {
  const channels = x.shape[3]!;
  const before = Math.floor(size / 2);
  const data = x.data.map((v, i) => {
    const c = i % channels;
    let sum = 0;
    for (let d = Math.max(-before, -c); d < Math.min(size - before, channels - c); d++) sum += x.data[i + d]! ** 2;
    return v / (k + (alpha / size) * sum) ** beta;
  });
  return { shape: x.shape, data };
}
