import type { Plain } from "./spec.js";

/** Where a bilinear resize by `scale` reads for output position `d`, and with which weights: pixel centres at half, edges repeated. */
export function linearTaps(d: number, scale: number, size: number): readonly (readonly [at: number, weight: number])[] {
  const at = Math.max(0, (d + 0.5) / scale - 0.5);
  const low = Math.floor(at);
  return [[low, 1 - (at % 1)], [Math.min(size - 1, low + 1), at % 1]];
}

interface Statistics {
  readonly mean: number;
  /** 1 / √(variance + 1e-5). */
  readonly scale: number;
  /** Σ grad · normalised x, and Σ grad. */
  readonly products: number;
  readonly plain: number;
}

/** Of one channel of x, in double precision. */
export function batchStatistics({ shape, data }: Plain, channel: number, grad?: Plain): Statistics {
  const channels = shape.at(-1)!;
  const n = data.length / channels;
  let [mean, variance, products, plain] = [0, 0, 0, 0];
  for (let i = channel; i < data.length; i += channels) mean += data[i]! / n;
  for (let i = channel; i < data.length; i += channels) variance += (data[i]! - mean) ** 2 / n;
  const scale = 1 / Math.sqrt(variance + 1e-5);
  if (grad)
    for (let i = channel; i < data.length; i += channels) {
      products += grad.data[i]! * (data[i]! - mean) * scale;
      plain += grad.data[i]!;
    }
  return { mean, scale, products, plain };
}

const losses = new WeakMap<Plain, number>();

/** Mean over pixels of −log softmax(logits)[label]; kept, since a check asks for it again and again. */
export function meanLoss(logits: Plain, labels: Plain): number {
  const known = losses.get(logits);
  if (known !== undefined) return known;
  const classes = logits.shape.at(-1)!;
  let sum = 0;
  for (const [pixel, label] of labels.data.entries()) {
    let total = 0;
    for (let c = 0; c < classes; c++) total += Math.exp(logits.data[pixel * classes + c]!);
    sum += Math.log(total) - logits.data[pixel * classes + label]!;
  }
  losses.set(logits, sum / labels.data.length);
  return sum / labels.data.length;
}
