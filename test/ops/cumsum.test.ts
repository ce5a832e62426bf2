import { describe, expect, test } from "vitest";
import { tensor } from "../../src/graph/tensor.js";
import { cumsum, type CumsumOptions } from "../../src/ops/cumsum.js";
import * as reference from "../reference/cumsum.js";
import { testDevice } from "../support/device.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("cumsum", ({ x }, o: CumsumOptions) => cumsum(x, o), reference.cumsum, [
  { x: [3, 7] },
  { x: [2, 700] },
  { x: [700, 3], options: { axis: 0, reverse: true } },
  { x: [2, 300, 4], options: { axis: 1, exclusive: true } },
  { x: [2, 3, 5, 4], options: { axis: -2, exclusive: true, reverse: true } },
  { x: [17_000], options: { exclusive: true }, name: "three levels of chunks" },
  { x: [17_001], options: { reverse: true } },
  { x: [257], options: { exclusive: true, reverse: true } },
  { x: [256] },
  { x: [5, 1] },
  { x: [1], options: { exclusive: true } },
  { x: [3, 0], name: "an empty axis" },
  { x: [0, 3], name: "no lines" },
  { x: { shape: [3, 500], dtype: "u32" } },
  { x: { shape: [500, 3], dtype: "i32", low: -99, high: 99 }, options: { axis: 0, exclusive: true, reverse: true } },
]);

testErrors("cumsum", [
  ["an axis that does not exist", { x: [2, 5] }, ({ x }) => cumsum(x!, { axis: 2 }), "cumsum: x has no axis 2: axes go from -2 to 1.\n  x  [2, 5]"],
  ["bytes", { x: { shape: [3], dtype: "u8" } }, ({ x }) => cumsum(x!), 'cumsum: x must be f32, f16, i32 or u32 but is u8. Convert with cast(x, "u32").'],
  ["an unknown option", { x: [3] }, ({ x }) => cumsum(x!, { dim: 0 } as never), 'cumsum: unknown option "dim". Options: axis, exclusive, reverse.'],
]);

describe("a long axis", () => {
  test("is summed up as precisely as in doubles", async () => {
    const device = await testDevice();
    const n = 262_144;
    const data = Float32Array.from({ length: n }, (_, i) => 1 + (i % 7) / 7);
    using x = tensor(device, data);
    using sums = cumsum(x);
    const found = await sums.data();
    let total = 0;
    let worst = 0;
    for (let i = 0; i < n; i++) worst = Math.max(worst, Math.abs(found[i]! - (total += data[i]!)) / total);
    expect(worst).toBeLessThan(5e-7);
  });
});
