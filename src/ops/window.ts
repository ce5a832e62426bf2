import { OptionError, ShapeError } from "../runtime/errors.js";
import { checkRank, type Shape } from "../runtime/shape.js";
import { flag } from "./require.js";

/** A setting for both directions, or [vertical, horizontal]. */
export type PairLike = number | readonly [number, number];
export type Pair = readonly [number, number];

/** Windows that slide over a plane, every setting as [vertical, horizontal]. */
export interface Window {
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation?: Pair;
  readonly ceilMode?: boolean;
}

/** Kernels count in 32-bit integers, which bounds settings, and input size × output size along an axis of exact fractions. */
const LARGEST_PRODUCT = 2 ** 30;

/** Both directions of a setting, checked to be whole numbers of at least `least`. */
export function pair(op: string, name: string, value: PairLike, least: number): Pair {
  const both = typeof value === "number" ? [value, value] : value;
  if (!Array.isArray(both) || both.length !== 2 || both.some((n) => !Number.isInteger(n) || n < least))
    throw new OptionError(`${op}: ${name} must be a whole number of at least ${least}, or two of them [vertical, horizontal], but is ${Array.isArray(value) ? `[${value.join(",")}]` : typeof value === "number" ? value : JSON.stringify(value)}.`);
  const large = both.find((n) => n >= LARGEST_PRODUCT);
  if (large !== undefined) throw new OptionError(`${op}: ${name} must be below ${LARGEST_PRODUCT} but is ${large}.`);
  return [both[0]!, both[1]!];
}

/** Bins along both directions; null keeps as many as x has positions there. */
export type BinsLike = number | readonly [number | null, number | null];
export type Bins = readonly [number | null, number | null];

/** Both bin counts, checked. */
export function binPair(op: string, name: string, value: BinsLike): Bins {
  if (!Array.isArray(value) || !value.includes(null)) return pair(op, name, value as PairLike, 1);
  const [vertical, horizontal] = pair(op, name, value.map((n: number | null) => n ?? 1) as unknown as Pair, 1);
  return [value[0] === null ? null : vertical, value[1] === null ? null : horizontal];
}

/** What all poolings by windows take: settings of both directions, checked. */
export function poolWindow(op: string, o: { kernelSize: PairLike; stride?: PairLike | undefined; padding?: PairLike | undefined; ceilMode?: boolean | undefined }) {
  const kernelSize = pair(op, "kernelSize", o.kernelSize, 1);
  const padding = pair(op, "padding", o.padding ?? 0, 0);
  checkPoolKernel(op, kernelSize, padding);
  return { kernelSize, stride: pair(op, "stride", o.stride ?? kernelSize, 1), padding, ceilMode: flag(op, "ceilMode", o.ceilMode, false) };
}

/** A thread walks its whole window, and f32 counts its positions exactly. */
const LARGEST_WINDOW = 2 ** 24;

/**
 * Throws when the padding is wider than half of a window, which leaves windows that see nothing but padding, and for windows
 * that would keep the GPU busy for ever.
 */
export function checkPoolKernel(op: string, kernelSize: Pair, padding: Pair): void {
  if (kernelSize[0] * kernelSize[1] > LARGEST_WINDOW)
    throw new OptionError(`${op}: kernelSize [${kernelSize.join(", ")}] has more than ${LARGEST_WINDOW} positions. Pool in several steps, or adaptively.`);
  if (padding.some((p, i) => 2 * p > kernelSize[i]!))
    throw new OptionError(`${op}: padding [${padding.join(", ")}] is more than half of kernelSize [${kernelSize.join(", ")}].`);
}

/** Throws when the sizes of an axis before and after are too large for exact positions. */
export function checkSizeProduct(op: string, x: Shape, size: Pair): void {
  if (Math.max(x[1]! * size[0], x[2]! * size[1]) >= LARGEST_PRODUCT)
    throw new ShapeError(op, `cannot resize to [${size.join(", ")}]: the sizes of an axis before and after multiply to ${LARGEST_PRODUCT} or more`, { x: [x, "NHWC"] });
}

const directions = [["rows", "row"], ["columns", "column"]] as const;

/**
 * The shape after pooling: per axis floor (or ceil) of (n + 2p − d(k − 1) − 1) / s, plus 1; in ceil mode a last window
 * that would begin beyond the input and its first padding is dropped (PyTorch's rule).
 */
export function pooledShape(op: string, x: Shape, { kernelSize, stride, padding, dilation = [1, 1], ceilMode = false }: Window): Shape {
  checkRank(op, "x", x, "NHWC");
  const sizes = ([0, 1] as const).map((i) => {
    const n = x[i + 1]!;
    const [k, s, p, d] = [kernelSize[i], stride[i], padding[i], dilation[i]];
    const span = d * (k - 1) + 1;
    const steps = (n + 2 * p - span) / s;
    let o = (ceilMode ? Math.ceil(steps) : Math.floor(steps)) + 1;
    if (ceilMode && (o - 1) * s >= n + p) o--;
    if (n === 0 || o < 1)
      throw new ShapeError(op, `the window spans ${span} ${directions[i][Number(span === 1)]!} but x has ${n}${p ? `, and ${n + 2 * p} with its padding` : ""}`, { x: [x, "NHWC"] });
    return o;
  });
  return [x[0]!, ...sizes, x[3]!];
}

/** Throws when some window of a dilated pool falls between the positions of x and sees only padding. */
export function checkWindowsTouch(op: string, x: Shape, out: Shape, { kernelSize, stride, padding, dilation = [1, 1] }: Window): void {
  for (const i of [0, 1] as const) {
    const n = x[i + 1]!;
    for (let o = 0; o < out[i + 1]!; o++) {
      const start = o * stride[i] - padding[i];
      const first = start < 0 ? start + Math.ceil(-start / dilation[i]) * dilation[i] : start;
      if (first < n && first <= start + (kernelSize[i] - 1) * dilation[i]) continue;
      throw new ShapeError(op, `window ${o} of the ${directions[i][0]} sees only padding; use less padding or dilation`, { x: [x, "NHWC"] });
    }
  }
}

/** The shape after adaptive pooling into this many bins. */
export function binnedShape(op: string, x: Shape, bins: Bins): Shape {
  checkRank(op, "x", x, "NHWC");
  if (x[1] === 0 || x[2] === 0) throw new ShapeError(op, "x has no positions to pool", { x: [x, "NHWC"] });
  const size: Pair = [bins[0] ?? x[1]!, bins[1] ?? x[2]!];
  checkSizeProduct(op, x, size);
  return [x[0]!, ...size, x[3]!];
}
