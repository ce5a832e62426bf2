import { OptionError } from "../runtime/errors.js";
import { sizeOf, type Shape } from "../runtime/shape.js";

/** How a parameter starts: a description, drawn when the module is put on a device. */
export type Init =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "uniform"; readonly low: number; readonly high: number }
  | { readonly kind: "normal"; readonly mean: number; readonly std: number }
  | { readonly kind: "truncated-normal"; readonly std: number }
  | { readonly kind: "values"; readonly values: readonly number[] }
  | { readonly kind: "bilinear" };

/** All elements 0. */
export const zeros: Init = { kind: "constant", value: 0 };
/** All elements 1. */
export const ones: Init = { kind: "constant", value: 1 };
/** All elements alike. */
export const constant = (value: number): Init => ({ kind: "constant", value });
/** Evenly distributed from low (included) to high. */
export const uniform = (low: number, high: number): Init => ({ kind: "uniform", low, high });
/** Normally distributed. */
export const normal = (mean: number, std: number): Init => ({ kind: "normal", mean, std });
/** N(0, std) without what lies beyond 2 std, which is drawn again (TensorFlow's `truncated_normal_initializer`; what is left has a deviation of 0.88 std). */
export const truncatedNormal = (std: number): Init => ({ kind: "truncated-normal", std });

/** U(−b, b) with b = 1/√fanIn: what PyTorch's convolutions start with (Kaiming uniform with a = √5), weight and bias. */
export const fanInUniform = (fanIn: number): Init => uniform(-1 / Math.sqrt(fanIn), 1 / Math.sqrt(fanIn));

/** N(0, 2/fan): He et al. 2015, for layers followed by ReLU. */
export const heNormal = (fan: number): Init => normal(0, Math.sqrt(2 / fan));
/** U(−b, b) with b = √(6/fan): the uniform distribution of the same variance. */
export const heUniform = (fan: number): Init => uniform(-Math.sqrt(6 / fan), Math.sqrt(6 / fan));
/** U(−b, b) with b = √(6/(fanIn + fanOut)): Glorot & Bengio 2010 ("Xavier"). */
export const glorotUniform = (fanIn: number, fanOut: number): Init => uniform(-Math.sqrt(6 / (fanIn + fanOut)), Math.sqrt(6 / (fanIn + fanOut)));

/**
 * A transposed convolution [in, k, k, out / groups] that interpolates each channel between its pixels, by a factor of half its size: (1 − |y − c| / f) ·
 * (1 − |x − c| / f) with f = ⌈k / 2⌉ and c = f − 1 (odd k) or f − 1/2, from a channel to its own and 0 elsewhere (Long et al. 2015).
 */
export const bilinear: Init = { kind: "bilinear" };

/** 32 well-mixed bits of a text (FNV-1a and a final avalanche), so that every parameter draws its own numbers. */
export function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Draws a parameter's first value. The numbers depend on the seed and the parameter's path alone, so other layers never reshuffle them. */
export function draw(init: Init, shape: Shape, seed: number, path: string): Float32Array {
  const size = sizeOf(shape);
  const data = new Float32Array(size);
  if (init.kind === "constant") return data.fill(init.value);
  if (init.kind === "values") {
    if (init.values.length !== size) throw new OptionError(`${path}: ${init.values.length} initial values were given for ${size} elements.`);
    data.set(init.values);
    return data;
  }
  if (init.kind === "bilinear") return drawBilinear(data, shape, path);
  let state = hash(`${seed}/${path}`);
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let z = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 8) / 2 ** 24;
  };
  const gaussian = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  if (init.kind === "uniform") for (let i = 0; i < size; i++) data[i] = init.low + (init.high - init.low) * next();
  else if (init.kind === "normal") for (let i = 0; i < size; i++) data[i] = init.mean + init.std * gaussian();
  else
    for (let i = 0; i < size; i++) {
      let z = gaussian();
      while (Math.abs(z) > 2) z = gaussian();
      data[i] = init.std * z;
    }
  return data;
}

function drawBilinear(data: Float32Array, shape: Shape, path: string): Float32Array {
  const [from, height, width, to] = shape as [number, number, number, number];
  if (shape.length !== 4 || (to !== 1 && to !== from)) throw new OptionError(`${path}: a bilinear kernel takes a transposed convolution to as many channels as it has, but the shape is [${shape.join(", ")}].`);
  const triangle = (size: number, at: number): number => {
    const factor = Math.ceil(size / 2);
    return 1 - Math.abs(at - (size % 2 === 1 ? factor - 1 : factor - 0.5)) / factor;
  };
  for (let i = 0; i < from; i++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) data[((i * height + y) * width + x) * to + (i % to)] = triangle(height, y) * triangle(width, x);
  return data;
}
