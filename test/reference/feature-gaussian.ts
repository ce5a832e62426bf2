import { array, type NdArray } from "./ndarray.js";

/** Sums over all pairs of rows, weighed by exp(−½ distance²) of their features. */
export function featureGaussian({ x, features }: { x: NdArray; features: NdArray }): NdArray {
  const [rows, channels] = x.shape as [number, number];
  const d = features.shape[1]!;
  const out = new Float64Array(rows * channels);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < rows; j++) {
      let square = 0;
      for (let k = 0; k < d; k++) square += (features.data[i * d + k]! - features.data[j * d + k]!) ** 2;
      for (let c = 0; c < channels; c++) out[i * channels + c]! += Math.exp(-0.5 * square) * x.data[j * channels + c]!;
    }
  return array(x.shape, out);
}
