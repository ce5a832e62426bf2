/** Graphs of f16 tensors: what is fused, placed and differentiated. Adapters without the feature skip it; test/ops/cast.test.ts has the refusals. */
import { beforeEach, describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { Parameter } from "../../src/graph/parameter.js";
import { constant as filledWith, uniform } from "../../src/graph/init.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { Module } from "../../src/layers/module.js";
import { batchNormTrain } from "../../src/ops/batch-norm2d.js";
import { cast } from "../../src/ops/cast.js";
import { concat } from "../../src/ops/concat.js";
import { conv2d } from "../../src/ops/conv2d.js";
import { crossEntropy } from "../../src/ops/cross-entropy.js";
import { gradients } from "../../src/ops/gradients.js";
import { add, full, mul, relu, sub } from "../../src/ops/pointwise.js";
import { valueAndGrad } from "../../src/ops/value-and-grad.js";
import type { Device } from "../../src/runtime/device.js";
import type { FloatDType } from "../../src/runtime/dtype.js";
import { float32ToHalf, halfToFloat32 } from "../../src/runtime/half.js";
import { testDevice } from "../support/device.js";
import { random } from "../support/random.js";

type Half = Tensor<"f16">;

const normal = (count: number, name: string): Float32Array => {
  const rng = random(name);
  return Float32Array.from({ length: count }, () => rng.normal());
};

/** The largest error as a fraction of the largest number. */
function error(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [worst, largest] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!));
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return worst / largest;
}

