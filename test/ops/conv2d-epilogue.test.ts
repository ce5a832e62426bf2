import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { concat } from "../../src/ops/concat.js";
import { convTranspose2d } from "../../src/ops/conv-transpose2d.js";
import { conv2d } from "../../src/ops/conv2d.js";
import { add, relu } from "../../src/ops/pointwise.js";
import { convTranspose2d as transposedReference } from "../reference/conv-transpose2d.js";
import { conv2d as reference } from "../reference/conv2d.js";
import { map, sizeOf, zipWith, type NdArray } from "../reference/ndarray.js";
import { testDevice } from "../support/device.js";
import { random } from "../support/random.js";

// What a plan fuses into a convolution: bias, residual, ReLU, and storing into a slice of the channels of a concatenation.
interface Row {
  title: string;
  x: number[];
  weight: number[];
  options?: object;
  transposed?: boolean;
}

const rows: Row[] = [
  { title: "long rows", x: [2, 5, 19, 8], weight: [12, 3, 3, 8], options: { padding: 1 } },
  { title: "short rows", x: [2, 5, 3, 8], weight: [8, 3, 3, 8], options: { padding: 1 } },
  { title: "channels that fill no vec4", x: [1, 6, 17, 5], weight: [7, 3, 3, 5], options: { padding: 1 } },
  { title: "1×1", x: [2, 4, 6, 8], weight: [8, 1, 1, 8] },
  { title: "groups", x: [1, 6, 16, 8], weight: [8, 3, 3, 4], options: { padding: 1, groups: 2 } },
  { title: "depthwise", x: [1, 6, 5, 4], weight: [4, 3, 3, 1], options: { padding: 1, groups: 4 } },
  { title: "depthwise, channels that fill no vec4", x: [1, 4, 7, 6], weight: [6, 3, 3, 1], options: { padding: 1, groups: 6 } },
  { title: "stride 2", x: [1, 7, 9, 4], weight: [8, 3, 3, 4], options: { stride: 2, padding: 1 } },
  { title: "transposed, stride 2", x: [2, 3, 5, 8], weight: [8, 2, 2, 4], options: { stride: 2 }, transposed: true },
  { title: "transposed depthwise, stride 2", x: [1, 3, 6, 4], weight: [4, 3, 3, 1], options: { stride: 2, padding: 1, groups: 4 }, transposed: true },
  { title: "transposed, 3 channels", x: [1, 4, 5, 4], weight: [4, 3, 3, 3], options: { stride: 2, padding: 1 }, transposed: true },
];

describe("a convolution's epilogue", () => {
  test.each(rows)("$title", async ({ title, x: xShape, weight: weightShape, options = {}, transposed }) => {
    const device = await testDevice();
    const rng = random(title);
    const draw = (shape: number[]): NdArray => ({ shape, data: Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(rng.normal())) });
    const convolve = (x: Tensor, weight: Tensor, bias?: Tensor): Tensor => (transposed ? convTranspose2d : conv2d)(x, weight, { ...options, bias });
    const refer = (x: NdArray, weight: NdArray, bias?: NdArray): NdArray => (transposed ? transposedReference : reference)({ x, weight, bias }, options);

    const groups = (options as { groups?: number }).groups ?? 1;
    const [x, weight, bias] = [draw(xShape), draw(weightShape), draw([transposed ? weightShape[3]! * groups : weightShape[0]!])];
    const plain = refer(x, weight);
    const residual = draw(plain.shape);
    const positive = (a: NdArray): NdArray => map(a, (v) => Math.max(v, 0));
    const sum = zipWith((a, b) => a + b, refer(x, weight, bias), residual);
    const want = [positive(sum), sum, positive(refer(x, weight, bias)), plain];

    for (const variant of ["clear", "direct", "direct:lanes"]) {
      device.forceVariant(variant);
      const arguments_ = [x, weight, bias, residual].map(({ data, shape }) => tensor(device, Float32Array.from(data), shape));
      const fused = compile((x: Tensor, weight: Tensor, bias: Tensor, residual: Tensor) => [
        relu(add(convolve(x, weight, bias), residual)),
        add(residual, convolve(x, weight, bias)),
        concat([relu(convolve(x, weight, bias)), convolve(x, weight)], { axis: 3 }),
      ]);
      try {
        const results = fused(...(arguments_ as [Tensor, Tensor, Tensor, Tensor])) as Tensor[];
        const [first, second, joined] = (await Promise.all(results.map((t) => t.data()))) as [Float32Array, Float32Array, Float32Array];
        const channels = plain.shape[3]!;
        const part = (start: number): Float32Array => Float32Array.from({ length: plain.data.length }, (_, i) => joined[Math.floor(i / channels) * 2 * channels + start + (i % channels)]!);
        for (const [i, got] of [first, second, part(0), part(channels)].entries()) {
          const scale = want[i]!.data.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
          const error = want[i]!.data.reduce((worst, v, k) => Math.max(worst, Math.abs(v - got[k]!)), 0);
          expect(error / scale, `${variant}: result ${i}`).toBeLessThan(1e-5);
        }
        for (const t of results) t.dispose();
      } finally {
        device.forceVariant(undefined);
        for (const t of arguments_) t.dispose();
        fused.dispose();
      }
    }
  });

  test("keeps NaN through ReLU", async () => {
    const device = await testDevice();
    using x = tensor(device, Float32Array.from({ length: 32 }, (_, i) => (i === 5 ? NaN : -1)), [1, 1, 8, 4]);
    using weight = tensor(device, new Float32Array(16).fill(1), [4, 1, 1, 4]);
    for (const variant of ["clear", "direct", "direct:lanes"]) {
      device.forceVariant(variant);
      const fused = compile((x: Tensor, weight: Tensor) => relu(conv2d(x, weight)));
      using out = fused(x, weight) as Tensor;
      expect(Array.from(await out.data(), (v) => (Number.isNaN(v) ? 1 : v)), variant).toEqual(Array.from({ length: 32 }, (_, i) => (i >= 4 && i < 8 ? 1 : 0)));
      device.forceVariant(undefined);
      fused.dispose();
    }
  });
});
