import { OptionError } from "../runtime/errors.js";
import { sizeOf, type Shape } from "../runtime/shape.js";

/** How a parameter starts: a description, drawn when the module is put on a device. */
export type Init =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "uniform"; readonly low: number; readonly high: number }
  | { readonly kind: "normal"; readonly mean: number; readonly std: number }
  | { readonly kind: "values"; readonly values: readonly number[] };

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

/** U(−b, b) with b = 1/√fanIn: what PyTorch's convolutions start with (Kaiming uniform with a = √5), weight and bias. */
export const fanInUniform = (fanIn: number): Init => uniform(-1 / Math.sqrt(fanIn), 1 / Math.sqrt(fanIn));

/** N(0, 2/fan): He et al. 2015, for layers followed by ReLU. */
export const heNormal = (fan: number): Init => normal(0, Math.sqrt(2 / fan));

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
  let state = hash(`${seed}/${path}`);
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let z = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 8) / 2 ** 24;
  };
  if (init.kind === "uniform") for (let i = 0; i < size; i++) data[i] = init.low + (init.high - init.low) * next();
  else for (let i = 0; i < size; i++) data[i] = init.mean + init.std * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return data;
}
