// Which kernels are chosen where scratch would be larger than the adapter binds at once, though no tensor is.
import { expect, test } from "vitest";
import { lowerConv2d, lowerConv2dInputGradient } from "../../src/kernels/conv2d.js";
import type { Lowering, Operand } from "../../src/kernels/lowering.js";

const map = (...shape: number[]): Operand => ({ shape, dtype: "f32" });
const geometry = { stride: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1, activation: "none" } as const;
const options = { ...geometry, stride: [...geometry.stride], padding: [...geometry.padding], dilation: [...geometry.dilation] } as Parameters<typeof lowerConv2d>[3];

/** The kernels that `lower` runs on an adapter that binds this many f32 at once. */
function kernels(values: number, lower: (low: Lowering) => void): string[] {
  const ran: string[] = [];
  const limits = { maxComputeInvocationsPerWorkgroup: 256, maxComputeWorkgroupStorageSize: 16384, maxStorageBufferBindingSize: 4 * values };
  lower({
    adapter: { software: true, features: new Set(), limits },
    temp: (shape, dtype = "f32") => {
      expect(shape.reduce((a, b) => a * b, 1)).toBeLessThanOrEqual(values);
      return { shape, dtype };
    },
    run: ({ shader, entry }) => ran.push(`${shader.name} ${entry}`),
  });
  return ran;
}

const head = (low: Lowering): void => lowerConv2d(low, { x: map(1, 32, 32, 1), weight: map(1, 3, 3, 1) }, { out: map(1, 32, 32, 1) }, options);

test("one channel is filled up to four where that fits, and is else left to the clear kernel", () => {
  expect(kernels(4096, head)).toEqual(["conv2d-pack pack", "conv2d-columns spread", "conv2d-columns forward", "conv2d-pack rechannel"]);
  expect(kernels(4095, head)).toEqual(["conv2d forward"]);
  const gradient = (low: Lowering): void => lowerConv2dInputGradient(low, { grad: map(1, 16, 16, 4), weight: map(4, 3, 3, 1) }, { out: map(1, 32, 32, 1) }, { ...options, stride: [2, 2] });
  expect(kernels(4095, gradient)).toEqual(["conv2d input_gradient"]);
});

test("columns are spread where they fit", () => {
  const wide = (low: Lowering): void => lowerConv2d(low, { x: map(1, 32, 32, 8), weight: map(4, 3, 3, 8) }, { out: map(1, 32, 32, 4) }, options);
  expect(kernels(32 * 8 * 36, wide)).toEqual(["conv2d-pack pack", "conv2d-columns spread4", "conv2d-columns forward"]);
  expect(kernels(32 * 8 * 36 - 1, wide)).toEqual(["conv2d-pack pack", "conv2d-direct forward"]);
});
