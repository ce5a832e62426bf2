/** Sizes beyond one dispatch dimension, and beyond one binding: right, or refused by name before anything is submitted. */
import { afterAll, describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { defineOp, type Spec } from "../../src/graph/op.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { MAX_WORKGROUPS, type Shader } from "../../src/runtime/kernel.js";
import { Device } from "../../src/runtime/device.js";
import { ShapeError } from "../../src/runtime/errors.js";
import { argmax } from "../../src/ops/argmax.js";
import { broadcastTo } from "../../src/ops/broadcast-to.js";
import { concat } from "../../src/ops/concat.js";
import { add, mul } from "../../src/ops/pointwise.js";
import { slice } from "../../src/ops/slice.js";
import { sum } from "../../src/ops/sum.js";
import { transpose } from "../../src/ops/transpose.js";
import { newAdapter, testDevice } from "../support/device.js";

const shader: Shader = { name: "wide", code: "", entries: { main: { x: [1, "read"], out: [2, "read_write"] } }, params: {}, overrides: {}, consts: {} };

/** More threads than 65,535 workgroups of 64 have, of an odd number so that no kernel takes four at a time. */
const COUNT = MAX_WORKGROUPS * 64 + 4099;

describe("more than 65,535 workgroups", () => {
  // Whole numbers below 2²⁴ are exact in f32, and so are their sums modulo what is compared.
  const numbers = Float32Array.from({ length: COUNT }, (_, i) => i % 8191);
  const wrong = (found: Float32Array | Uint32Array, expected: (i: number) => number): number => {
    for (let i = 0; i < found.length; i++) if (found[i] !== expected(i)) return i;
    return -1;
  };

  test("pointwise operations and copies", async () => {
    const device = await testDevice();
    using x = tensor(device, numbers);
    using doubled = mul(x, 2);
    expect(wrong(await doubled.data(), (i) => 2 * numbers[i]!)).toBe(-1);
    using part = slice(x, { axis: 0, start: 1, length: COUNT - 3 });
    expect(wrong(await part.data(), (i) => numbers[i + 1]!)).toBe(-1);
    using rest = slice(x, { axis: 0, start: COUNT - 3, length: 3 });
    using joined = concat([rest, x], { axis: 0 });
    expect(wrong(await joined.data(), (i) => numbers[i < 3 ? COUNT - 3 + i : i - 3]!)).toBe(-1);
  });

  test("reductions, transposes and rows", async () => {
    const device = await testDevice();
    using ones = tensor(device, Uint32Array.from(numbers));
    using total = sum(ones);
    expect((await total.data())[0]).toBe(numbers.reduce((a, b) => a + b, 0) % 2 ** 32);
    const rows = MAX_WORKGROUPS * 64 + 65;
    using pairs = tensor(device, Float32Array.from({ length: 2 * rows }, (_, i) => (i % 2 === 0 ? 0 : (i % 3) - 1)), [rows, 2]);
    using turned = transpose(pairs);
    expect(wrong(await turned.data(), (i) => (i < rows ? 0 : ((2 * (i - rows) + 1) % 3) - 1))).toBe(-1);
    using larger = argmax(pairs);
    expect(wrong(await larger.data(), (i) => Number((2 * i + 1) % 3 === 2))).toBe(-1);
  });

  test("a grid that is not folded is refused by the name of the operator", async () => {
    const device = await testDevice();
    const wide = defineOp({
      name: "wide",
      shape: ({ x }: { x: Spec }): Spec => x,
      lower: (low, { x }, { out }) => low.run({ shader, entry: "main", bindings: { x, out }, params: {}, constants: {}, workgroups: [2, MAX_WORKGROUPS + 1, 1], flops: 0 }),
    });
    using x = tensor(device, [1, 2, 3]);
    const before = device.memory();
    expect(() => wide({ x }, {})).toThrow(new ShapeError("wide", "the work needs 2 × 65536 × 1 workgroups, and a dispatch has at most 65535 along each axis. Use a smaller batch or image", { x: [3], out: [3] }));
    expect(device.memory()).toEqual(before);
  });
});

describe("more than one binding holds", () => {
  let device: Device | undefined;
  afterAll(async () => device?.destroy());
  const MIB = 2 ** 20;

  test("is refused by name, with sizes and a remedy, when the plan is made", async () => {
    // The limits that WebGPU promises everywhere: 128 MiB a binding, 256 MiB a buffer.
    const gpu = await (await newAdapter()).requestDevice();
    device = Device.adopt(gpu);
    expect(device.adapter.limits.maxStorageBufferBindingSize).toBe(128 * MIB);
    const row = tensor(device, new Float32Array(1024));
    const column = tensor(device, new Float32Array(40 * 1024), [40 * 1024, 1]);
    const before = device.memory();
    const stretched = compile(function stretch(x: Tensor<"f32">) {
      return sum(broadcastTo(x, [40 * 1024, 1024]));
    });
    expect(() => stretched(row)).toThrow("stretch: broadcastTo [40960, 1024] needs 160.0 MiB, more than this adapter binds at once (128.0 MiB). Use a smaller batch or image.");
    expect(() => add(row, column)).toThrow("add: pointwise [40960, 1024] needs 160.0 MiB, more than this adapter binds at once (128.0 MiB). Use a smaller batch or image.");
    expect(() => tensor(device!, new Uint8Array(129 * MIB))).toThrow("tensor: needs 129.0 MiB, more than this adapter allows in one buffer (128.0 MiB). Use a smaller batch or image.");
    expect(device.memory()).toEqual(before);
    // The device is as it was.
    using doubled = mul(row, 2);
    expect((await doubled.data())[0]).toBe(0);
    await device.idle();
  });

  test("and what just fits works, in f16 with twice the elements", async (context) => {
    const shared = await testDevice();
    if (!shared.adapter.features.has("shader-f16")) return context.skip("the adapter has no shader-f16");
    const adapter = await newAdapter();
    await using small = Device.adopt(await adapter.requestDevice({ requiredFeatures: ["shader-f16"] }));
    using row = tensor(small, Float32Array.from({ length: 1024 }, (_, i) => i), undefined, { dtype: "f16" });
    const f = compile((x: Tensor<"f16">) => slice(broadcastTo(x, [64 * 1024, 1024]), { axis: 0, start: 64 * 1024 - 1, length: 1 }));
    using last = f(row);
    expect(await last.data()).toEqual(await row.data());
    expect(() => compile((x: Tensor<"f16">) => sum(broadcastTo(x, [64 * 1024 + 1, 1024])))(row)).toThrow("broadcastTo [65537, 1024] needs 128.0 MiB, more than this adapter binds at once (128.0 MiB)");
  });
});
