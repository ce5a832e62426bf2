import { describe, expect, test } from "vitest";
import { tensor } from "../../src/graph/tensor.js";
import { matmul } from "../../src/ops/matmul.js";
import * as reference from "../reference/matmul.js";
import { testDevice } from "../support/device.js";
import { testOp } from "../support/test-op.js";

testOp("matmul", ({ a, b }, o) => matmul(a, b, o), reference.matmul, [
  { a: [5, 7], b: [7, 3] },
  { a: [5, 7], b: [7, 8], name: "register blocks, with a rest of rows" },
  { a: [4, 6], b: [6, 12] },
  { a: [1, 9], b: [9, 4], name: "one row" },
  { a: [9, 1], b: [1, 5], name: "outer product" },
  { a: [3, 2, 5], b: [3, 5, 4], name: "batched" },
  { a: [2, 7, 3], b: [2, 3, 5] },
  { a: [7, 5], b: [7, 8], options: { transposeA: true } },
  { a: [5, 7], b: [8, 7], options: { transposeB: true } },
  { a: [6, 4], b: [3, 6], options: { transposeA: true, transposeB: true } },
  { a: [2, 5, 6], b: [2, 5, 4], options: { transposeA: true } },
  { a: [2, 6, 5], b: [2, 4, 5], options: { transposeB: true } },
  { a: [2, 5, 6], b: [2, 8, 5], options: { transposeA: true, transposeB: true } },
  { a: [33, 65], b: [65, 20], name: "larger" },
  { a: [2, 5, 7], b: [7, 3], name: "one matrix for a batch" },
  { a: [2, 3, 5, 7], b: [4, 7], options: { transposeB: true } },
  { a: [2, 7, 5], b: [7, 4], options: { transposeA: true }, name: "one matrix for a transposed batch" },
  { a: [5, 7], b: [3, 7, 4], name: "a matrix for a batch" },
  { a: [2, 1, 5, 3], b: [4, 3, 8], name: "batches that stretch by turns" },
  { a: [3, 1, 2, 4, 5], b: [2, 1, 5, 3] },
  { a: [2, 1, 3, 1, 2, 2], b: [1, 3, 1, 2, 2, 4], options: { transposeA: true }, name: "four batch axes" },
  { a: [7], b: [7], name: "vectors" },
  { a: [7], b: [7, 4] },
  { a: [2, 5, 7], b: [7] },
  { a: [5], b: [2, 3, 5, 4] },
  { a: [2, 3, 4, 5], b: [5] },
], { variants: ["clear", "direct", "direct:lanes"] });

describe("matmul", () => {
  test("says what is wrong with its arguments", async () => {
    const device = await testDevice();
    using a = tensor(device, new Float32Array(6), [2, 3]);
    using b = tensor(device, new Float32Array(8), [2, 4]);
    using three = tensor(device, new Float32Array(18), [3, 3, 2]);
    using vector = tensor(device, [1, 2]);
    using two = tensor(device, new Float32Array(12), [2, 2, 3]);
    using labels = tensor(device, new Uint32Array(6), [3, 2]);
    expect(() => matmul(a, b)).toThrow("matmul: a has 3 columns but b has 2 rows.\n  a  [2, 3]  mk\n  b  [2, 4]  kn");
    expect(() => matmul(a, b, { transposeB: true })).toThrow("matmul: a has 3 columns but b has 4 rows (transposed).\n  a  [2, 3]  mk\n  b  [2, 4]  nk");
    expect(() => matmul(two, three)).toThrow("matmul: the batch axes do not broadcast (they are aligned at the end; only 1 stretches).\n  a  [2, 2, 3]  bmk\n  b  [3, 3, 2]  bkn");
    expect(() => matmul(two, a, { transposeB: false })).toThrow("matmul: a has 3 columns but b has 2 rows.\n  a  [2, 2, 3]  bmk\n  b  [2, 3]     kn");
    expect(() => matmul(a, b, { transposeB: "no" } as object)).toThrow('matmul: transposeB must be true or false but is "no".');
    expect(() => matmul(a, vector)).toThrow("matmul: a has 3 columns but b has 2 rows.\n  a  [2, 3]  mk\n  b  [2]     k");
    expect(() => matmul(vector, a, { transposeA: true })).toThrow("matmul: a is a vector, which cannot be transposed.");
    expect(() => matmul(a, labels as never)).toThrow('matmul: b must be f16 or f32 but is u32. Convert with cast(b, "f32").');
    expect(() => matmul(a, undefined as never)).toThrow("matmul: b must be a tensor but is undefined. Make one with tensor(device, data, shape).");
  });

  test("of matrices large enough for copies of the factors", async () => {
    const device = await testDevice();
    const fill = (size: number): Float32Array => Float32Array.from({ length: size }, (_, i) => ((i * 37) % 101) / 50 - 1);
    using a = tensor(device, fill(46 * 60), [46, 60]);
    using b = tensor(device, fill(60 * 50), [60, 50]);
    using product = matmul(a, b);
    const array = (shape: number[]) => ({ shape, data: Float64Array.from(fill(shape[0]! * shape[1]!)) });
    const expected = reference.matmul({ a: array([46, 60]), b: array([60, 50]) }, {});
    (await product.data()).forEach((value, i) => expect(value).toBeCloseTo(expected.data[i]!, 4));
  });

  test("a sum of nothing is 0", async () => {
    const device = await testDevice();
    using a = tensor(device, new Float32Array(0), [2, 0]);
    using b = tensor(device, new Float32Array(0), [0, 4]);
    using product = matmul(a, b);
    expect([...(await product.data())]).toEqual(Array(8).fill(0));
  });
});
