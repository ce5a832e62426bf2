import { unravel, type NdArray } from "../reference/ndarray.js";

export interface Tolerance {
  /** Largest forward error, as a fraction of the largest magnitude expected. Default 1e-5. */
  forward?: number;
  /** Norm of the gradient's error, as a fraction of the gradient's norm. Default 1e-4. */
  gradient?: number;
  /** Largest error of one gradient element, as a fraction of the largest element. Default 1e-3. */
  element?: number;
}

/**
 * Tolerances of runs in f16. Inputs are rounded before the reference sees them, and arithmetic is f32, so what is left are the
 * roundings of what is stored: half a unit in the last place is 2⁻¹¹ ≈ 4.9e-4 of a number. An output is rounded once, or a few times
 * where an operator is made of several; a gradient goes through the rounded output and through intermediate gradients too.
 * Below 2⁻¹⁴ numbers lose digits: units of 2⁻²⁴, which the comparisons' absolute term covers.
 */
export const halfTolerance: Required<Tolerance> = { forward: 2e-3, gradient: 5e-3, element: 1e-2 };

const largest = (values: ArrayLike<number>): number => Array.from(values).reduce((m, v) => (Number.isFinite(v) ? Math.max(m, Math.abs(v)) : m), 0);

/** A sentence saying where `actual` leaves `expected`, or undefined when it agrees. NaN agrees with NaN, infinities with themselves. */
export function forwardMismatch(actual: ArrayLike<number>, expected: NdArray, tolerance: Tolerance, exact: boolean): string | undefined {
  const bound = exact ? 0 : Math.max((tolerance.forward ?? 1e-5) * largest(expected.data), 1e-6);
  let worst = { error: bound, at: -1 };
  for (let i = 0; i < expected.data.length; i++) {
    const [a, e] = [actual[i]!, expected.data[i]!];
    if (Object.is(a, e) || a === e) continue;
    const error = Math.abs(a - e);
    if (Number.isNaN(error)) return describe(i, a, e, expected, "");
    if (error > worst.error) worst = { error, at: i };
  }
  if (worst.at < 0) return undefined;
  return describe(worst.at, actual[worst.at]!, expected.data[worst.at]!, expected, ` (error ${worst.error.toExponential(2)}, allowed ${bound.toExponential(2)})`);
}

function describe(flat: number, actual: number, expected: number, like: NdArray, note: string): string {
  return `at [${unravel(like.shape, flat).join(", ")}] of [${like.shape.join(", ")}]: got ${actual}, expected ${expected}${note}`;
}

/** The same for sampled gradient elements, by norm and by element. `scale` is the size below which a gradient counts as zero. */
export function gradientMismatch(actual: number[], expected: number[], at: string[], tolerance: Tolerance, scale: number): string | undefined {
  const norm = (v: number[]): number => Math.hypot(...v);
  const errors = actual.map((a, i) => Math.abs(a - expected[i]!));
  const show = (i: number): string => `at ${at[i]}: got ${actual[i]}, central differences give ${expected[i]}`;
  const bad = errors.findIndex((e) => !Number.isFinite(e));
  if (bad >= 0) return show(bad);
  const worst = errors.indexOf(Math.max(...errors));
  const elementBound = (tolerance.element ?? 1e-3) * largest(expected) + 1e-6 * scale;
  if (errors[worst]! > elementBound) return `${show(worst)} (allowed ${elementBound.toExponential(2)})`;
  const normBound = (tolerance.gradient ?? 1e-4) * norm(expected) + 1e-6 * scale;
  if (norm(errors) > normBound) return `error norm ${norm(errors).toExponential(2)} exceeds ${normBound.toExponential(2)}; worst ${show(worst)}`;
  return undefined;
}
