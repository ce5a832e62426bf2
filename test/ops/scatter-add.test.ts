import { describe, expect, test } from "vitest";
import { tensor } from "../../src/graph/tensor.js";
import type { GatherOptions } from "../../src/ops/gather.js";
import { indexAdd, sumByIndex, type IndexOptions } from "../../src/ops/index-add.js";
import { scatterAdd } from "../../src/ops/scatter-add.js";
import * as reference from "../reference/gather.js";
import { testDevice } from "../support/device.js";
import { random } from "../support/random.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

const variants = ["clear", "sorted"];
const below = (classes: number, ...shape: number[]) => ({ shape, classes });
const signed = (values: number[], shape: number[]) => ({ shape, values, dtype: "i32" as const });
const whole = (dtype: "i32" | "u32", ...shape: number[]) => ({ shape, dtype, low: dtype === "i32" ? -99 : 0, high: 99 });

testOp("scatterAdd", ({ x, indices, source }, o: GatherOptions) => scatterAdd(x, indices, source, o), reference.scatterAdd, [
  { x: [3, 5], indices: below(5, 3, 4), source: [3, 4] },
  { x: [3, 5], indices: below(5, 3, 150), source: [3, 150] },
  { x: [7, 3], indices: below(7, 300, 3), source: [300, 3], options: { axis: 0 } },
  { x: [2, 9, 3, 2], indices: below(9, 2, 50, 3, 2), source: [2, 50, 3, 2], options: { axis: 1 } },
  { x: [4], indices: below(1, 9000), source: [9000], name: "all to one" },
  { x: [400], indices: below(400, 70), source: [70], name: "most get nothing" },
  { x: [1], indices: below(1, 1), source: [1] },
  { x: [3, 5], indices: [3, 0], source: [3, 0], name: "nothing to add" },
  { x: [2, 4], indices: signed([3, 0, -1, 3, 4, 1], [2, 3]), source: [2, 3], name: "indices that do not exist" },
  { x: whole("u32", 3, 5), indices: below(5, 3, 200), source: whole("u32", 3, 200) },
  { x: whole("i32", 9, 2), indices: below(9, 90, 2), source: whole("i32", 90, 2), options: { axis: 0 } },
], { integer: ["indices"], variants });

testOp("indexAdd", ({ x, indices, source }, o: IndexOptions) => indexAdd(x, indices, source, o), reference.indexAdd, [
  { x: [9, 5], indices: below(9, 12), source: [12, 5] },
  { x: [9, 8], indices: below(9, 500), source: [500, 8] },
  { x: [2, 9, 3, 4], indices: below(9, 80), source: [2, 80, 3, 4], options: { axis: 1 } },
  { x: [2, 3, 7], indices: below(7, 45), source: [2, 3, 45], options: { axis: -1 } },
  { x: [5, 3], indices: below(2, 9000), source: [9000, 3], name: "two rows take everything" },
  { x: [300, 2], indices: below(300, 100), source: [100, 2], name: "most rows get nothing" },
  { x: [4, 2], indices: signed([0, -1, 4, 3, 3, 100], [6]), source: [6, 2], name: "indices that do not exist" },
  { x: [4, 2], indices: [0], source: [0, 2], name: "nothing to add" },
  { x: whole("i32", 9, 4), indices: below(9, 100), source: whole("i32", 100, 4) },
  { x: [1, 1], indices: below(1, 64), source: [64, 1], name: "one block" },
], { integer: ["indices"], variants });

testErrors("scatterAdd", [
  ["sizes that differ", { x: [2, 5], indices: below(5, 1, 4), source: [1, 4] }, ({ x, indices, source }) => scatterAdd(x!, indices!, source!), "scatterAdd: indices must have the sizes of x except along axis 1.\n  x        [2, 5]\n  indices  [1, 4]"],
  ["a source of another shape", { x: [2, 5], indices: below(5, 2, 4), source: [2, 3] }, ({ x, indices, source }) => scatterAdd(x!, indices!, source!), "scatterAdd: indices and source must have the same shape.\n  indices  [2, 4]\n  source   [2, 3]"],
  ["a source of another dtype", { x: [5], indices: below(5, 4), source: below(5, 4) }, ({ x, indices, source }) => scatterAdd(x!, indices!, source!), 'scatterAdd: source must be f32 as x is, but is u32. Convert with cast(source, "f32").'],
  ["indices that are not whole", { x: [5], indices: [4], source: [4] }, ({ x, indices, source }) => scatterAdd(x!, indices!, source!), 'scatterAdd: indices must be i32 or u32 but is f32. Convert with cast(indices, "u32").'],
  ["too few indices", { x: [5, 2], indices: below(5, 3), source: [4, 2] }, ({ x, indices, source }) => indexAdd(x!, indices!, source!), "indexAdd: there must be one index per position of source along axis 0.\n  indices  [3]\n  source   [4, 2]"],
  ["rows of another length", { x: [5, 2], indices: below(5, 4), source: [4, 3] }, ({ x, indices, source }) => indexAdd(x!, indices!, source!), "indexAdd: source must have the sizes of x except along axis 0.\n  x       [5, 2]\n  source  [4, 3]"],
]);

describe("many rows", () => {
  test.each([["evenly", 1], ["most to one", 6]])("100 000 of them, spread %s, sum up as precisely as in doubles", async (_title, skew) => {
    const device = await testDevice();
    const rng = random("scatter-add");
    const [m, n, c] = [100_000, 3000, 3];
    const indices = Uint32Array.from({ length: m }, () => Math.floor(rng.uniform() ** skew * n * 1.01));
    const source = Float32Array.from({ length: m * c }, () => 1 + rng.uniform());
    const expected = new Float64Array(n * c);
    indices.forEach((d, k) => {
      if (d < n) for (let i = 0; i < c; i++) expected[d * c + i]! += source[k * c + i]!;
    });
    using index = tensor(device, indices);
    using rows = tensor(device, source, [m, c]);
    using sums = sumByIndex(index, rows, n);
    const found = await sums.data();
    const worst = expected.reduce((w, e, i) => Math.max(w, Math.abs(found[i]! - e) / Math.max(1, e)), 0);
    expect(worst).toBeLessThan(1e-6);
  });
});
