/**
 * The multiple of `divisor` next to a scaled channel count, at least `divisor` and at most a tenth below the count: how MobileNets and
 * EfficientNets round widths (`make_divisible` of tensorflow/models).
 */
export function makeDivisible(count: number, divisor = 8): number {
  const rounded = Math.max(divisor, Math.floor((count + divisor / 2) / divisor) * divisor);
  return rounded < 0.9 * count ? rounded + divisor : rounded;
}
