import { Random } from "../src/data/random.js";
import { sizeOf, type Shape } from "../src/runtime/shape.js";
import type { Inputs } from "./spec.js";

/** The U-Net of the benchmarks: two 3×3 convolutions with bias and ReLU per level, four poolings, 2×2 transposed convolutions up, a 1×1 head. */
export const unetShape = { widths: [16, 32, 64, 128, 256], classes: 2, channels: 3 } as const;

/** Shapes of its parameters, in the order of its state dict. */
export function unetWeightShapes(): Shape[] {
  const { widths, classes, channels } = unetShape;
  const conv = (from: number, to: number, kernel = 3): Shape[] => [[to, kernel, kernel, from], [to]];
  const twice = (from: number, to: number): Shape[] => [...conv(from, to), ...conv(to, to)];
  const down = widths.flatMap((width, level) => twice(level === 0 ? channels : widths[level - 1]!, width));
  const up = [...widths.slice(0, -1).entries()].reverse().flatMap(([level, width]): Shape[] => [[widths[level + 1]!, 2, 2, width], [width], ...twice(2 * width, width)]);
  return [...down, ...up, ...conv(widths[0], classes, 1)];
}

/** A batch, and weights of the size that keeps activations about 1, for programs that have no model of ours to take them from. */
export function unetInputs(batch: number, size: number): Inputs {
  const random = new Random(batch, size);
  const fill = (shape: Shape, make: () => number) => ({ shape, data: Float32Array.from({ length: sizeOf(shape) }, make) });
  const pixels = [batch, size, size];
  return {
    image: fill([...pixels, unetShape.channels], () => random.bits() / 2 ** 32),
    labels: { shape: pixels, data: Uint32Array.from({ length: sizeOf(pixels) }, () => random.bits() % unetShape.classes) },
    ...Object.fromEntries(unetWeightShapes().map((shape, i) => {
      const bound = shape.length === 1 ? 0 : Math.sqrt(6 / sizeOf(shape.slice(1)));
      return [`w${i}`, fill(shape, () => bound * (random.bits() / 2 ** 31 - 1))];
    })),
  };
}