describe("f16 graphs", () => {
  let device: Device;
  beforeEach(async (context) => {
    device = await testDevice();
    if (!device.adapter.features.has("shader-f16")) context.skip("the adapter has no shader-f16");
  });

  test("compute a fused chain in f32: 2049 is no f16, yet 2049 − 2048 is 1", async () => {
    const chain = compile((x: Half) => sub(mul(x, 2049), 2048));
    using x = tensor(device, [1, -1, 0.5], undefined, { dtype: "f16" });
    using y = chain(x);
    expect([...halfToFloat32(await y.data())]).toEqual([1, -4096, -1023.5]);
    expect(chain.plan(x).lowered.calls.length).toBe(1);
    expect(chain.plan(x).describe()).toContain("x0[3]:f16");
    using apart = mul(x, 2049); // 2049 lies between 2048 and 2050: the even one
    expect([...halfToFloat32(await apart.data())]).toEqual([2048, -2048, 1024.5 - 0.5]);
    chain.dispose();
  });

  test("add bias and activation inside a convolution, as f32 graphs do", async () => {
    const values = { x: normal(2 * 9 * 7 * 8, "x"), w: normal(8 * 9 * 8, "w"), b: normal(8, "b") };
    const layer = compile(<D extends FloatDType>(x: Tensor<D>, w: Tensor<D>, b: Tensor<D>) => relu(add(conv2d(x, w, { padding: 1 }) as Tensor as Tensor<D>, b)));
    const make = (dtype: FloatDType) => [tensor(device, values.x, [2, 9, 7, 8], { dtype }), tensor(device, values.w, [8, 3, 3, 8], { dtype }), tensor(device, values.b, [8], { dtype })] as [Tensor<"f32">, Tensor<"f32">, Tensor<"f32">];
    const [half, single] = [make("f16"), make("f32")];
    const [a, b] = [layer(...half), layer(...single)];
    expect(a.dtype).toBe("f16");
    expect(error(halfToFloat32(await (a as Tensor as Half).data()), await b.data())).toBeLessThan(2e-3);
    expect(layer.plan(...half).graph.nodes.map(({ op }) => op.name)).toEqual(layer.plan(...single).graph.nodes.map(({ op }) => op.name));
    layer.dispose();
    for (const t of [...half, ...single, a, b]) t.dispose();
  });

  test("place odd parts of a concatenation where they belong", async () => {
    // 127 f16 end two bytes before an aligned offset: the second part cannot be written in place.
    for (const sizes of [[127, 5], [128, 3], [1, 1], [129, 127, 1]]) {
      const parts = sizes.map((n, i) => tensor(device, Float32Array.from({ length: n }, (_, k) => 1000 * i + k), undefined, { dtype: "f16" }));
      const join = compile((...xs: Half[]) => concat(xs.map((x) => add(x, 1)), { axis: 0 }));
      using out = join(...parts);
      expect([...halfToFloat32(await out.data())], sizes.join()).toEqual([...halfToFloat32(float32ToHalf(sizes.flatMap((n, i) => Array.from({ length: n }, (_, k) => 1000 * i + k + 1))))]);
      join.dispose();
      for (const part of parts) part.dispose();
    }
  });

  test("need half the memory", () => {
    const body = (x: Tensor<"f32">): Tensor => [1, 2, 3].reduce((y) => conv2d(y, full([8, 3, 3, 8], 0.1, x.dtype) as Tensor<"f32">, { padding: 1 }), x);
    const [single, half] = [compile(body), compile(body)];
    using x = tensor(device, new Float32Array(64 * 64 * 8), [1, 64, 64, 8]);
    using h = tensor(device, new Float32Array(64 * 64 * 8), [1, 64, 64, 8], { dtype: "f16" });
    const bound = (plan: { memory: { lowerBound: number } }): number => plan.memory.lowerBound;
    expect(bound(half.plan(h as Tensor as Tensor<"f32">))).toBeLessThan(0.8 * bound(single.plan(x)));
    single.dispose();
    half.dispose();
  });

  test("refuse dtypes that there are not", async () => {
    const device = await testDevice();
    expect(() => tensor(device, [1], [1], { dtype: "float16" as "f16" })).toThrow('tensor: dtype must be f32, f16, i32, u32, u8 but is "float16".');
  });

  test("accumulate gradients in their dtype, sum what was broadcast, and give zeros where nothing depends", async () => {
    const slopes = compile((x: Half, row: Half, other: Half, seed: Half) => gradients(add(mul(x, x), mul(x, row)), [x, row, other], seed));
    const at = { x: [1, 2, 3, 4, 5, 6], row: [10, 20, 30], seed: [1, 1, 1, 2, 2, 2] };
    const half = (values: number[], shape: number[]): Half => tensor(device, values, shape, { dtype: "f16" });
    const found = slopes(half(at.x, [2, 3]), half(at.row, [3]), half([7], [1]), half(at.seed, [2, 3]));
    expect(found.map((t) => t.dtype)).toEqual(["f16", "f16", "f16"]);
    const [dx, drow, dother] = await Promise.all(found.map(async (t) => [...halfToFloat32(await t.data() as Uint16Array)]));
    expect(dx).toEqual(at.x.map((x, i) => at.seed[i]! * (2 * x + at.row[i % 3]!)));
    expect(drow).toEqual([0, 1, 2].map((c) => at.x[c]! * 1 + at.x[c + 3]! * 2));
    expect(dother).toEqual([0]);
    const wrong = compile((x: Half, seed: Tensor<"f32">) => gradients(mul(x, x), [x], seed));
    expect(() => wrong(half([1], [1]), tensor(device, [1]))).toThrow('backward: the gradient of a value must have its dtype, f16, but is f32. Convert with cast(gradient, "f16").');
  });

  test("train: activations and their gradients in f16 beside parameters in f32", async () => {
    class Net extends Module {
      readonly first = new Parameter([8, 3, 3, 3], uniform(-0.3, 0.3));
      readonly scale = new Parameter([8], filledWith(1));
      readonly shift = new Parameter([8], filledWith(0.1));
      readonly last = new Parameter([4, 1, 1, 8], uniform(-0.5, 0.5));

      logits(x: Tensor, dtype: FloatDType): Tensor {
        const to = (t: Tensor | Parameter): Tensor<"f32"> => cast(t, dtype as "f32");
        const { out } = batchNormTrain(conv2d(to(x), to(this.first), { padding: 1 }), this.scale, this.shift);
        return conv2d(relu(out), to(this.last));
      }
    }
    using net = new Net().to(device);
    const step = (dtype: FloatDType) => compile((x: Tensor<"f32">, labels: Tensor<"u32">) => {
      const { value, grads } = valueAndGrad(net, () => crossEntropy(net.logits(x, dtype) as Tensor<"f32">, labels));
      return [value, ...grads.values()];
    });
    const rng = random("labels");
    using x = tensor(device, normal(2 * 13 * 11 * 3, "image"), [2, 13, 11, 3]);
    using labels = tensor(device, Uint32Array.from({ length: 2 * 13 * 11 }, () => rng.integer(4)), [2, 13, 11]);
    const [single, half] = [step("f32"), step("f16")];
    const [expected, found] = [single(x, labels), half(x, labels)];
    expect(found.map((t) => t.dtype)).toEqual(expected.map((t) => t.dtype));
    for (const [i, t] of expected.entries()) expect(error(await found[i]!.data() as Float32Array, await t.data() as Float32Array), `result ${i}`).toBeLessThan(i === 0 ? 2e-3 : 1e-2);
    // In small maps partial sums, in f32, would count for more than activations.
    using large = tensor(device, new Float32Array(2 * 64 * 64 * 3), [2, 64, 64, 3]);
    using classes = tensor(device, new Uint32Array(2 * 64 * 64), [2, 64, 64]);
    expect(half.plan(large, classes).memory.slabs).toBeLessThan(0.6 * single.plan(large, classes).memory.slabs);
    for (const t of [...expected, ...found]) t.dispose();
    single.dispose();
    half.dispose();
  });
});
