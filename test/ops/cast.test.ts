import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensorFromBuffer } from "../../src/graph/interop.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { cast } from "../../src/ops/cast.js";
import { constant } from "../../src/ops/constant.js";
import { gradients } from "../../src/ops/gradients.js";
import { mul } from "../../src/ops/pointwise.js";
import { fromHalf, halfToFloat32, toHalf } from "../../src/runtime/half.js";
import * as reference from "../reference/cast.js";
import { newDevice, testDevice } from "../support/device.js";
import { testOp } from "../support/test-op.js";

testOp("cast", ({ x }, { dtype }) => cast(x, dtype), reference.cast, [
  { x: { shape: [3, 5, 7], dtype: "u8" }, options: { dtype: "f32" } },
  { x: { shape: [13], dtype: "u8" }, options: { dtype: "u32" } },
  { x: { shape: [14], dtype: "u8" }, options: { dtype: "i32" } },
  { x: { shape: [15], dtype: "u32", high: 600 }, options: { dtype: "u8" } },
  { x: { shape: [1], dtype: "u32", high: 200 }, options: { dtype: "u8" } },
  { x: { shape: [9], dtype: "i32", low: -300, high: 600 }, options: { dtype: "u8" } },
  { x: { shape: [9], dtype: "i32", low: -300, high: 600 }, options: { dtype: "u32" } },
  { x: { shape: [9], dtype: "i32", low: -300, high: 600 }, options: { dtype: "f32" } },
  { x: { shape: [9], dtype: "u32", high: 4e9 }, options: { dtype: "i32" } },
  { x: { shape: [9], dtype: "u32", high: 4e9 }, options: { dtype: "f32" } },
  { x: { shape: [7], values: [-1.5, -0.5, 0.5, 1.9, 254.9, 256, NaN], gradient: false }, options: { dtype: "u8" } },
  { x: { shape: [5], values: [-1.5, -0.5, 1.9, -3e4, NaN], gradient: false }, options: { dtype: "i32" } },
  { x: { shape: [4], values: [-1.5, 0.5, 1.9, 3e4], gradient: false }, options: { dtype: "u32" } },
  { x: { shape: [6], dtype: "u8" }, options: { dtype: "u8" } },
  { x: [2, 3], options: { dtype: "f32" }, name: "f32 to f32 is the identity, and so is its gradient" },
]);

describe("cast", () => {
  test("says what is wrong with its arguments", async () => {
    const device = await testDevice();
    using x = tensor(device, [1, 2]);
    expect(() => cast(x, "f64" as "f32")).toThrow("cast: f64 is not one of f32, f16, i32, u32, u8.");
  });

  test("names the feature where the adapter has no f16, before anything runs", async () => {
    const device = await newDevice();
    Object.defineProperty(device.adapter, "features", { value: new Set() });
    const x = tensor(device, [1, 2]);
    const message = `f16 tensors need the WebGPU feature "shader-f16", which this adapter (${device.adapter.name}) does not have. Stay with f32 here.`;
    expect(() => cast(x, "f16")).toThrow(`cast: ${message}`);
    expect(() => compile((v: Tensor<"f32">) => cast(cast(v, "f16"), "f32"))(x)).toThrow(`cast: ${message}`);
    expect(() => tensor(device, [1, 2], undefined, { dtype: "f16" })).toThrow(`tensor: ${message}`);
    expect(() => tensorFromBuffer(device, device.createBuffer({ size: 16, usage: 4 }), [2], "f16")).toThrow(`tensorFromBuffer: ${message}`);
    const early = compile((v: Tensor<"f32">) => [constant([1], { dtype: "f16" }), v] as const);
    expect(() => early(x)).toThrow(`constant: ${message}`);
    await device.destroy();
  });

  test("keeps every f16 pattern on its way to f32 and back, and rounds to the nearest, ties to even", async (context) => {
    const device = await testDevice();
    if (!device.adapter.features.has("shader-f16")) return context.skip("the adapter has no shader-f16");
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
    using half = tensor(device, bits, undefined, { dtype: "f16" });
    using wide = cast(half, "f32");
    const numbers = await wide.data();
    expect(numbers.findIndex((v, i) => !Object.is(v, fromHalf(i)))).toBe(-1);
    using again = cast(wide, "f16");
    expect((await again.data()).findIndex((v, i) => v !== i && !Number.isNaN(fromHalf(i)))).toBe(-1);
    // Between two neighbours: the middle, and a little to either side; beyond the largest, and below the smallest.
    const between = Float32Array.from({ length: 3 * 0x7bff }, (_, i) => {
      const [low, high] = [fromHalf(Math.floor(i / 3)), fromHalf(Math.floor(i / 3) + 1)];
      return [-(low + high) / 2, low + 0.499 * (high - low), low + 0.501 * (high - low)][i % 3]!;
    });
    const values = [...between, 65519, 65520, -1e30, 2 ** -25, 2 ** -25 * 1.01, -(2 ** -40), 0, -0, Infinity, NaN];
    using rounded = cast(tensor(device, values), "f16");
    const expected = Float32Array.from(values, Math.fround);
    const found = await rounded.data();
    expect(found.findIndex((v, i) => v !== toHalf(expected[i]!))).toBe(-1);
  });

  test("turns f16 from and into whole numbers", async (context) => {
    const device = await testDevice();
    if (!device.adapter.features.has("shader-f16")) return context.skip("the adapter has no shader-f16");
    const half = tensor(device, [-3.7, 0.5, 255.5, 300, NaN, -Infinity, 2.9], undefined, { dtype: "f16" });
    expect([...await cast(half, "i32").data()]).toEqual([-3, 0, 255, 300, 0, -2147483648, 2]);
    expect([...await cast(half, "u8").data()]).toEqual([0, 0, 255, 255, 0, 0, 2]);
    const back = async (x: Tensor): Promise<number[]> => [...halfToFloat32(await cast(x, "f16").data())];
    expect(await back(tensor(device, Int32Array.of(-5, 2049, 70000)))).toEqual([-5, 2048, Infinity]);
    expect(await back(tensor(device, Uint32Array.of(7, 4294967295)))).toEqual([7, Infinity]);
    expect(await back(tensor(device, Uint8Array.of(1, 2, 255)))).toEqual([1, 2, 255]);
    expect(await cast(tensor(device, [1 / 3]), "f16").item()).toBe(fromHalf(toHalf(1 / 3)));
  });

  test("passes gradients between f32 and f16, in the dtype of x", async (context) => {
    const device = await testDevice();
    if (!device.adapter.features.has("shader-f16")) return context.skip("the adapter has no shader-f16");
    const slopes = compile((x: Tensor<"f32">, h: Tensor<"f16">, seed: Tensor<"f32">) => [
      ...gradients(mul(cast(x, "f16"), h), [x, h], cast(seed, "f16")),
      ...gradients(cast(h, "f32"), [h, x], seed),
    ]);
    const half = tensor(device, [2, 3, 4], undefined, { dtype: "f16" });
    const [dx, dh, direct, none] = slopes(tensor(device, [1, 5, 7]), half, tensor(device, [1, 10, 100]));
    expect([dx!.dtype, dh!.dtype, direct!.dtype, none!.dtype]).toEqual(["f32", "f16", "f16", "f32"]);
    expect([...await dx!.data()]).toEqual([2, 30, 400]);
    expect([...halfToFloat32(await dh!.data())]).toEqual([1, 50, 700]);
    expect([...halfToFloat32(await direct!.data())]).toEqual([1, 10, 100]);
    expect([...await none!.data()]).toEqual([0, 0, 0]);
  });
});
