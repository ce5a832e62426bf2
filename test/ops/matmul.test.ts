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
]);

describe("matmul", () => {
  test("says what is wrong with its arguments", async () => {
    const device = await testDevice();
    using a = tensor(device, new Float32Array(6), [2, 3]);
    using b = tensor(device, new Float32Array(8), [2, 4]);
    using batch = tensor(device, new Float32Array(6), [1, 3, 2]);
    using two = tensor(device, new Float32Array(12), [2, 2, 3]);
    using labels = tensor(device, new Uint32Array(6), [3, 2]);
    expect(() => matmul(a, b)).toThrow("matmul: a has 3 columns but b has 2 rows.\n  a  [2, 3]  mk\n  b  [2, 4]  kn");
    expect(() => matmul(a, b, { transposeB: true })).toThrow("matmul: a has 3 columns but b has 4 rows (transposed).\n  a  [2, 3]  mk\n  b  [2, 4]  nk");
    expect(() => matmul(a, batch)).toThrow("matmul: a and b must both be matrices, or both be batches of matrices (3 axes).\n  a  [2, 3]     mk\n  b  [1, 3, 2]  bkn");
    expect(() => matmul(two, batch)).toThrow("matmul: the batches differ in size.\n  a  [2, 2, 3]  bmk\n  b  [1, 3, 2]  bkn");
    expect(() => matmul(a, labels as never)).toThrow('matmul: b must be f32 but is u32. Convert with cast(b, "f32").');
  });
});
