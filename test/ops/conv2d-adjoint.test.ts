import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { conv2d } from "../../src/ops/conv2d.js";
import { convTranspose2d } from "../../src/ops/conv-transpose2d.js";
import { gradients } from "../../src/ops/gradients.js";
import { sides } from "../reference/conv2d.js";
import { testDevice } from "../support/device.js";
import { random } from "../support/random.js";
import { sampleCases } from "../support/tier.js";

interface Row {
  x: number[];
  weight: number[];
  stride?: [number, number];
  padding?: number | "same" | "same-tensorflow" | { top?: number; bottom?: number; left?: number; right?: number };
  dilation?: [number, number];
  groups?: number;
}

const rows: Row[] = [
  { x: [2, 9, 8, 3], weight: [4, 3, 3, 3], padding: 1 },
  { x: [1, 10, 13, 8], weight: [12, 3, 3, 8], stride: [2, 2], padding: 1 },
  { x: [1, 11, 9, 6], weight: [8, 2, 5, 3], stride: [3, 1], padding: { top: 1, left: 2, right: 4 }, groups: 2 },
  { x: [1, 12, 14, 4], weight: [8, 3, 3, 1], stride: [2, 3], dilation: [2, 1], padding: 2, groups: 4 },
  { x: [1, 16, 15, 5], weight: [7, 4, 2, 5], dilation: [1, 3], padding: "same" },
  { x: [2, 13, 10, 16], weight: [16, 5, 3, 8], stride: [2, 2], padding: "same-tensorflow", groups: 2 },
  { x: [1, 20, 21, 2], weight: [3, 11, 9, 2], stride: [4, 2], padding: 3 },
  { x: [1, 33, 31, 32], weight: [64, 3, 3, 32], stride: [2, 2], padding: 1 },
];

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => Array.from(a).reduce((sum, v, i) => sum + v * b[i]!, 0);
const norm = (a: ArrayLike<number>): number => Math.sqrt(dot(a, a));

describe("⟨conv(x), y⟩ = ⟨x, convᵀ(y)⟩", () => {
  test.each(sampleCases("adjointness", rows))("%j", async ({ x: xShape, weight: weightShape, stride = [1, 1], padding = 0, dilation = [1, 1], groups = 1 }) => {
    const device = await testDevice();
    const rng = random(JSON.stringify([xShape, weightShape]));
    const draw = (shape: readonly number[]): Tensor<"f32"> => tensor(device, Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => rng.normal()), shape);
    const [top, bottom, left, right] = sides(padding, xShape.slice(1, 3), weightShape.slice(1, 3), { stride, dilation });
    using x = draw(xShape);
    using weight = draw(weightShape);
    for (const variant of ["clear", "direct", "direct:lanes"]) {
      device.forceVariant(variant);
      try {
        const forward = compile((a: Tensor<"f32">, w: Tensor<"f32">) => conv2d(a, w, { stride, padding, dilation, groups }));
        using out = forward(x, weight) as Tensor<"f32">;
        using y = draw(out.shape);
        const backward = compile((b: Tensor<"f32">, w: Tensor<"f32">) => convTranspose2d(b, w, { stride, padding: { top, bottom, left, right }, dilation, groups, outputSize: [xShape[1]!, xShape[2]!] }));
        using back = backward(y, weight) as Tensor<"f32">;
        expect(back.shape).toEqual(xShape);
        const [a, b, c, d] = await Promise.all([out.data(), y.data(), x.data(), back.data()]);
        expect(Math.abs(dot(a, b) - dot(c, d))).toBeLessThan(1e-6 * norm(a) * norm(b));
        forward.dispose();
        backward.dispose();
      } finally {
        device.forceVariant(undefined);
      }
    }
  });
});

test("convolutions of more values than a grid's side has threads", async () => {
  const device = await testDevice();
  const [h, w] = [2049, 2053]; // 65,729 workgroups of 64
  const values = Float32Array.from({ length: h * w }, (_, i) => i % 251);
  using x = tensor(device, values, [1, h, w, 1]);
  using weight = tensor(device, [2], [1, 1, 1, 1]);
  for (const variant of ["clear", "direct", "direct:lanes"]) {
    device.forceVariant(variant);
    const plan = compile((a: Tensor<"f32">, k: Tensor<"f32">) => [conv2d(a, k), ...gradients(conv2d(a, k), [a], a)]);
    for (const out of plan(x, weight) as Tensor<"f32">[]) {
      const data = await out.data();
      expect(data.findIndex((v, i) => v !== 2 * values[i]!), variant).toBe(-1);
      out.dispose();
    }
    device.forceVariant(undefined);
    plan.dispose();
  }
});
