/** One kernel: features [pixels, d] and what its messages count. */
export interface CrfKernel {
  readonly weight: number;
  readonly d: number;
  readonly features: ArrayLike<number>;
}

/** Mean field of a dense CRF with Potts model and symmetric normalisation, by its formula, in doubles. */
export function denseCrf(probabilities: ArrayLike<number>, pixels: number, kernels: readonly CrfKernel[], iterations: number): Float64Array {
  const classes = probabilities.length / pixels;
  const scores = Float64Array.from(probabilities, (p) => Math.log(Math.min(1, Math.max(1e-5, p))));
  const weights = kernels.map(({ weight, d, features }) => {
    const k = new Float64Array(pixels * pixels);
    for (let i = 0; i < pixels; i++)
      for (let j = 0; j < pixels; j++) {
        let square = 0;
        for (let f = 0; f < d; f++) square += (features[i * d + f]! - features[j * d + f]!) ** 2;
        k[i * pixels + j] = Math.exp(-0.5 * square);
      }
    const norm = Float64Array.from({ length: pixels }, (_, i) => 1 / Math.sqrt(k.subarray(i * pixels, (i + 1) * pixels).reduce((a, b) => a + b)));
    return k.map((v, at) => weight * v * norm[Math.floor(at / pixels)]! * norm[at % pixels]!);
  });
  const softmax = (z: Float64Array): Float64Array => {
    const out = z.map(Math.exp);
    for (let i = 0; i < pixels; i++) {
      const row = out.subarray(i * classes, (i + 1) * classes);
      const sum = row.reduce((a, b) => a + b);
      for (let c = 0; c < classes; c++) row[c]! /= sum;
    }
    return out;
  };
  let q = softmax(scores);
  for (let step = 0; step < iterations; step++) {
    const z = scores.slice();
    for (const k of weights) for (let i = 0; i < pixels; i++) for (let j = 0; j < pixels; j++) for (let c = 0; c < classes; c++) z[i * classes + c]! += k[i * pixels + j]! * q[j * classes + c]!;
    q = softmax(z);
  }
  return q;
}
